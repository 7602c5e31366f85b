import QtQuick
import Kiosk

// One line of the readings: a label and its value, set smaller together where they need the room.
Item {
    id: reading

    property string label
    property string text

    Rectangle {
        width: parent.width
        height: 2
        color: Theme.hairline
    }

    FitLabel {
        y: 2
        width: reading.width - value.width - 12
        height: reading.height - 4
        role: "body"
        text: reading.label
        color: Theme.inkSoft
    }

    Label {
        id: value

        anchors.right: parent.right
        height: reading.height
        strong: true
        tabular: true
        wrapMode: Text.NoWrap
        text: reading.text
    }
}
