"""GetConfiguration and ChangeConfiguration for every key: access, types, ranges, names, resets, secrets."""

from __future__ import annotations

from typing import Any, Final

import pytest
from ocpp.v16 import call

from kiosk.settings.table import KEYS, Access, Key, KeyType
from tests.fakes.site import IDENTITY, Site

GOOD: Final[dict[KeyType, str]] = {
    KeyType.STRING: "some text",
    KeyType.IDENTITY: "CP-2",
    KeyType.PASSWORD: " kept to the letter ",
    KeyType.PIN: "0042",
    KeyType.AUTHORIZATION_KEY: "00112233445566778899AABBCCDDEEFF",
    KeyType.LABELS: "a,b,c",
    KeyType.TAGS: "FREE1,FREE2",
    KeyType.MEASURANDS: "Voltage,SoC",
    KeyType.PHASE_ROTATION: "0.TSR",
    KeyType.COLOURS: "112233,,445566,,778899",
    KeyType.ENUM: "FAIR",
    KeyType.LANGUAGE: "Polski",
    KeyType.URL: "ws://192.0.2.1:9000/ocpp",
    KeyType.ADDRESS: "192.0.2.53",
    KeyType.INTEGERS: "20000,20000,20000",
    KeyType.TARIFF: "en=0.49",
}
BAD: Final[dict[KeyType, tuple[str, ...]]] = {
    KeyType.BOOLEAN: ("", "1", "0", "yes", "truee", "true,false"),
    KeyType.INTEGER: ("", "1.5", "1.0", "1e3", "0x10", "true", "٣", "1 000", "ten", "--1", "9" * 30),
    KeyType.INTEGERS: ("", "1,2", "1,2,3,4", "1,2,-3", "1,2,3.5", "1,2,true"),
    KeyType.STRING: ("line\nbreak",),
    KeyType.IDENTITY: ("", "a:b", "x" * 49),
    KeyType.PASSWORD: ("x" * 65,),
    KeyType.PIN: ("12", "12a4", "123456789"),
    KeyType.AUTHORIZATION_KEY: ("", "short", "0" * 33, "0" * 42, "x" * 21, "Zürich-Zürich-Zürich"),
    KeyType.LABELS: ("x" * 21, "a,b,c,d,e"),
    KeyType.TAGS: ("A,A", "A B", "x" * 21, "A,,B"),
    KeyType.MEASURANDS: ("Volts", "Voltage,Voltage", "Voltage;SoC"),
    KeyType.PHASE_ROTATION: ("RST", "9.RST", "1.XYZ", "-1.RST"),
    KeyType.COLOURS: ("", "red,green,blue,white,black", "112233"),
    KeyType.ENUM: ("LIFO",),
    KeyType.LANGUAGE: ("", "Klingon", "xx"),
    KeyType.URL: ("http://example.com", "example.com", "ws://", "ws://u:p@example.com"),
    KeyType.ADDRESS: ("dns.example", "300.1.1.1", "192.0.2.1,192.0.2.2"),
    KeyType.TARIFF: ("en=a | en=b", "xx=a", "de="),
}


def good(key: Key, now: str | None) -> str:
    """A value that differs from what is there, where the type has more than one."""
    if key.name == "SecurityProfile":
        return "0"  # may only rise, and what it needs is not installed
    if key.type is KeyType.BOOLEAN:
        return "false" if now == "true" else "true"
    if key.type is KeyType.INTEGER:
        return str(min(key.max, max(key.min, 42)))
    return GOOD[key.type]


def bad(key: Key) -> tuple[str, ...]:
    values = BAD[key.type]
    if key.type is KeyType.INTEGER:
        values += (str(key.min - 1), str(key.max + 1))
    if key.required:
        values += ("", "  ")
    return values


PROFILES = sorted({key.profile for key in KEYS.values()})
WRITABLE = sorted({key.profile for key in KEYS.values() if key.writable})


@pytest.mark.parametrize("profile", PROFILES)
def test_every_key_over_the_wire(aio: Any, site: Any, profile: str) -> None:
    """Read by any of its names, refused where the row says so, RebootRequired exactly where it says so."""

    async def story() -> None:
        async with site() as here:
            for key in (k for k in KEYS.values() if k.profile == profile):
                await one_key(here, key)

    aio(story())


