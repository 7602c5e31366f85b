import QtQuick
import Kiosk

// One step of preparing: done, running or waiting.
Rectangle {
    id: row

    property string text
    property string step: "waiting"
    readonly property bool running: step === "running"

    width: 848
    height: 98
    radius: Theme.radius
    color: running ? Theme.surface : "transparent"
    border.width: running ? Theme.edgeStrong : 0
    border.color: Theme.accent

    Icon {
        x: 28
        anchors.verticalCenter: parent.verticalCenter
        name: row.step === "done" ? "checkCircle" : row.running ? "right" : "circle"
        color: row.step === "waiting" ? Theme.line : Theme.accent
        size: 48
        stroke: row.running ? 5 : 4
    }

    FitLabel {
        x: 104
        y: 5
        width: row.running ? 600 : 720
        height: 88
        role: "body"
        strong: row.running
        text: row.text
        color: row.step === "waiting" ? Theme.inkSoft : Theme.ink
    }

    Wave {
        anchors.right: parent.right
        anchors.rightMargin: 32
        anchors.verticalCenter: parent.verticalCenter
        visible: row.running
    }
}
