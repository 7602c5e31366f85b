import QtQuick
import Kiosk

// Frame of every screen: bar, title, body, actions.
Rectangle {
    id: page

    property string title
    property int titleX: 0
    property int titleW: Theme.contentW - titleX
    property alias bar: bar
    property string hint
    property string hintIcon
    property bool hintStrong: false
    default property alias content: body.data
    property alias leftAction: leftSlot.data
    property alias rightAction: rightSlot.data

    width: Theme.screenW
    height: Theme.screenH
    color: Theme.page
    Accessible.role: Accessible.Pane
    Accessible.name: title

    TopBar {
        id: bar
    }

    FitLabel {
        x: Theme.marginX + page.titleX
        y: 100
        width: page.titleW
        height: 92
        visible: page.title.length > 0
        role: "title"
        text: page.title
    }

    Item {
        id: body

        x: Theme.marginX
        y: Theme.bodyY
        width: Theme.contentW
        height: Theme.bodyH
    }

    Row {
        id: leftSlot

        x: Theme.marginX
        y: Theme.actionY
        height: Theme.action
        spacing: 16
    }

    Row {
        visible: page.hint.length > 0
        x: leftSlot.x + leftSlot.width + (leftSlot.width > 0 ? 32 : 0)
        y: Theme.actionY
        height: Theme.action
        spacing: 16

        Icon {
            anchors.verticalCenter: parent.verticalCenter
            visible: page.hintIcon.length > 0
            name: page.hintIcon
            size: 36
            color: Theme.inkSoft
        }

        FitLabel {
            width: Theme.marginX + Theme.contentW - rightSlot.width - (rightSlot.width > 0 ? 32 : 0) - parent.x - (page.hintIcon ? 52 : 0)
            height: Theme.action
            role: page.hintStrong ? "body" : "note"
            color: page.hintStrong ? Theme.ink : Theme.inkSoft
            text: page.hint
        }
    }

    Row {
        id: rightSlot

        anchors.right: parent.right
        anchors.rightMargin: Theme.marginX
        y: Theme.actionY
        height: Theme.action
        spacing: 16
    }
}
