import QtQuick
import Kiosk

// A label with one large figure.
Rectangle {
    id: fact

    property string label
    property string number
    property string unit

    width: 416
    height: 184
    radius: Theme.radius
    color: Theme.surface

    FitLabel {
        x: 32
        y: 14
        width: fact.width - 48
        height: 48
        role: "body"
        color: Theme.inkSoft
        text: fact.label
    }

    Value {
        x: 32
        y: 72
        unitSize: 48
        tabular: false
        number: fact.number
        unit: fact.unit
    }
}
