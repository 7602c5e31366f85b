import QtQuick
import Kiosk

// Countdown: 60 ticks (small: 20), the remaining ones long. Drawn anew once a second.
Item {
    id: dial

    property int total: 60
    property int remaining: 45
    property int size: 272
    readonly property int ticks: size > 200 ? 60 : 20
    readonly property int lit: Math.max(0, Math.min(ticks, Math.ceil(ticks * remaining / Math.max(1, total))))

    width: size
    height: size
    Accessible.role: Accessible.ProgressBar
    Accessible.name: String(remaining)

    Art {
        anchors.fill: parent
        cache: false
        name: "dial-" + dial.ticks + "-" + dial.lit
        soft: Theme.tickOff
    }

    Value {
        anchors.centerIn: parent
        number: String(dial.remaining)
        size: dial.size > 200 ? 96 : 34
    }
}
