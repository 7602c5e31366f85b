import QtQuick
import Kiosk

// One connector. Only a free one is filled; only a fault is red. 632, 416 or 308 wide.
Rectangle {
    id: card

    property int connectorId
    property string number
    property string heading
    property string plain
    property string art
    property string state_
    property string icon
    property string stateText
    property string note
    property string number1
    property string unit1
    property string number2
    property string unit2
    property bool opens
    property string name
    property bool held: false
    readonly property bool down: held || area.pressed
    readonly property bool free: state_ === "free" || state_ === "plugged"
    readonly property bool bad: state_ === "fault"
    readonly property bool small: width < 400
    readonly property int pad: small ? 24 : 32
    readonly property color fg: opens ? Theme.ink : Theme.inkSoft
    readonly property color foot: down ? Theme.pressed : free ? Theme.accent : bad ? Theme.faultSoft : opens ? Theme.accentSoft : Theme.sunk
    readonly property color footText: down ? Theme.pressedInk : free ? Theme.accentInk : bad ? Theme.fault : opens ? Theme.accent : Theme.ink

    signal clicked

    width: 416
    height: 416
    radius: Theme.radius
    color: opens ? Theme.surface : Theme.page

    Badge {
        x: card.pad
        y: card.small ? 16 : 32
        number: card.number
        live: card.opens
    }

    FitLabel {
        x: card.pad + (card.small ? 84 : 92)
        y: card.small ? 8 : 20
        width: card.width - x - 16
        height: card.small ? 88 : 96
        role: card.small ? "body" : "title"
        strong: true
        text: card.heading
        color: card.fg
    }

    Art {
        visible: !card.small || card.number2.length === 0
        x: card.width - width - (card.small ? 16 : card.pad)
        y: card.small ? 148 : 140
        width: card.small ? 64 : 128
        height: card.small ? 80 : 160
        name: "face-" + card.art
        ink: card.fg
        soft: card.opens ? Theme.accentSoft : Theme.page
    }

    FitLabel {
        visible: card.plain.length > 0
        x: card.pad
        y: card.small ? 140 : 172
        width: card.width - 2 * card.pad - (card.small ? 80 : 144)
        height: 96
        role: card.small ? "body" : "title"
        strong: true
        text: card.plain
        color: card.fg
    }

    Column {
        x: card.pad
        y: card.number2 ? (card.small ? 82 : 118) : (card.small ? 116 : 136)
        visible: card.number1.length > 0

        FitLabel {
            visible: card.note.length > 0
            width: card.width - 2 * card.pad - (card.small ? 80 : 144)
            height: 32
            role: "note"
            text: card.note
            color: Theme.inkSoft
        }

        Value {
            number: card.number1
            unit: card.unit1
            unitSize: 34
            tabular: false
            color: card.fg
        }

        Value {
            visible: card.number2.length > 0
            number: card.number2
            unit: card.unit2
            unitSize: 34
            tabular: false
            color: card.fg
        }
    }

    // The foot says the state. On a narrow card the word has the whole width, below the two icons.
    Rectangle {
        id: footer

        y: card.height - height
        width: card.width
        height: card.small ? 52 + word.height : 88
        radius: Theme.radius
        color: card.foot

        Rectangle {
            width: parent.width
            height: Theme.radius
            color: parent.color
        }

        Icon {
            x: card.pad
            y: card.small ? 8 : 22
            name: card.icon
            color: card.footText
            size: 44
        }

        FitLabel {
            id: word

            x: card.small ? 24 : 92
            y: card.small ? 48 : 0
            width: parent.width - x - (card.small ? 8 : card.opens ? 84 : 16)
            height: card.small && card.number2.length === 0 ? Math.max(88, contentHeight) : 88
            probeHeight: card.small && card.number2.length === 0 ? 132 : 88
            role: "body"
            strong: true
            text: card.stateText
            color: card.footText
        }

        Icon {
            visible: card.opens
            x: parent.width - width - (card.small ? 24 : 28)
            y: card.small ? 8 : 22
            name: "right"
            color: card.footText
            size: 44
        }
    }

    Rectangle {
        anchors.fill: parent
        radius: Theme.radius
        color: "transparent"
        border.width: card.free ? Theme.edgeStrong : Theme.edge
        border.color: card.free ? Theme.accent : Theme.line
    }

    Touch {
        id: area

        anchors.fill: parent
        name: card.name
        onClicked: card.clicked()
    }
}
