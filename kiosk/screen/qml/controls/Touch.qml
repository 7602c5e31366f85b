import QtQuick

// What a finger can touch, with its name for those who cannot see it.
MouseArea {
    id: touch

    property string name

    Accessible.role: Accessible.Button
    Accessible.name: name
    Accessible.onPressAction: touch.clicked(null)
}
