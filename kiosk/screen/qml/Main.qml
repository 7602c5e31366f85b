import QtQuick
import Kiosk

// The window of the driver's screen.
Window {
    id: window

    width: Theme.screenW
    height: Theme.screenH
    color: Theme.page
    title: "Kiosk"

    Stage {
        x: Math.round((window.width - width) / 2)
        y: Math.round((window.height - height) / 2)
    }
}
