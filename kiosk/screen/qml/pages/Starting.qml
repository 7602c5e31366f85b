import QtQuick
import Kiosk
import "../controls"

// The core has not answered yet.
Page {
    Panel {
        color: Theme.accentSoft
        icon: "station"
        ink: Theme.accent
    }

    Story {
        x: 464
        y: -80
        title: qsTr("The station is starting")
        why: qsTr("Please wait a moment.")
    }

    leftAction: Wave {
        anchors.verticalCenter: parent?.verticalCenter
    }
}
