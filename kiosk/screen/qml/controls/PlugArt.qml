import QtQuick
import Kiosk

// The plug of this connector goes into the car (`away`: it comes out). 624 x 416.
Item {
    id: plugArt

    property string kind: "ccs"
    property int gap: 72
    property bool away: false
    property bool ground: true
    property bool moving: visible

    width: 624
    height: 416
    clip: true

    Art {
        x: 408
        width: 216
        height: 416
        name: "car"
        soft: plugArt.ground ? Theme.accentSoft : "transparent"
    }

    Repeater {
        model: 4

        Rectangle {
            required property int index

            x: 412 - plugArt.gap + index * 15
            y: 264 - height / 2
            width: 6
            height: 28 + (plugArt.away ? 3 - index : index) * 10
            radius: 3
            color: Theme.accent
        }
    }

    Art {
        id: plug

        x: -plugArt.gap
        width: 408
        height: 416
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
