import QtQuick
import Kiosk
import "../controls"

// Stop was asked for and is not allowed here.
Page {
    Panel {
        color: Theme.faultSoft
        icon: "refuse"
        ink: Theme.fault
    }

    Story {
        x: 464
        y: -80
        connector: Station.ask.hasConnector
        title: Station.ask.title
        titleColor: Theme.fault
        why: Station.ask.why
        advice: Station.ask.advice
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
