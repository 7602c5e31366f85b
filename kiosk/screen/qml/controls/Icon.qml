import QtQuick
import Kiosk

// One of our icons in one colour. Carries meaning only beside a word.
Image {
    property string name
    property color color: Theme.ink
    property int size: 48
    property real stroke: 4

    width: size
    height: size
    sourceSize: Qt.size(size, size)
    source: name ? "image://art/" + name + "?ink=" + encodeURIComponent(color) + "&stroke=" + stroke : ""
}
