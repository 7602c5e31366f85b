import QtQuick
import Kiosk

// The window of the driver's screen.
Window {
    width: Theme.screenW
    height: Theme.screenH
    color: Theme.page
    title: "Kiosk"

    Stage {
        anchors.centerIn: parent
    }
}
