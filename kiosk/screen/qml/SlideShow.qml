import QtQuick
import Kiosk

// Two layers of one picture each: the front one is shown, the back one loads unseen. The back one is faded in when
// it is decoded and due; which picture that is, and when, the singleton Slides decides.
Item {
    id: show

    property int fadeMs: 600
    property int owner: 0
    property Layer front: first
    property Layer back: second

    function bringForward(): void {
        const old = show.front;
        show.front = show.back;
        show.back = old;
        old.z = 0;
        old.opacity = 0;
        old.source = "";
        show.front.z = 0;
        Slides.done(show.front.generation);
    }

    width: 1366
    height: 768

    component Layer: Image {
        property int generation: 0

        anchors.fill: parent
        asynchronous: true
        autoTransform: false
        cache: false
        opacity: 0
        retainWhileLoading: false
        sourceSize: Qt.size(1366, 768)
        onStatusChanged: {
            if (status === Image.Ready)
                Slides.ready(generation);
            else if (status === Image.Error)
                Slides.failed(generation);
        }
    }

    Layer { id: first }
    Layer { id: second }

    NumberAnimation {
        id: fade

        property: "opacity"
        from: 0
        to: 1
        duration: show.fadeMs
        easing.type: Easing.InOutQuad
        onFinished: show.bringForward()
    }

    Connections {
        function onLoad(owner: int, generation: int, url: string): void {
            if (owner !== show.owner)
                return;
            show.back.source = "";
            show.back.generation = generation;
            show.back.source = url;
        }

        function onFade(owner: int, generation: int): void {
            if (owner !== show.owner || generation !== show.back.generation || show.back.status !== Image.Ready)
                return;
            show.back.z = 1;
            if (show.front.status === Image.Ready && show.fadeMs > 0) {
                fade.target = show.back;
                fade.start();
            } else {
                show.back.opacity = 1;
                show.bringForward();
            }
        }

        target: Slides
    }

    onVisibleChanged: Slides.setRunning(show.owner, show.visible)
    Component.onCompleted: {
        show.owner = Slides.attach();
        Slides.setRunning(show.owner, show.visible);
        Slides.begin(show.owner);
    }
    Component.onDestruction: Slides.detach(show.owner)
}
