import QtQuick
import Kiosk
import "../controls"

// Hold the card to the reader, wherever it is built in.
Page {
    id: page

    readonly property string side: Station.ask.readerPosition
    readonly property bool artRight: side === "right" || side === "below"

    CardArt {
        x: page.side === "left" ? -Theme.marginX : page.side === "right" ? Theme.contentW + Theme.marginX - width : page.side === "above" ? 64 : Theme.contentW - width - 64
        y: page.side === "above" ? -96 : page.side === "below" ? 72 : 0
        side: page.side
    }

    Column {
        x: page.artRight ? 0 : 648
        width: 632
        spacing: 16
        y: Math.min(Theme.bodyH - height, Math.max(-88, (Theme.bodyH - height) / 2))

        Heading {
            width: parent.width
            visible: Station.ask.hasConnector
        }

        FitLabel {
            width: parent.width
            height: Math.max(56, contentHeight)
            probeHeight: 172
            text: qsTr("Hold your card to the reader")
        }

        Label {
            width: parent.width
            // the arrow says it too; with a price and the trouble beside it there is no room for both
            visible: Station.ask.offline.length === 0 || Station.ask.tariff.length === 0
            tight: true
            text: Station.ask.readerText
        }

        FitLabel {
            width: parent.width
            visible: text.length > 0
            height: contentHeight
            probeHeight: Station.ask.offline ? 88 : 168
            role: "body"
            strong: true
            text: Station.ask.tariff
        }

        Notice {
            width: parent.width
            visible: text.length > 0
            tone: "caution"
            icon: "nolink"
            text: Station.ask.offline
            maxHeight: 176
        }
    }

    leftAction: Button {
        icon: "left"
        text: qsTr("Back")
        onClicked: Station.tap("back")
    }
    hint: Station.ask.backIn
    hintIcon: "clock"
}
