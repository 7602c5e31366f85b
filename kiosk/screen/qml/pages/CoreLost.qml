import QtQuick
import Kiosk
import "../controls"

// The screen has no contact with the station core. No values, and back by itself.
Page {
    Panel {
        color: Theme.cautionSoft
        icon: "nolink"
        ink: Theme.caution
    }

    Story {
        x: 464
        y: -80
        title: Station.ask.title
        why: Station.ask.why
        advice: Station.ask.advice
        adviceIcon: "bolt"
        adviceStrong: false
    }

    leftAction: Wave {
        anchors.verticalCenter: parent?.verticalCenter
    }
    hint: qsTr("Trying again …")
    hintStrong: true
    rightAction: Hotline {}
}
