import QtQuick
import Kiosk

// kind: primary (accent), strong (ink: ends something), plain (outlined). Pressed turns over in the same frame.
// There is no disabled look: what cannot be done is hidden, or says why.
Rectangle {
    id: button

    property string text
    property string icon
    property string iconRight
    property string kind: "plain"
    property int maxWidth: 624
    property bool held: false // for pictures of the pressed state
    property bool small: false // body size, however high
    readonly property bool big: height >= 112 && !small
    readonly property bool down: held || area.pressed
    readonly property color fg: down && kind !== "strong" ? Theme.pressedInk : down ? Theme.ink : kind === "primary" ? Theme.accentInk : kind === "strong" ? Theme.page : Theme.ink
    readonly property int sides: (icon ? (big ? 112 : 96) : 36) + (iconRight ? 96 : 36)

    signal clicked

    implicitWidth: Math.max(200, Math.min(maxWidth, Math.ceil(probe.implicitWidth) + sides))
    implicitHeight: Theme.action
    radius: Theme.radius
    color: down ? (kind === "strong" ? Theme.surface : Theme.pressed) : kind === "primary" ? Theme.accent : kind === "strong" ? Theme.ink : Theme.surface
    border.width: kind === "plain" ? Theme.edge : kind === "strong" && down ? Theme.edgeStrong : 0
    border.color: kind === "plain" ? Theme.line : Theme.ink

    Icon {
        anchors.left: parent.left
        anchors.leftMargin: 32
        anchors.verticalCenter: parent.verticalCenter
        visible: button.icon.length > 0
        name: button.icon
        color: button.fg
        size: button.big ? 56 : 44
    }

    Label {
        id: probe

        visible: false
        role: button.big ? "title" : "body"
        strong: true
        text: button.text
        wrapMode: Text.NoWrap
    }

    FitLabel {
        x: button.icon ? (button.big ? 112 : 96) : 36
        width: button.width - button.sides
        height: button.height
        role: button.big ? "title" : "body"
        strong: true
        text: button.text
        color: button.fg
        centred: !button.icon && !button.iconRight
    }

    Icon {
        anchors.right: parent.right
        anchors.rightMargin: 32
        anchors.verticalCenter: parent.verticalCenter
        visible: button.iconRight.length > 0
        name: button.iconRight
        color: button.fg
        size: 44
    }

    Touch {
        id: area

        anchors.fill: parent
        name: button.text
        onClicked: button.clicked()
    }
}
