import QtQuick
import Kiosk

// Up to three facts side by side.
Row {
    id: facts

    property alias model: repeater.model

    spacing: Theme.gutter

    Repeater {
        id: repeater

        Fact {
            required property var model

            label: model.label
            number: model.number
            unit: model.unit
        }
    }
}
