pragma ComponentBehavior: Bound

import QtQuick
import Kiosk

// Five ticks, lit one after another while something runs.
Row {
    id: wave

    property color color: Theme.accent
    property bool running: visible

    spacing: 8

    Repeater {
        model: [24, 40, 56, 40, 24]

        Rectangle {
            id: tick

            required property int index
            required property int modelData

            anchors.verticalCenter: parent?.verticalCenter
            width: 8
            height: modelData
            radius: 4
            color: wave.color

            SequentialAnimation on opacity {
                running: wave.running && Theme.motion
                loops: Animation.Infinite

                PauseAnimation {
                    duration: tick.index * 160
                }

                NumberAnimation {
                    to: 0.25
                    duration: 320
                    easing.type: Easing.InOutSine
                }

                NumberAnimation {
                    to: 1
                    duration: 320
                    easing.type: Easing.InOutSine
                }

                PauseAnimation {
                    duration: 960 - tick.index * 160
                }
            }
        }
    }
}
