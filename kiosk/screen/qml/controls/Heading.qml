import QtQuick
import Kiosk

// Number of the connector and what plug it is.
Item {
    id: heading

    property string number: Station.focus.number
    property string text: Station.focus.summary
    property string role: "body"

    height: 72

    Badge {
        number: heading.number
    }

    FitLabel {
        x: 96
        y: -8
        width: heading.width - 96
        height: 88
        role: heading.role
        strong: true
        text: heading.text
    }
}
