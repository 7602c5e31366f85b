pragma ComponentBehavior: Bound

import QtQuick
import Kiosk

// A large numeral with its unit on one baseline. Box height = size, digits centred in it.
// The decimal sign is set apart because the font's tabular full stop is as wide as a digit.
Item {
    id: value

    property string number: "–"
    property string unit: ""
    property int size: Theme.value
    property int unitSize: size >= Theme.hero ? Theme.value : size >= Theme.value ? Theme.title : Theme.body
    property bool tabular: true
    property color color: Theme.ink
    readonly property list<string> parts: number.split(/[.,]/)

    implicitWidth: unit ? unitText.x + unitText.implicitWidth : row.width
    implicitHeight: size

    component Digits: Text {
        property bool even: value.tabular

        color: value.color
        textFormat: Text.PlainText
        font.family: Theme.family
        font.pixelSize: value.size
        font.weight: Font.ExtraBold
        font.letterSpacing: -value.size * 0.02
        font.features: even ? ({ "tnum": 1 }) : ({})
    }

    Row {
        id: row

        y: -Math.round(value.size * 0.206)

        Digits {
            text: value.parts[0]
        }

        Digits {
            visible: value.parts.length > 1
            even: false
            text: value.number.indexOf(",") < 0 ? "." : ","
        }

        Digits {
            visible: value.parts.length > 1
            text: value.parts.length > 1 ? value.parts[1] : ""
        }
    }

    Text {
        id: unitText

        x: Math.round(row.width + value.unitSize * 0.2)
        y: row.y + Math.round(1.066 * (value.size - value.unitSize))
        visible: text.length > 0
        text: value.unit
        color: value.color
        textFormat: Text.PlainText
        font.family: Theme.family
        font.pixelSize: value.unitSize
        font.weight: Font.Bold
    }
}
