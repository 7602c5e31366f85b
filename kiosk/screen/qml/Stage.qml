import QtQuick
import Kiosk

// The one root item. Standby stays alive under the others, so that its slides need no new start; every other page is
// made when it is first needed and goes when it is left.
Item {
    id: root

    readonly property bool standbyShown: Station.page === "standby"

    width: Theme.screenW
    height: Theme.screenH

    Loader {
        id: standby

        active: root.standbyShown || item !== null
        visible: root.standbyShown
        source: "pages/Standby.qml"
    }

    Loader {
        id: pages

        objectName: "pages"
        active: !root.standbyShown
        visible: active
        source: root.standbyShown ? "" : Station.pageFile
    }

    // One rectangle fades from the ground of all pages: the page beneath is never see-through, and only one leaf moves.
    Rectangle {
        id: veil

        y: root.standbyShown ? 0 : 96
        width: root.width
        height: root.height - y
        color: Theme.page
        opacity: 0
        visible: opacity > 0

        NumberAnimation on opacity {
            id: fade

            running: false
            from: 1
            to: 0
            duration: Theme.tPage
            easing.type: Easing.OutCubic
        }
    }

    Connections {
        function onPageChanged(): void {
            if (Theme.motion)
                fade.restart();
        }

        target: Station
    }
}
