import QtQuick
import Kiosk
import "../controls"

// One question, two answers; doing nothing keeps charging.
Page {
    title: Station.ask.title

    Facts {
        model: Station.asked
    }

    Button {
        y: 208
        width: 632
        height: 160
        icon: "bolt"
        text: qsTr("Keep charging")
        onClicked: Station.tap("keep")
    }

    Button {
        x: 648
        y: 208
        width: 632
        height: 160
        kind: "strong"
        icon: "stop"
        text: qsTr("Stop now")
        onClicked: Station.tap("confirm_stop")
    }

    FitLabel {
        y: 376
        width: Theme.contentW
        height: 64
        role: "note"
        color: Theme.inkSoft
        text: qsTr("The plug unlocks a few seconds after charging has stopped.")
    }

    Dial {
        id: dial

        visible: Station.ask.counting
        y: 440
        size: 96
        total: Station.ask.total
        remaining: Station.ask.remaining
    }

    FitLabel {
        visible: dial.visible
        x: 128
        y: 440
        width: Theme.contentW - 128
        height: 96
        role: "body"
        color: Theme.inkSoft
        text: qsTr("Charging goes on if you do nothing.")
    }
}
