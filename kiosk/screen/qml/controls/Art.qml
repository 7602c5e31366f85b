import QtQuick
import Kiosk

// One of our drawings in the colours of the palette.
Image {
    property string name
    property color ink: Theme.ink
    property color surface: Theme.surface
    property color accent: Theme.accent
    property color soft: Theme.accentSoft
    property int turn: 0

    sourceSize: Qt.size(width, height)
    source: name && width > 0 ? "image://art/" + name + "?ink=" + encodeURIComponent(ink) + "&surface=" + encodeURIComponent(surface) + "&accent=" + encodeURIComponent(accent) + "&soft=" + encodeURIComponent(soft) + "&turn=" + turn : ""
}
