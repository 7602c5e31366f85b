import QtQuick
import Kiosk
import "../controls"

// No title: the names speak. Columns read downward; the current one is marked by ground and check.
Page {
    bar.globeOn: true

    Grid {
        y: -88
        columns: 4
        rows: 5
        flow: Grid.TopToBottom
        spacing: 16

        Repeater {
            model: Station.languages

            Rectangle {
                id: cell

                required property string key
                required property string title
                required property bool current

                width: 308
                height: 88
                radius: Theme.radius
                color: area.pressed ? Theme.pressed : current ? Theme.accent : Theme.surface
                border.width: current ? 0 : Theme.edge
                border.color: Theme.line

                Label {
                    x: 28
                    width: 220
                    height: 88
                    text: cell.title
                    strong: cell.current
                    color: area.pressed ? Theme.pressedInk : cell.current ? Theme.accentInk : Theme.ink
                }

                Icon {
                    anchors.right: parent.right
                    anchors.rightMargin: 24
                    anchors.verticalCenter: parent.verticalCenter
                    visible: cell.current
                    name: "check"
                    color: area.pressed ? Theme.pressedInk : Theme.accentInk
                    size: 44
                    stroke: 5
                }

                Touch {
                    id: area

                    anchors.fill: parent
                    name: cell.title
                    onClicked: Station.chooseLanguage(cell.key)
                }
            }
        }
    }

    leftAction: Button {
        icon: "left"
        text: qsTr("Back")
        onClicked: Station.closeLanguages()
    }
}
