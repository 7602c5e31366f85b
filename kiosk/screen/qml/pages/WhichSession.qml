import QtQuick
import Kiosk
import "../controls"

// One card, several running sessions: which one is to stop?
Page {
    title: qsTr("Which session do you want to stop?")

    ConnectorCards {
        model: Station.choices
    }

    leftAction: Button {
        icon: "bolt"
        text: qsTr("Keep charging")
        onClicked: Station.tap("done")
    }
    hint: Station.ask.backIn
    hintIcon: "clock"
}
