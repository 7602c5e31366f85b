import QtQuick
import Kiosk

// tone: calm, caution, fault. Icon and text always together; grows downward.
Rectangle {
    id: notice

    property string tone: "calm"
    property string icon
    property string text
    property bool strong: false
    property int maxHeight: 0 // 0: as high as it needs
    readonly property color fg: tone === "fault" ? Theme.fault : tone === "caution" ? Theme.caution : Theme.accent
    readonly property bool small: maxHeight > 0 && probe.implicitHeight + 8 > maxHeight

    implicitHeight: Math.max(80, label.implicitHeight + (maxHeight > 0 ? 8 : 32))
    radius: Theme.radius
    color: tone === "fault" ? Theme.faultSoft : tone === "caution" ? Theme.cautionSoft : Theme.accentSoft
    Accessible.role: Accessible.Notification
    Accessible.name: text

    Icon {
        x: 32
        anchors.verticalCenter: parent.verticalCenter
        name: notice.icon
        color: notice.fg
        size: 44
    }

    Label {
        id: probe

        visible: false
        width: label.width
        text: notice.text
        strong: notice.strong
        tight: notice.maxHeight > 0
    }

    Label {
        id: label

        x: 96
        width: notice.width - 128
        height: notice.height
        text: notice.text
        strong: notice.strong || notice.small
        role: notice.small ? "note" : "body"
        tight: notice.maxHeight > 0
    }
}
