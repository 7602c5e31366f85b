import QtQuick
import Kiosk

// One running session on the standby screen: 848 x 160 alone, 416 x 224 beside others.
Rectangle {
    id: card

    property int connectorId
    property string number
    property string number1
    property string unit1
    property string number2
    property string unit2
    property string strong
    property string note
    property string name
    readonly property bool tall: width < 600
    readonly property bool down: area.pressed
    readonly property color fg: down ? Theme.pressedInk : Theme.ink

    signal clicked

    width: 848
    height: tall ? 224 : 160
    radius: Theme.radius
    color: down ? Theme.pressed : Theme.page

    Badge {
        x: 24
        y: card.tall ? 24 : 44
        number: card.number
    }

    Value {
        id: first

        x: 120
        y: card.tall ? 12 : 32
        tabular: false
        number: card.number1
        unit: card.unit1
        color: card.fg
    }

    Rectangle {
        visible: !card.tall && card.number2.length > 0
        x: second.x - 24
        y: 24
        width: 2
        height: 112
        color: Theme.hairline
    }

    Value {
        id: second

        visible: card.number2.length > 0
        x: card.tall ? 24 : Math.max(376, first.x + first.width + 48)
        y: card.tall ? 116 : 32
        tabular: false
        number: card.number2
        unit: card.unit2
        unitSize: card.tall ? 34 : 48
        color: card.fg
    }

    Item {
        id: side

        x: card.number2.length === 0 ? (card.tall ? 24 : 376) : card.tall ? 24 + second.width + 20 : second.x + second.width + 32
        y: card.tall ? 120 : 32
        width: card.width - x - 8
        height: 96

        FitLabel {
            y: card.note ? 4 : 0
            width: parent.width
            height: card.note ? 48 : 96
            role: "body"
            strong: true
            text: card.strong
            color: card.fg
        }

        FitLabel {
            y: 50
            visible: card.note.length > 0
            width: parent.width
            height: 44
            role: "note"
            text: card.note
            color: card.down ? Theme.pressedInk : Theme.inkSoft
            verticalAlignment: Text.AlignTop
        }
    }

    Touch {
        id: area

        anchors.fill: parent
        name: card.name
        onClicked: card.clicked()
    }
}
