import QtQuick
import Kiosk
import "../controls"

// The station as a whole cannot charge.
Page {
    Panel {
        icon: "plugOff"
    }

    Story {
        x: 464
        y: -80
        title: Station.ask.title
        why: Station.ask.why
        advice: Station.ask.advice
    }

    rightAction: Hotline {}
}
