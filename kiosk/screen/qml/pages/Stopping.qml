import QtQuick
import Kiosk
import "../controls"

// The current goes down, then the plug is released.
Page {
    title: qsTr("Charging is being stopped")
    titleX: 96

    Badge {
        y: -88
        number: Station.focus.number
    }

    Facts {
        model: Station.result
    }

    Rectangle {
        y: 200
        width: Theme.contentW
        height: 216
        radius: Theme.radius
        color: Theme.accentSoft

        Wave {
            x: 48
            anchors.verticalCenter: parent.verticalCenter
        }

        FitLabel {
            x: 168
            y: 16
            width: 1080
            height: 184
            text: qsTr("Please wait until the plug is unlocked.")
        }
    }

    leftAction: Button {
        visible: Station.several
        icon: "grid"
        text: qsTr("All connectors")
        onClicked: Station.tap("overview")
    }
}