async def one_key(here: Site, key: Key) -> None:
    name = key.name
    rows = {asked: await here.get(asked) for asked in (name, name.upper(), name.lower(), *key.aliases)}
    row = rows[name].get(name)
    assert row is not None, name
    assert all(each == {name: row} for each in rows.values()), f"{name} by other names"
    assert row["readonly"] is (key.access is Access.READ), name
    assert ("value" in row) is not key.secret, name
    before = row.get("value")
    if key.access is Access.READ:
        for value in ("1", "true", before or "x"):
            assert await here.change(name, value) == "Rejected", f"{name} is read-only"
        assert await here.value(name) == before
        return
    for value in bad(key):
        assert await here.change(name, value) == "Rejected", f"{name} = {value!r}"
        assert (await here.get(name))[name].get("value") == before, f"{name} = {value!r} was stored"
    wanted = good(key, before)
    status = await here.change(name.swapcase(), wanted)
    assert status == ("RebootRequired" if key.reboot else "Accepted"), f"{name} = {wanted!r}"
    if name == "AuthorizationKey":  # the link is made anew with it
        here.allow("kiosk.station.ocpp", "AuthorizationKey changed")
        await here.until(lambda: not here.snapshot.backend.connected)
        await here.until(lambda: IDENTITY in here.central.stations and here.snapshot.backend.online)
    after = (await here.get(name))[name]
    assert ("value" in after) is not key.secret, name
    if not key.secret:
        assert after["value"] == (wanted if name != "TariffText" else "en=0.49"), name
    for alias in key.aliases:
        assert await here.change(alias, wanted) in ("Accepted", "RebootRequired"), alias


def test_what_waits_for_a_reset_is_what_is_read_back(aio: Any, site: Any) -> None:
    """The stored value, so that a backend finds what it wrote; in force it is from the reset on."""

    async def story() -> None:
        async with site() as here:
            assert await here.change("GUIslideTime", "33") == "RebootRequired"
            assert await here.value("GUIslideTime") == "33"
            assert here.snapshot.gui.slide_time_s == 10
            await here.reset()
            assert await here.value("GUIslideTime") == "33"
            assert here.snapshot.gui.slide_time_s == 33

    aio(story())


def test_values_are_canonical_and_survive_a_reset(aio: Any, site: Any) -> None:
    async def story() -> None:
        async with site() as here:
            for name, typed, stored in (
                ("LocalPreAuthorize", " FALSE ", "false"),
                ("ConnectionTimeOut", "+007", "7"),
                ("MeterValuesSampledData", "voltage , soc", "Voltage,SoC"),
                ("GUIConnectorHolderColors", "#aabbcc,,,,", "AABBCC,,,,"),
            ):
                await here.set(name, typed)
                assert await here.value(name) == stored
            await here.reset()
            assert await here.value("MeterValuesSampledData") == "Voltage,SoC"
            assert here.station.core.settings.int("ConnectionTimeOut") == 7

    aio(story())


def test_without_names_all_keys(aio: Any, site: Any) -> None:
    async def story() -> None:
        async with site() as here:
            answer = await here.ask(call.GetConfiguration())
            assert [row["key"] for row in answer.configuration_key] == list(KEYS)
            assert not answer.unknown_key
            secrets = {row["key"] for row in answer.configuration_key if "value" not in row}
            assert secrets == {name for name, key in KEYS.items() if key.secret}
            assert secrets == {"AuthorizationKey", "SimPin", "ApnPassword"}
            values = {row["key"]: row.get("value") for row in answer.configuration_key}
            assert values["chargePointIdentity"] == IDENTITY
            assert values["WebSocketUrl"] == here.central.url
            empty = await here.ask(call.GetConfiguration(key=[]))
            assert len(empty.configuration_key) == len(KEYS)

    aio(story())


def test_unknown_keys_are_named(aio: Any, site: Any) -> None:
    async def story() -> None:
        async with site() as here:
            answer = await here.ask(
                call.GetConfiguration(key=["Nonsense", "heartbeatinterval", "HeartbeatIntervall"])
            )
            assert [row["key"] for row in answer.configuration_key] == ["HeartbeatInterval"]
            assert answer.unknown_key == ["Nonsense", "HeartbeatIntervall"]
            only = await here.ask(call.GetConfiguration(key=["Nonsense"]))
            assert (only.configuration_key, only.unknown_key) == (None, ["Nonsense"])
            assert await here.change("Nonsense", "1") == "NotSupported"
            assert await here.change("HeartbeatIntervall", "60") == "NotSupported"

    aio(story())


