pragma Singleton
import QtQuick

// Every colour, size and duration of the screen. Only `night` and `motion` change while the program runs.
QtObject {
    id: theme

    property bool night: false
    property bool motion: true // off: every duration is 0 and nothing moves

    readonly property color page: night ? "#0B1413" : "#F4F3EE" // ground of every screen
    readonly property color surface: night ? "#15221F" : "#FFFFFF" // cards, plain buttons
    readonly property color sunk: night ? "#1C2B27" : "#E7E7DF" // globe button, what is out of service
    readonly property color ink: night ? "#EFF4F1" : "#10201D"
    readonly property color inkSoft: night ? "#B4C3BD" : "#3B4A46" // labels, notes, what cannot be used
    readonly property color line: night ? "#72857E" : "#76827D" // edges of what one can touch
    readonly property color hairline: night ? "#263631" : "#D3D5CD" // dividers, decoration only
    readonly property color accent: night ? "#66DDBC" : "#005046"
    readonly property color accentInk: night ? "#04211A" : "#FFFFFF" // text on accent
    readonly property color accentSoft: night ? "#12382F" : "#E0F1EB"
    readonly property color pressed: night ? "#EFF4F1" : "#10201D"
    readonly property color pressedInk: night ? "#0B1413" : "#FFFFFF" // text on pressed
    readonly property color tickOff: night ? "#5F736C" : "#7C8984"
    readonly property color fault: night ? "#FFB3AB" : "#98101A" // faults and refusals only
    readonly property color faultInk: night ? "#3A0A08" : "#FFFFFF"
    readonly property color faultSoft: night ? "#42191A" : "#FBE2DF"
    readonly property color caution: night ? "#FFD68C" : "#553500" // slower, unknown
    readonly property color cautionSoft: night ? "#3A2B0B" : "#FFE7AE"

    // Type: pixel sizes and line heights; no other size occurs.
    readonly property string family: "Manrope"
    readonly property int note: 24
    readonly property int noteLine: 32
    readonly property int body: 34
    readonly property int bodyLine: 44
    readonly property int bodyTight: 40 // in buttons and feet of cards
    readonly property int title: 48
    readonly property int titleLine: 56
    readonly property int titleTight: 52
    readonly property int value: 96
    readonly property int hero: 200

    // Grid
    readonly property int screenW: 1366
    readonly property int screenH: 768
    readonly property int marginX: 43
    readonly property int contentW: 1280
    readonly property int bodyY: 200
    readonly property int bodyH: 416
    readonly property int actionY: 640
    readonly property int gutter: 16
    readonly property int pad: 32
    readonly property int radius: 24
    readonly property int touch: 80 // 20 mm at 3.95 px/mm
    readonly property int action: 96
    readonly property int edge: 2
    readonly property int edgeStrong: 4

    // Motion, ms
    readonly property int tMove: motion ? 240 : 0
    readonly property int tPage: motion ? 320 : 0
    readonly property int tBreath: motion ? 1600 : 0
    readonly property int tSlide: motion ? 600 : 0
}
