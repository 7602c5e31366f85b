pragma ComponentBehavior: Bound

import QtQuick
import Kiosk

// The plug of this connector goes into the car (`away`: it comes out). 624 x 416 at zoom 1.
Item {
    id: plugArt

    property string kind: "ccs"
    property real zoom: 1
    property bool away: false
    property bool moving: visible
    readonly property real gap: 72 * zoom

    width: 624 * zoom
    height: 416 * zoom
    clip: true

    Art {
        x: 408 * plugArt.zoom
        width: 216 * plugArt.zoom
        height: plugArt.height
        name: "car"
    }

    Repeater {
        model: 4

        Rectangle {
            required property int index

            x: (412 + index * 15) * plugArt.zoom - plugArt.gap
            y: 264 * plugArt.zoom - height / 2
            width: 6 * plugArt.zoom
            height: (28 + (plugArt.away ? 3 - index : index) * 10) * plugArt.zoom
            radius: width / 2
            color: Theme.accent
        }
    }

    Art {
        x: -plugArt.gap
        width: 408 * plugArt.zoom
        height: plugArt.height
        name: "plug-" + plugArt.kind

        SequentialAnimation on x {
            running: plugArt.moving && Theme.motion
            loops: Animation.Infinite

            NumberAnimation {
                from: plugArt.away ? 0 : -plugArt.gap
                to: plugArt.away ? -plugArt.gap : 0
                duration: 1200
                easing.type: Easing.InOutCubic
            }

            PauseAnimation {
                duration: 1600
            }

            PropertyAction {
                value: plugArt.away ? 0 : -plugArt.gap
            }

            PauseAnimation {
                duration: 400
            }
        }
    }
}
