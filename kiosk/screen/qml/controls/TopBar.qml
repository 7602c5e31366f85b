import QtQuick
import Kiosk

// Fixed bar 0,0,1366,96. `floating`: on slides each part carries its own ground.
Item {
    id: bar

    property bool floating: false
    property bool globeOn: !Station.languageListed
    readonly property int idRoom: Theme.contentW - langs.width - 124

    width: Theme.screenW
    height: 96

    Rectangle {
        x: Theme.marginX - (bar.floating ? 0 : 24)
        y: 8
        width: idRow.width + 48
        height: 80
        visible: Station.identity.length > 0
        radius: Theme.radius
        color: bar.floating ? Theme.page : "transparent"

        Row {
            id: idRow

            x: 24
            height: 80
            spacing: 16

            Icon {
                anchors.verticalCenter: parent.verticalCenter
                name: "station"
                color: Theme.accent
                size: 36
                stroke: 5
            }

            Label {
                id: wide

                visible: false
                strong: true
                text: Station.identity
                wrapMode: Text.NoWrap
            }

            Label {
                width: Math.min(Math.ceil(implicitWidth), bar.idRoom)
                height: 80
                role: wide.implicitWidth > bar.idRoom ? "note" : "body" // smaller where the languages need the room
                strong: true
                text: Station.identity
                wrapMode: Text.WrapAnywhere
            }
        }
    }

    Rectangle {
        anchors.fill: langs
        anchors.leftMargin: -8
        radius: Theme.radius
        color: Theme.page
        visible: bar.floating
    }

    Row {
        id: langs

        anchors.right: parent.right
        anchors.rightMargin: Theme.marginX
        y: 8
        spacing: 12

        Repeater {
            model: Station.bar

            Rectangle {
                id: one

                required property string key
                required property string title
                required property bool current

                width: Math.max(Theme.touch, Math.ceil(name.implicitWidth) + 48)
                height: Theme.touch
                radius: Theme.radius
                color: area.pressed ? Theme.pressed : "transparent"

                Label {
                    id: name

                    anchors.horizontalCenter: parent.horizontalCenter
                    height: parent.height
                    text: one.title
                    strong: one.current
                    wrapMode: Text.NoWrap
                    color: area.pressed ? Theme.pressedInk : one.current ? Theme.ink : Theme.inkSoft
                }

                Rectangle {
                    visible: one.current && !area.pressed
                    x: 24
                    y: 64
                    width: parent.width - 48
                    height: 6
                    radius: 3
                    color: Theme.accent
                }

                Touch {
                    id: area

                    anchors.fill: parent
                    name: one.title
                    onClicked: Station.chooseLanguage(one.key)
                }
            }
        }

        Rectangle {
            width: 88
            height: Theme.touch
            radius: Theme.radius
            color: globe.pressed ? Theme.pressed : bar.globeOn ? Theme.ink : Theme.sunk

            Icon {
                anchors.centerIn: parent
                name: "globe"
                color: globe.pressed ? Theme.pressedInk : bar.globeOn ? Theme.page : Theme.ink
            }

            Touch {
                id: globe

                anchors.fill: parent
                name: qsTr("All languages")
                onClicked: Station.page === "languages" ? Station.closeLanguages() : Station.openLanguages()
            }
        }
    }
}
