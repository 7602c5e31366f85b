"""The driver's screen: a Qt Quick application in its own process, the only room with PySide6 and qasync.

It shows what the core says and tells what the driver touches; it decides nothing but what belongs to the screen
alone: language, day or night, which welcome picture is next, and that the core is lost. ``qml/`` binds and
animates, never computes. No nested event loop, ever; nothing on the GUI thread waits for a file or a socket.

``app`` and ``program`` are the program, ``engine`` what every QML engine needs, ``view*`` the properties that QML
binds to, ``slideshow`` the pictures, ``remote`` what the core may ask of the screen (picture, touch, texts),
``touch`` any touch anywhere, ``palette`` day and night, ``health`` what the core is told, ``shots`` still pictures
of every page.

Decisions
- The first frame comes before websockets is imported: imports are more than half of the start.
- Qt's software renderer unless told otherwise: without a GPU it is faster and smaller than the emulated one.
- Automatic garbage collection is off; the GUI thread collects. A worker thread that frees a Qt object would crash.
- Slides and their layers are ours (two Image items); an image provider would decode on the wrong thread.
"""
