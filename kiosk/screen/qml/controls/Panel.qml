import QtQuick
import Kiosk

// The tall panel at the left of a screen that says one thing.
Rectangle {
    id: panel

    property string icon
    property color ink: Theme.ink

    y: -80
    width: 416
    height: 496
    radius: Theme.radius
    color: Theme.sunk

    Icon {
        anchors.centerIn: parent
        visible: panel.icon.length > 0
        name: panel.icon
        color: panel.ink
        size: 224
        stroke: 3
    }
}
