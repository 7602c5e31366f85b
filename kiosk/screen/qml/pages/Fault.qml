import QtQuick
import Kiosk
import "../controls"

// A connector failed: its code, what it means, what to do.
Page {
    Rectangle {
        y: -80
        width: 416
        height: 496
        radius: Theme.radius
        color: Theme.faultSoft

        Icon {
            x: 32
            y: 40
            name: "warn"
            color: Theme.fault
            size: 96
        }

        Value {
            visible: number.length > 0
            x: 32
            y: 176
            number: Station.ask.codeNumber
            size: number.length > 2 ? 96 : Theme.hero
            tabular: false
            color: Theme.fault
        }

        FitLabel {
            visible: Station.ask.codeNumber.length > 0
            x: 32
            y: 392
            width: 352
            height: 88
            role: "body"
            text: qsTr("Error code")
        }
    }

    Story {
        x: 464
        y: -80
        space: 16
        connector: true
        title: Station.ask.title
        why: Station.ask.why
        advice: Station.ask.advice
    }

    leftAction: Button {
        icon: "left"
        text: qsTr("To the start")
        onClicked: Station.tap("done")
    }
    rightAction: Hotline {}
}
