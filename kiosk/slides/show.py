"""The decisions of a running slide show: what to load next, when to fade, what to skip. No files, no pixels.

Two layers: the one that is shown and a hidden one that loads. A picture is never shown before it is decoded, and
one that cannot be is skipped; meanwhile the picture shown stays.
"""

from __future__ import annotations

from typing import Final

from kiosk.slides.folder import Candidate, Stamp
from kiosk.slides.playlist import Item, Kind, Playlist, next_item

AT_ONCE: Final = float("-inf")


class Show:
    """Drives one pair of layers. All times are monotonic seconds.

    The shell asks ``want`` which place is next, hands the file found there to ``offer`` (which gives its
    generation), reports ``ready`` or ``failed``, asks ``start`` when to fade, and reports ``done``.
    Reports about an older generation are ignored.
    """

    def __init__(self, playlist: Playlist) -> None:
        self.playlist = playlist
        self.generation = 0
        self.shown: Candidate | None = None
        self._due_s = AT_ONCE  # when the picture shown has had its time
        self._loading: Candidate | None = None
        self._loaded = False
        self._fading = False
        self._reload = False  # the file shown has been replaced: try that place first
        self._cursor: Item | None = None  # last place tried since the picture shown
        self._tried = 0
        self._rest_until_s = AT_ONCE  # a whole round gave nothing: do not search again before
        self._undecodable: dict[Item, Stamp] = {}
        self._stand_in: Item | None = None  # an own welcome image that failed: ours stands in at once

    # --- what the world says ----------------------------------------------------------------------------

    def replace(self, playlist: Playlist) -> None:
        """A new round: places came or went, or the time changed."""
        if playlist == self.playlist:
            return
        if self.shown is not None and self._due_s != AT_ONCE:
            self._due_s += playlist.time_s - self.playlist.time_s
        self.playlist = playlist
        self._undecodable = {item: stamp for item, stamp in self._undecodable.items() if item in playlist}
        self._search()
        shown = self.shown.item if self.shown is not None else None
        if self._loading is not None and not self._fading and self._loading.item != next_item(playlist, shown):
            self._drop()  # gone, or another one has come before it
        if self.shown is not None and self.shown.item not in playlist:
            self._due_s = AT_ONCE

    def restart(self) -> None:
        """The layers are new and empty (the page was built again): nothing is shown or loading."""
        self._drop()
        self._search()
        self.shown, self._due_s, self._reload = None, AT_ONCE, False

    def resume(self, now_s: float) -> None:
        """Somebody sees the layers again: the picture shown gets its full time once more."""
        if self.shown is not None and self._due_s != AT_ONCE:
            self._due_s = now_s + self.playlist.time_s

    def watch(self) -> tuple[Item, ...]:
        """Places whose files are to be looked at again now: shown, and waiting in the hidden layer."""
        return tuple({c.item: None for c in (self.shown, self._loading) if c is not None})

    def looked(self, found: Candidate) -> None:
        """A file looked at again; another stamp means another picture."""
        loading = self._loading
        if (
            loading is not None
            and found.item == loading.item
            and found.stamp != loading.stamp
            and not self._fading
        ):
            self._drop()
            self._search()  # the same place again, with its new file
        if self.shown is None or found.item != self.shown.item or found.stamp == self.shown.stamp:
            return
        if not self._fading and not self._reload:
            self._drop()
            self._search()
            self._reload, self._due_s = True, AT_ONCE

    # --- what to do -------------------------------------------------------------------------------------

    def want(self, now_s: float) -> Item | None:
        """The place to look for now; None while the hidden layer is in use or a whole round gave nothing."""
        if self._loading is not None or now_s < self._rest_until_s:
            return None
        if self._reload and self._tried == 0 and self.shown is not None and self.shown.item in self.playlist:
            return self.shown.item
        if self._stand_in is not None:
            return self._stand_in
        shown = self.shown.item if self.shown is not None else None
        item = next_item(self.playlist, self._cursor or shown)
        wrapped = self._tried >= len(self.playlist.items)
        if item is None or wrapped or (item == shown and not self._reload):
            self._search()
            self._rest_until_s = now_s + max(1.0, self.playlist.time_s)
            return None
        return item

    def offer(self, found: Candidate) -> int | None:
        """The file found for ``want``; returns the generation to load it under, None where it cannot be shown."""
        self._tried += 1
        self._cursor, self._stand_in = found.item, None
        if found.findings or self._undecodable.get(found.item) == found.stamp:
            return None
        self.generation += 1
        self._loading = found
        return self.generation

    def ready(self, generation: int) -> bool:
        """The hidden layer has decoded ``generation``; False = an old one, ignored."""
        if generation != self.generation or self._loading is None:
            return False
        self._loaded = True
        return True

    def failed(self, generation: int) -> Candidate | None:
        """The hidden layer could not decode ``generation``; returns what is skipped now, None = an old one."""
        if generation != self.generation or self._loading is None:
            return None
        lost = self._loading
        self._undecodable[lost.item] = lost.stamp
        self._drop()
        if lost.item.kind is not Kind.SLIDE and not lost.standard:
            self._stand_in = lost.item
        return lost

    def undecodable(self, item: Item) -> Stamp | None:
        """The content of that place that began well but could not be decoded."""
        return self._undecodable.get(item)

    def due_s(self) -> float | None:
        """When the picture in the hidden layer is to be shown; None while there is none ready."""
        return self._due_s if self._loaded and not self._fading else None

    def start(self, now_s: float) -> int | None:
        """The generation to bring to the front now; None before it is due."""
        due_s = self.due_s()
        if due_s is None or now_s < due_s:
            return None
        self._fading = True
        return self.generation

    def done(self, generation: int, now_s: float) -> bool:
        """The fade has ended: ``generation`` is what is shown; False = an old one, ignored."""
        if generation != self.generation or not self._fading or self._loading is None:
            return False
        self.shown, self._reload = self._loading, False
        self._loading, self._loaded, self._fading = None, False, False
        self._search()
        self._due_s = now_s + self.playlist.time_s if self.shown.item in self.playlist else AT_ONCE
        return True

    def _search(self) -> None:
        self._cursor, self._tried, self._rest_until_s = None, 0, AT_ONCE
        self._stand_in = None

    def _drop(self) -> None:
        self.generation += 1  # whatever the layer still reports is old
        self._loading, self._loaded, self._fading = None, False, False
