import QtQuick
import Kiosk
import "../controls"

// The steps before energy flows, in the order in which the station takes them.
Page {
    title: qsTr("Getting ready to charge")

    Column {
        width: 848
        spacing: 8

        Repeater {
            model: Station.steps

            StepRow {
                required property var model

                text: model.text
                step: model.state
            }
        }
    }

    Rectangle {
        x: 864
        width: 416
        height: 416
        radius: Theme.radius
        color: Theme.surface

        Heading {
            x: 32
            y: 24
            width: 368
            text: Station.focus.kind
            role: "title"
        }

        Value {
            x: 32
            y: 100
            number: Station.ask.elapsed
        }

        FitLabel {
            x: 32
            y: 200
            width: 352
            height: 130
            role: "body"
            text: qsTr("This usually takes less than one minute.")
        }

        FitLabel {
            x: 32
            y: 332
            width: 352
            height: 72
            role: "note"
            color: Theme.inkSoft
            text: qsTr("Please leave the plug in the car.")
        }
    }

    leftAction: Button {
        icon: "close"
        text: qsTr("Cancel")
        onClicked: Station.tap("cancel")
    }
    rightAction: Button {
        visible: Station.several
        icon: "grid"
        text: qsTr("All connectors")
        onClicked: Station.tap("overview")
    }
}
