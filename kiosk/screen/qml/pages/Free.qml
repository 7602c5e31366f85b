import QtQuick
import Kiosk
import "../controls"

// Kiosk mode: no card, start here.
Page {
    title: Station.ask.title

    Rectangle {
        width: 416
        height: 416
        radius: Theme.radius
        color: Theme.surface

        Heading {
            x: 32
            y: 32
            width: 368
            text: Station.focus.kind
            role: "title"
        }

        Art {
            x: 256
            y: 224
            width: 128
            height: 160
            name: "face-" + Station.focus.art
        }

        Label {
            x: 32
            y: 248
            width: 208
            role: "note"
            text: qsTr("up to")
            color: Theme.inkSoft
        }

        Value {
            x: 32
            y: 288
            unitSize: 34
            tabular: false
            number: Station.focus.powerUpTo
            unit: Station.focus.powerUnit
        }
    }

    Column {
        x: 464
        width: 816
        spacing: 8

        Repeater {
            model: [
                { "icon": "touch", "text": qsTr("Start here on the screen.") },
                { "icon": "plug", "text": qsTr("Plug the connector into your car.") },
                { "icon": "bolt", "text": qsTr("Charging begins by itself.") }
            ]

            Row {
                id: line

                required property var modelData

                spacing: 24
                height: 84

                Icon {
                    anchors.verticalCenter: parent.verticalCenter
                    name: line.modelData.icon
                    color: Theme.accent
                }

                FitLabel {
                    width: 744
                    height: 84
                    role: "body"
                    text: line.modelData.text
                }
            }
        }
    }

    Button {
        x: 464
        y: 288
        width: 816
        height: 128
        kind: "primary"
        icon: "bolt"
        iconRight: "right"
        text: Station.ask.startText
        onClicked: Station.tap("start", 0)
    }

    leftAction: Button {
        icon: "left"
        text: qsTr("Back")
        onClicked: Station.tap("back")
    }
    hint: Station.ask.tariff ? Station.ask.tariff : Station.ask.backIn
    hintStrong: Station.ask.tariff.length > 0
    hintIcon: Station.ask.tariff ? "" : "clock"
}
