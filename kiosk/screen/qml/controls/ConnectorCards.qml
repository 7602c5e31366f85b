pragma ComponentBehavior: Bound

import QtQuick
import Kiosk

// One to four connector cards side by side.
Item {
    id: cards

    property alias model: repeater.model
    readonly property int count: repeater.count
    readonly property int cardW: count > 3 ? 308 : count === 2 ? 632 : 416

    width: Theme.contentW
    height: 416

    Row {
        anchors.horizontalCenter: parent.horizontalCenter
        spacing: Theme.gutter

        Repeater {
            id: repeater

            ConnectorCard {
                required property var model

                width: cards.cardW
                connectorId: model.connectorId
                number: model.number
                heading: model.heading
                plain: model.plain
                art: model.art
                state_: model.state
                icon: model.icon
                stateText: model.stateText
                note: model.note
                number1: model.number1
                unit1: model.unit1
                number2: model.number2
                unit2: model.unit2
                opens: model.opens
                name: model.name
                onClicked: Station.tap("select", connectorId)
            }
        }
    }
}
