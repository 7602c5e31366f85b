"""What a link to the backend is made of, and which one to try: the wanted one, or the one that worked. Pure.

A backend can change a station's address, password, security profile and certificate from afar. A station that
cannot connect afterwards would be lost, so the last link that worked is kept on disk beside the new wishes:

- The new link is tried first, ``tries`` times; then once the one that worked; then the new one again, and so on.
  Either may be down for an hour for reasons of its own, so no number of failures decides, only a success does.
- The first that connects is the one that holds. Is it the old one, the keys go back to it; is it the new one, the
  old one is forgotten: after one success there is no way back, also not to a lower security profile.
- The white paper lets a central system take the old password until the new one was used, and wants an upgrade to
  fall back; it leaves open for how long. The turns make it safe both ways: a backend that lost the new password is
  reached with the old one, one that lost the old one is reached with the new one.
- What an operator typed at the station is no trial: he is there, and means it. But a security profile that he
  cannot lower again is one.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import msgspec

from kiosk.model.enums import Provenance
from kiosk.settings import Settings
from kiosk.settings.values import DOTS


class Link(msgspec.Struct, frozen=True, kw_only=True):
    """One way to the backend. [stored]

    ``url``: base address, empty: the embedded backend, which listens elsewhere each time. ``pair``: fingerprint
    of the station's certificate that is shown, empty: none.
    """

    url: str
    identity: str
    profile: int
    key: str = ""
    pair: str = ""

    def __repr__(self) -> str:
        return (
            f"Link({self.url!r}, profile={self.profile}, key={DOTS if self.key else ''!r}, pair={self.pair[:8]!r})"
        )


KEYS: Final = {
    "url": "WebSocketUrl",
    "identity": "chargePointIdentity",
    "profile": "SecurityProfile",
    "key": "AuthorizationKey",
}
"""Field of a link to the key that it comes from."""


def wanted(settings: Settings, pair: str) -> Link:
    """The link that the keys in force ask for. ``pair``: see ``Link``.

    A new WebSocketUrl waits for a reset, unless a security profile came into force that the old one cannot serve.
    """
    profile, url = settings.int("SecurityProfile"), settings.str("WebSocketUrl")
    stored = settings.stored_text("WebSocketUrl")
    if profile >= 2 and not url.startswith("wss://") and stored.startswith("wss://"):
        url = stored
    return Link(
        url=url,
        identity=settings.str("chargePointIdentity"),
        profile=profile,
        key=settings.str("AuthorizationKey"),
        pair=pair if profile == 3 else "",
    )


def on_trial(new: Link, worked: Link, given_by: Callable[[str], Provenance]) -> bool:
    """May ``worked`` be tried again when ``new`` fails? ``given_by``: who gave the value of a key."""
    if new == worked:
        return False
    if new.profile != worked.profile or new.pair != worked.pair:
        return True
    return any(
        getattr(new, field) != getattr(worked, field) and given_by(key) is Provenance.BACKEND
        for field, key in KEYS.items()
    )


def differences(link: Link, from_link: Link) -> dict[str, str]:
    """Key to the text that it has in ``link``, for those in which the two differ."""
    return {
        key: str(getattr(link, field))
        for field, key in KEYS.items()
        if getattr(link, field) != getattr(from_link, field)
    }


class Turns:
    """Whose turn it is to be tried."""

    def __init__(self, tries: int) -> None:
        self._tries = tries
        self._new: Link | None = None
        self._failed = 0

    def next(self, new: Link, worked: Link | None) -> Link:
        """``worked`` None: there is nothing to fall back to."""
        if new != self._new:
            self._new, self._failed = new, 0
        if worked is None or self._failed < self._tries:
            return new
        return worked

    def failed(self, link: Link) -> None:
        """``link`` could not connect."""
        self._failed = self._failed + 1 if link == self._new else 0
