import QtQuick
import Kiosk

// Title, reason, advice, one below the other, in a given height: each as large as fits.
Item {
    id: story

    property string title
    property string why
    property string advice
    property string adviceIcon: "right"
    property color titleColor: Theme.ink
    property bool adviceStrong: true
    property int space: 24
    property bool connector: false // begin with the connector's number and plug

    width: 816

    Column {
        width: story.width
        spacing: story.space

        Heading {
            visible: story.connector
            width: story.width
        }

        FitLabel {
            width: story.width
            height: Math.min(Theme.titleTight * 3, Math.max(56, contentHeight))
            role: "title"
            text: story.title
            color: story.titleColor
            probeHeight: Theme.titleTight * 3
        }

        Label {
            visible: text.length > 0
            width: story.width
            text: story.why
        }

        Notice {
            visible: text.length > 0
            width: story.width
            icon: story.adviceIcon
            strong: story.adviceStrong
            text: story.advice
        }
    }
}
