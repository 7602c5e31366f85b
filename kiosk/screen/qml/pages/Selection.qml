import QtQuick
import Kiosk
import "../controls"

// Which connector? Running ones open their session; the others say why not.
Page {
    title: Station.ask.cardKept ? qsTr("Your card is read. Which plug fits your car?") : qsTr("Which plug fits your car?")

    ConnectorCards {
        model: Station.connectors
    }

    leftAction: Button {
        icon: "left"
        text: qsTr("Back")
        onClicked: Station.tap("done")
    }

    hint: Station.ask.notice ? "" : Station.ask.tariff ? Station.ask.tariff : qsTr("The number is also on the holder of the plug.")
    hintStrong: Station.ask.tariff.length > 0

    Notice {
        visible: Station.ask.notice.length > 0
        anchors.right: parent.right
        y: Theme.actionY - Theme.bodyY
        width: Theme.contentW - 280
        height: Theme.action
        maxHeight: Theme.action
        tone: "caution"
        icon: "warn"
        text: Station.ask.notice
    }
}
