import QtQuick
import Kiosk
import "../controls"

// A start was refused: why, and what can be done.
Page {
    CardArt {
        x: -Theme.marginX
        refused: true
    }

    Column {
        x: 648
        width: 632
        spacing: 24
        y: Math.max(-88, (Theme.bodyH - height) / 2)

        Icon {
            name: "refuse"
            color: Theme.fault
            size: 72
        }

        FitLabel {
            width: parent.width
            height: Math.max(56, contentHeight)
            probeHeight: 160
            text: Station.ask.title
            color: Theme.fault
        }

        Label {
            width: parent.width
            text: Station.ask.why
        }

        Notice {
            width: parent.width
            icon: "right"
            text: Station.ask.advice
        }
    }

    leftAction: Button {
        icon: "left"
        text: qsTr("Back")
        onClicked: Station.tap("back")
    }
    hint: Station.ask.backIn
    hintIcon: "clock"
    rightAction: Hotline {}
}
