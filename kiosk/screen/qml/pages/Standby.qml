pragma ComponentBehavior: Bound

import QtQuick
import Kiosk
import "../controls"

import ".."

// Slides from edge to edge; the bar floats; running sessions and the call to touch stand at the foot.
Item {
    id: standby

    readonly property bool several: sessions.count > 1

    width: Theme.screenW
    height: Theme.screenH

    Rectangle {
        anchors.fill: parent
        color: Theme.page
    }

    SlideShow {
        anchors.fill: parent
        fadeMs: Theme.tSlide
    }

    Touch {
        anchors.fill: parent
        name: Station.call
        onClicked: Station.tap("begin")
    }

    TopBar {
        floating: true
    }

    Repeater {
        id: sessions

        model: Station.sessions

        SessionCard {
            required property int index
            required property var model

            x: Theme.marginX + index * 432
            y: standby.several ? 512 : 576
            width: standby.several ? 416 : 848
            connectorId: model.connectorId
            number: model.number
            number1: model.number1
            unit1: model.unit1
            number2: model.number2
            unit2: model.unit2
            strong: model.strong
            note: model.note
            name: model.name
            onClicked: Station.tap("select", connectorId)
        }
    }

    Button {
        x: Theme.marginX + Theme.contentW - width
        y: sessions.count === 3 ? 336 : 576
        width: 416
        height: 160
        kind: "primary"
        small: true
        border.width: 4
        border.color: Theme.page
        icon: "touch"
        text: Station.call
        onClicked: Station.tap("begin")
    }
}
