import QtQuick
import Kiosk

// Where to call; nothing without a number.
Row {
    id: hotline

    visible: Station.hotline.length > 0
    height: Theme.action
    spacing: 24

    Icon {
        anchors.verticalCenter: parent.verticalCenter
        name: "phone"
    }

    Column {
        anchors.verticalCenter: parent.verticalCenter

        Label {
            role: "note"
            text: qsTr("Hotline")
            color: Theme.inkSoft
        }

        Label {
            text: Station.hotline
            strong: true
        }
    }
}
