import QtQuick
import Kiosk
import "../controls"

// The card that started charging ends it.
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
        spacing: 24
        y: Math.min(Theme.bodyH - height, Math.max(-88, (Theme.bodyH - height) / 2))

        Heading {
            width: parent.width
        }

        FitLabel {
            width: parent.width
            height: Math.max(56, contentHeight)
            probeHeight: 172
            text: qsTr("To stop, hold the same card to the reader")
        }

        Label {
            width: parent.width
            text: Station.ask.readerText
        }

        Row {
            visible: Station.ask.counting
            spacing: 24

            Dial {
                size: 96
                total: Station.ask.total
                remaining: Station.ask.remaining
            }

            FitLabel {
                width: 512
                height: 96
                role: "body"
                color: Theme.inkSoft
                text: qsTr("Charging goes on if you do nothing.")
            }
        }
    }

    leftAction: Button {
        icon: "bolt"
        text: qsTr("Keep charging")
        onClicked: Station.tap("keep")
    }
}
