import QtQuick
import Kiosk
import "../controls"

// A start was refused: why, and what can be done.
Page {
    CardArt {
        x: -Theme.marginX
        refused: true
    }

    Rectangle {
        x: 462
        y: 4
        width: 112
        height: 112
        radius: 56
        color: Theme.faultSoft

        Icon {
            anchors.centerIn: parent
            name: "refuse"
            color: Theme.fault
            size: 72
        }
    }

    Column {
        x: 648
        width: 632
        spacing: 24
        y: Math.min(Theme.bodyH - height, Math.max(-88, (Theme.bodyH - height) / 2))

        FitLabel {
            id: title

            width: parent.width
            height: Math.max(56, contentHeight)
            probeHeight: 172
            text: Station.ask.title
            color: Theme.fault
        }

        Label {
            id: why

            width: parent.width
            tight: true
            text: Station.ask.why
        }

        Notice {
            width: parent.width
            icon: "right"
            text: Station.ask.advice
            maxHeight: 504 - title.height - why.height - 2 * parent.spacing
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