@pytest.mark.parametrize(
    ("payload", "code"),
    [
        ({"key": "TariffText", "value": "x" * 501}, "TypeConstraintViolation"),
        ({"key": "k" * 51, "value": "1"}, "TypeConstraintViolation"),
        ({"key": "HeartbeatInterval", "value": 60}, "TypeConstraintViolation"),
        ({"key": "LocalPreAuthorize", "value": True}, "TypeConstraintViolation"),
        ({"key": "HeartbeatInterval"}, "ProtocolError"),
        ({"key": "HeartbeatInterval", "value": "60", "more": 1}, "FormationViolation"),
    ],
    ids=["long value", "long key", "number", "boolean", "no value", "more"],
)
def test_what_breaks_the_schema_is_an_error_and_changes_nothing(
    aio: Any, site: Any, payload: Any, code: str
) -> None:
    async def story() -> None:
        async with site() as here:
            before = await here.get()
            answer = await here.raw("ChangeConfiguration", payload)
            assert (answer.kind, answer.payload["code"]) == ("error", code)
            assert await here.get() == before

    aio(story())


def test_the_longest_value(aio: Any, site: Any) -> None:
    """500 characters go in and come out whole."""

    async def story() -> None:
        async with site() as here:
            text = "x" * 500
            await here.set("TariffText", text)
            assert await here.value("TariffText") == text

    aio(story())


SECRETS: Final = {"ApnPassword": "s3cret-word", "SimPin": "80808080", "AuthorizationKey": "k" * 20}


def test_no_secret_in_the_log(aio: Any, site: Any, caplog: pytest.LogCaptureFixture) -> None:
    async def story() -> None:
        async with site() as here:
            here.allow("kiosk.station.ocpp", "AuthorizationKey changed")
            for name, value in SECRETS.items():
                assert await here.change(name, f"{value}\x07") == "Rejected"
                await here.change(name, value)
                await here.settle(30)  # a link is made anew with its key

    with caplog.at_level("DEBUG", logger="kiosk.station"):
        aio(story())
    assert not [word for word in SECRETS.values() if word in caplog.text]


ODD: Final = (
    *("", " ", "null", "None", "TRUE", " false ", "0", "-0", "+0", "-1", "7", "007", "1e9", "NaN", "Infinity"),
    *("999999999999", "1,2,3", "0,0,0", ",", ",,,,", "a=b", "de=x|en=y", "'", '"', "{}", "[]", "\u202e", "\u00a0"),
    *(
        "\N{GRINNING FACE}",
        "A" * 20,
        "x" * 500,
        "ws://x",
        "WSS://EXAMPLE.com/",
        "::1",
        "Voltage",
        "soc,soc",
        "0.rst",
    ),
    *("fcfs", "magyar", "%s%n", "../../etc/passwd", "<b>", "'; DROP TABLE settings; --"),
)
LINK: Final = ("AuthorizationKey", "WebSocketUrl", "chargePointIdentity")
"""What the link hangs on has tests of its own."""


@pytest.mark.parametrize("profile", WRITABLE)
def test_odd_words_are_refused_or_kept_and_the_station_starts_again(aio: Any, site: Any, profile: str) -> None:
    """What is refused changes nothing; what is accepted is told back so that it is accepted again."""

    async def story() -> None:
        async with site() as here:
            kept = {}
            stored = here.station.core.settings.stored_text
            for key in (k for k in KEYS.values() if k.profile == profile and k.writable and k.name not in LINK):
                accepted = "RebootRequired" if key.reboot else "Accepted"
                for word in ODD:
                    before = stored(key.name)
                    status = await here.change(key.name, word)
                    after = stored(key.name)
                    assert status in (accepted, "Rejected"), f"{key.name} = {word!r}"
                    if status == "Rejected":
                        assert after == before, f"{key.name} = {word!r}"
                    elif after != before:
                        assert await here.change(key.name, after) == accepted, f"{key.name} = {word!r}"
                        assert stored(key.name) == after, f"{key.name} = {word!r}"
                kept[key.name] = stored(key.name)
            await here.reset()  # a stored value that could not be read would be a warning
            kept.pop("HeartbeatInterval", None)  # BootNotification.conf has given another one
            assert {name: here.station.core.settings.text(name) for name in kept} == kept

    aio(story())
