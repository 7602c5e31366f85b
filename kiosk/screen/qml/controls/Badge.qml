import QtQuick
import Kiosk

// Connector number; the same numeral is on the holder.
Rectangle {
    id: badge

    property string number
    property bool live: true

    width: 72
    height: 72
    radius: 36
    color: live ? Theme.ink : "transparent"
    border.width: live ? 0 : Theme.edgeStrong
    border.color: Theme.inkSoft

    Value {
        anchors.centerIn: parent
        number: badge.number
        size: 48
        color: badge.live ? Theme.page : Theme.inkSoft
    }
}
