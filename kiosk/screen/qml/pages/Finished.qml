import QtQuick
import Kiosk
import "../controls"

// What was charged, and what to do with the cable.
Page {
    title: qsTr("Charging finished")
    titleX: 96

    Icon {
        y: -88
        name: "checkCircle"
        color: Theme.accent
        size: 72
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
        clip: true

        Badge {
            x: 32
            y: 72
            number: Station.focus.number
        }

        FitLabel {
            x: 136
            y: reason.visible ? 2 : 8
            width: 680
            height: reason.visible ? 120 : 200
            text: Station.focus.plugged ? qsTr("Unplug the cable and hang it back") : qsTr("Thank you. Have a safe trip.")
            verticalAlignment: reason.visible ? Text.AlignBottom : Text.AlignVCenter
        }

        FitLabel {
            id: reason

            visible: Station.focus.endReason.length > 0
            x: 136
            y: 122
            width: 680
            height: 90
            role: "body"
            text: Station.focus.endReason
        }

        PlugArt {
            x: 812
            y: -90
            zoom: 0.75
            clip: false
            kind: Station.focus.art
            away: true
        }
    }

    hint: Station.focus.hasCost ? qsTr("Cost") + ": " + Station.focus.cost : Station.ask.backIn
    hintStrong: Station.focus.hasCost
    hintIcon: Station.focus.hasCost ? "" : "clock"
    rightAction: Button {
        kind: "primary"
        icon: "check"
        text: qsTr("Done")
        onClicked: Station.tap("done")
    }
}
