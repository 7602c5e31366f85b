pragma ComponentBehavior: Bound

import QtQuick
import Kiosk
import "../controls"

// Left: state of charge on its scale and the time left. Right: power and readings. Foot: limit, stop.
Page {
    id: page

    readonly property bool wide: Station.focus.mainNumber.length === 0 // nothing left for the card at the right
    readonly property int leftW: wide ? Theme.contentW : 800

    Heading {
        y: -88
        width: page.leftW
        text: Station.focus.statusText
        role: "title"
    }

    Label {
        visible: !Station.focus.socKnown
        y: 4
        width: page.leftW
        text: Station.focus.heroLabel
        color: Theme.inkSoft
    }

    Value {
        id: hero

        x: -8
        y: Station.focus.socKnown ? -8 : 64
        size: Theme.hero
        number: Station.focus.heroNumber
        unit: Station.focus.heroUnit
    }

    Item {
        visible: Station.focus.timeNumber.length > 0
        x: Station.focus.socKnown ? Math.max(456, hero.width + 32) : 0
        y: Station.focus.socKnown ? (until.twoLines ? -40 : -8) : 280
        width: page.leftW - x
        height: 200

        Value {
            y: 32
            number: Station.focus.timeNumber
            unit: Station.focus.timeUnit
            unitSize: 48
            tabular: false
        }

        FitLabel {
            id: until

            readonly property bool twoLines: contentHeight > 56

            y: 136
            width: parent.width
            height: twoLines ? contentHeight : 56
            probeHeight: 96
            role: "body"
            text: Station.focus.timeLabel
            color: Theme.inkSoft
        }
    }

    TickScale {
        id: ticks

        visible: Station.focus.socKnown
        y: 200
        pitch: page.wide ? 24 : 16
        thick: page.wide ? 15 : 10
        percent: Station.focus.percent
        target: Station.focus.target
        known: Station.focus.lit
        charging: Station.focus.live
        Accessible.name: Station.focus.heroNumber + " " + Station.focus.heroUnit
    }

    Item {
        visible: Station.focus.socKnown
        y: 288
        width: ticks.width

        Label {
            role: "note"
            text: "0"
            color: Theme.inkSoft
        }

        Label {
            x: Math.min(parent.width - width, parent.width * Station.focus.target / 100 - width / 2)
            role: "note"
            strong: true
            text: Station.focus.targetMark
        }

        Label {
            visible: Station.focus.target < 100
            x: parent.width - width
            role: "note"
            text: "100"
            color: Theme.inkSoft
        }
    }

    Rectangle {
        id: card

        readonly property int rowH: rows.count > 3 ? 52 : 64

        visible: !page.wide
        x: 864
        y: -80
        width: 416
        height: rows.count > 2 ? 400 : 208 + rows.count * rowH
        radius: Theme.radius
        color: Theme.surface

        FitLabel {
            x: 32
            y: 20
            width: 368
            height: 48
            role: "body"
            text: Station.focus.mainLabel
            color: Theme.inkSoft
        }

        Value {
            x: 32
            y: 72
            number: Station.focus.mainNumber
            unit: Station.focus.mainUnit
        }

        Column {
            x: 32
            y: 192
            width: 352

            Repeater {
                id: rows

                model: Station.readings

                Reading {
                    required property var model

                    width: 352
                    height: card.rowH
                    label: model.label
                    text: model.text
                }
            }
        }
    }

    Notice {
        visible: text.length > 0
        y: Theme.bodyH + 8 - height // two lines grow upward, away from the buttons
        width: Theme.contentW
        maxHeight: 96
        tone: Station.focus.noticeTone
        icon: Station.focus.noticeIcon
        text: Station.focus.noticeText
    }

    leftAction: Button {
        visible: Station.several
        icon: "grid"
        text: qsTr("All connectors")
        onClicked: Station.tap("overview")
    }
    hint: Station.focus.stopHint
    hintStrong: true
    rightAction: Button {
        visible: Station.focus.stoppable
        icon: "stop"
        kind: "strong"
        text: qsTr("Stop charging")
        onClicked: Station.tap("stop")
    }
}
