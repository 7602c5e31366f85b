"""Which security profile may follow which: the whole table."""

from __future__ import annotations

import itertools

import pytest

from kiosk.model.enums import Provenance
from kiosk.model.errors import BadValue
from kiosk.settings import Change, Installation, Settings
from kiosk.settings.rules import Certificates

BACKEND, OPERATOR, FILE = Provenance.BACKEND, Provenance.OPERATOR, Provenance.FILE
URLS = ("", "ws://x", "wss://x")


def station(profile: int, url: str, key: bool, certificates: Certificates) -> Settings:
    """Whatever brought it there."""
    settings = Settings(Installation.load(None, []))
    settings.certificates_are(certificates)
    given = {"SecurityProfile": str(profile), "WebSocketUrl": url, "AuthorizationKey": "0123456789abcdef" * key}
    for name, text in given.items():
        settings.apply(Change(name=name, text=text, provenance=OPERATOR, reboot_required=False))
    return settings


def allowed(settings: Settings, wanted: int, by: Provenance) -> bool:
    try:
        settings.check("SecurityProfile", str(wanted), by)
    except BadValue:
        return False
    return True


@pytest.mark.parametrize("by", [BACKEND, OPERATOR])
@pytest.mark.parametrize(("now", "wanted"), list(itertools.product(range(4), repeat=2)))
def test_the_whole_table(now: int, wanted: int, by: Provenance) -> None:
    """384 rows for each giver: it never falls, staying is nothing, rising needs all of that profile's parts."""
    for url, key, root, client in itertools.product(URLS, (False, True), (False, True), (False, True)):
        needs = {
            0: True,
            1: key,
            2: key and root and url == "wss://x",
            3: client and root and url == "wss://x",
        }
        expected = wanted == now or (wanted > now and needs[wanted])
        settings = station(now, url, key, Certificates(root=root, client=client))
        assert allowed(settings, wanted, by) is expected, (url, key, root, client)


@pytest.mark.parametrize("wanted", ["4", "-1", "1.0", "", "TLS", "0x1", " 2x"])
def test_there_are_no_other_profiles(wanted: str) -> None:
    with pytest.raises(BadValue):
        station(0, "wss://x", True, Certificates(True, True)).check("SecurityProfile", wanted, BACKEND)


def test_the_installation_file_may_name_a_profile_before_its_parts_are_known() -> None:
    """It is read first; the dial looks again."""
    settings = Settings(Installation.load(None, ["keys.SecurityProfile=2"]))
    assert settings.int("SecurityProfile") == 2
    with pytest.raises(BadValue, match="can only rise"):
        settings.check("SecurityProfile", "1", OPERATOR)


def test_a_backend_cannot_take_itself_away() -> None:
    settings = station(0, "ws://x", False, Certificates())
    with pytest.raises(BadValue, match="only the operator may take the backend away"):
        settings.check("WebSocketUrl", "", BACKEND)
    assert settings.check("WebSocketUrl", "", OPERATOR).text == ""


@pytest.mark.parametrize("profile", range(4))
def test_what_a_profile_stands_on_stays(profile: int) -> None:
    settings = station(profile, "wss://x", True, Certificates(True, True))
    plain_refused = profile >= 2
    for by in (BACKEND, OPERATOR):
        if plain_refused:
            with pytest.raises(BadValue, match="needs wss://"):
                settings.check("WebSocketUrl", "ws://y", by)
        else:
            assert settings.check("WebSocketUrl", "ws://y", by).text == "ws://y"
    if profile in (1, 2):
        with pytest.raises(BadValue, match="needs one"):
            settings.check("AuthorizationKey", "", OPERATOR)
    else:
        assert settings.check("AuthorizationKey", "", OPERATOR).text == ""
