import QtQuick
import Kiosk
import "../controls"

// Authorized; the plug is awaited.
Page {
    title: Station.ask.title

    Rectangle {
        width: 624
        height: 416
        radius: Theme.radius
        color: Theme.surface
        clip: true

        PlugArt {
            kind: Station.focus.art
        }

        Heading {
            x: 32
            y: 32
            width: 340
            text: Station.focus.kind
            role: "title"
        }
    }

    Label {
        id: click

        x: 672
        width: 608
        text: qsTr("Push it in until you hear it click.")
    }

    Row {
        x: 672
        y: Math.max(click.height + 24, (Theme.bodyH + click.height - 272) / 2)
        visible: Station.ask.counting
        spacing: 32

        Dial {
            total: Station.ask.total
            remaining: Station.ask.remaining
        }

        FitLabel {
            width: 304
            height: 272
            role: "body"
            color: Theme.inkSoft
            text: Station.ask.countdownText
        }
    }

    leftAction: Button {
        icon: "close"
        text: qsTr("Cancel")
        onClicked: Station.tap("cancel")
    }
}
