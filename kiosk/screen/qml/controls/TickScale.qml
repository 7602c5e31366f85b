pragma ComponentBehavior: Bound

import QtQuick
import Kiosk

// One tick = two percent. Charged ticks are tall, the rest to the target half as tall, beyond it short: shape before
// colour. The tick that is being charged breathes.
Item {
    id: ticks

    property int percent: 0
    property int target: 80
    property int pitch: 16
    property int thick: pitch - 6
    property bool charging: true
    property bool known: true
    readonly property int live: Math.floor(percent / 2)

    width: 50 * pitch - (pitch - thick)
    height: 80
    Accessible.role: Accessible.ProgressBar

    Repeater {
        model: 50

        Rectangle {
            id: tick

            required property int index
            readonly property bool breathing: ticks.known && ticks.charging && index === ticks.live
            readonly property bool on: ticks.known && (index < ticks.live || breathing)

            x: index * ticks.pitch
            y: ticks.height - height
            width: ticks.thick
            height: on ? ticks.height : index * 2 < ticks.target ? ticks.height / 2 : ticks.height / 5
            radius: width / 2
            color: on ? Theme.accent : Theme.tickOff
            opacity: 1

            SequentialAnimation on opacity {
                running: tick.breathing && Theme.motion
                loops: Animation.Infinite
                alwaysRunToEnd: true

                NumberAnimation {
                    to: 0.25
                    duration: Theme.tBreath / 2
                    easing.type: Easing.InOutSine
                }

                NumberAnimation {
                    to: 1
                    duration: Theme.tBreath / 2
                    easing.type: Easing.InOutSine
                }
            }
        }
    }
}
