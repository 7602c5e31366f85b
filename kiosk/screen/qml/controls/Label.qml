import QtQuick
import Kiosk

// Every text. Roles: note 24, body 34, title 48. Grows downward, never elides.
Text {
    property string role: "body"
    property bool strong: false
    property bool tabular: false // for live figures
    property bool tight: false // closer lines, in buttons and feet of cards

    color: Theme.ink
    wrapMode: Text.Wrap
    textFormat: Text.PlainText
    font.family: Theme.family
    font.pixelSize: role === "title" ? Theme.title : role === "note" ? Theme.note : Theme.body
    font.weight: role === "title" || strong ? Font.Bold : Font.Medium
    font.features: tabular ? ({ "tnum": 1 }) : ({})
    lineHeightMode: Text.FixedHeight
    lineHeight: role === "title" ? (tight ? Theme.titleTight : Theme.titleLine) : role === "note" ? Theme.noteLine : tight ? Theme.bodyTight : Theme.bodyLine
    verticalAlignment: Text.AlignVCenter
}
