import QtQuick
import Kiosk
import "../controls"

// Somebody is being asked about the card.
Page {
    id: page

    CardArt {
        x: -Theme.marginX
        moving: false
    }

    Column {
        x: 648
        width: 632
        spacing: 32
        anchors.verticalCenter: parent.verticalCenter

        Heading {
            width: parent.width
            visible: Station.ask.hasConnector
        }

        FitLabel {
            width: parent.width
            height: Math.max(56, contentHeight)
            probeHeight: 172
            text: qsTr("Checking the card")
        }

        Row {
            spacing: 24

            Wave {}

            Label {
                height: 56
                width: 540
                text: qsTr("Please wait")
                color: Theme.inkSoft
            }
        }
    }
}
