pragma ComponentBehavior: Bound

import QtQuick
import Kiosk

// Points off the screen to the reader. `side`: left, right, above, below. The ticks light up toward the reader.
Item {
    id: cardArt

    property string side: "left"
    property bool refused: false
    property bool moving: visible && !refused
    readonly property bool upright: side === "above" || side === "below"
    readonly property bool back: side === "right" || side === "below" // the reader lies at the far end
    readonly property color mark: refused ? Theme.tickOff : Theme.accent

    width: upright ? 416 : 624
    height: upright ? 496 : 416

    // The drawing runs along one line: chevron, five ticks, card.
    Art {
        width: cardArt.upright ? 252 : 140
        height: cardArt.upright ? 140 : 252
        x: cardArt.upright ? (cardArt.width - width) / 2 : cardArt.back ? cardArt.width - width - 16 : 16
        y: cardArt.upright ? (cardArt.back ? cardArt.height - height - 8 : 8) : (cardArt.height - height) / 2
        name: "chevron"
        accent: cardArt.mark
        turn: cardArt.side === "left" ? 0 : cardArt.side === "above" ? 90 : cardArt.side === "right" ? 180 : 270
    }

    Repeater {
        model: 5

        Rectangle {
            id: tick

            required property int index
            readonly property int reach: 112 - index * 16
            readonly property int along: (cardArt.upright ? 150 : 168) + index * (cardArt.upright ? 20 : 28)

            width: cardArt.upright ? reach : 12
            height: cardArt.upright ? 12 : reach
            radius: 6
            x: cardArt.upright ? (cardArt.width - width) / 2 : cardArt.back ? cardArt.width - along - width : along
            y: cardArt.upright ? (cardArt.back ? cardArt.height - along - height : along) : (cardArt.height - height) / 2
            color: cardArt.mark
            opacity: 1 - index * 0.14

            SequentialAnimation on opacity {
                running: cardArt.moving && Theme.motion
                loops: Animation.Infinite

                PauseAnimation {
                    duration: (4 - tick.index) * 160
                }

                NumberAnimation {
                    to: 0.25
                    duration: 160
                }

                NumberAnimation {
                    to: 1
                    duration: 160
                }

                PauseAnimation {
                    duration: 1280 - (4 - tick.index) * 160
                }
            }
        }
    }

    Art {
        width: 300
        height: 220
        x: cardArt.upright ? (cardArt.width - width) / 2 : cardArt.back ? 8 : 314
        y: cardArt.upright ? (cardArt.back ? 16 : cardArt.height - height - 16) : (cardArt.height - height) / 2
        name: "card-big"
        accent: cardArt.mark
        ink: cardArt.refused ? Theme.inkSoft : Theme.ink
    }
}
