pragma ComponentBehavior: Bound

import QtQuick
import Kiosk

// A text in a box of given size: the largest role from `role` downward in which it fits whole.
Item {
    id: fit

    property string text
    property string role: "title"
    property bool strong: false
    property color color: Theme.ink
    property bool centred: false
    property real probeHeight: height // what the text may need; the box may then shrink to what it does need
    property int verticalAlignment: Text.AlignVCenter
    readonly property string chosen: role === "title" && title.fits ? "title" : role !== "note" && body.fits ? "body" : "note"
    readonly property alias contentHeight: shown.contentHeight

    component Probe: Label {
        readonly property bool fits: contentHeight <= fit.probeHeight && contentWidth <= fit.width

        visible: false
        width: fit.width
        wrapMode: Text.WordWrap // a word that would be broken does not fit
        text: fit.text
        strong: fit.strong
        tight: true
    }

    Probe {
        id: title

        role: "title"
    }

    Probe {
        id: body

        role: "body"
        strong: fit.strong || fit.role === "title"
    }

    Label {
        id: shown

        width: fit.width
        height: fit.height
        role: fit.chosen
        wrapMode: fit.chosen === "note" ? Text.Wrap : Text.WordWrap
        strong: fit.strong || fit.role === "title"
        tight: true
        text: fit.text
        color: fit.color
        horizontalAlignment: fit.centred ? Text.AlignHCenter : Text.AlignLeft
        verticalAlignment: fit.verticalAlignment
    }
}
