"""Sentences with numbers: every word of every enum has one, in every language, with nothing left unfilled."""

from collections.abc import Iterator
from datetime import datetime

import pytest

from kiosk.i18n import LANGUAGES, PLUS50, Language, formats, texts
from kiosk.i18n.texts import Advice
from kiosk.model.enums import ChargePointStatus, ConnectorType, LimitReason, Phase, RefusalReason, StopReason
from kiosk.model.errors import BadValue, UnknownFault
from kiosk.model.faults import FAULTS

CODES = [*(row.code for row in LANGUAGES), PLUS50]
AT = datetime(2026, 11, 22, 16, 30)  # noqa: DTZ001 - a wall time of the station


def everything(code: str) -> Iterator[str]:
    """Every sentence the room can say in ``code``."""
    for reason in RefusalReason:
        yield from texts.refusal(code, reason)
    for fault in FAULTS:
        yield from texts.fault(code, fault)
    for status in ChargePointStatus:
        for can_start in (True, False):
            yield texts.connector_status(code, status, can_start=can_start)
        yield texts.charging_title(code, status)
        yield texts.suspended_notice(code, status) or "-"
    for limit in LimitReason:
        for shared in ((), (1,), (1, 2)):
            for soc in (None, 50, 80):
                for cold in (None, -4.0, 20.0):
                    yield (
                        texts.limit_notice(
                            code, limit, shared_with=shared, soc_percent=soc, battery_temperature_c=cold
                        )
                        or ""
                    )
    for reason in StopReason:
        yield texts.ended_why(code, reason) or "-"
    for kind in ConnectorType:
        yield from (step for step, _phase in texts.preparing_steps(code, kind))
    for position in ("left", "right", "above", "below"):
        yield texts.reader_where(code, position)
    for n in (0, 1, 2, 3, 4, 5, 21, 60, 101, 111):
        yield texts.back_in(code, n)
        yield texts.seconds_to_plug_in(code, n)
        yield texts.plug_in_title(code, n)
        yield texts.start_on(code, n)
        yield texts.stop_question(code, n)
        yield texts.connector_name(code, n)
    yield texts.to_80(code)
    yield texts.to_100(code)
    yield texts.reserved_until(code, AT)


@pytest.mark.parametrize("code", CODES)
def test_every_sentence_is_whole(code: str) -> None:
    for text in everything(code):
        assert text.strip() == text != "", text
        assert "%(" not in text, text
        assert "\u202f" not in text, text


@pytest.mark.parametrize("code", CODES)
def test_a_sentence_holds_its_number(code: str) -> None:
    for n in (1, 2, 42):
        for say in (
            texts.plug_in_title,
            texts.start_on,
            texts.stop_question,
            texts.connector_name,
        ):
            assert str(n) in say(code, n)
        assert str(formats.seconds(code, n)) in texts.back_in(code, n)
        # the dial beside it shows the number
        assert str(n) not in texts.seconds_to_plug_in(code, n)
    assert formats.clock(code, AT) in texts.reserved_until(code, AT)
    assert "80" in texts.to_80(code)
    assert "100" in texts.to_100(code)
    assert not any(character.isdigit() for character in texts.to_full(code))


PLURALS = {
    # 0, 1, 2, 3, 5, 11, 21, 101 seconds
    "cs": "sekund sekunda sekundy sekundy sekund sekund sekund sekund",
    "da": "sekunder sekund sekunder sekunder sekunder sekunder sekunder sekunder",
    "de": "Sekunden Sekunde Sekunden Sekunden Sekunden Sekunden Sekunden Sekunden",
    "en": "seconds second seconds seconds seconds seconds seconds seconds",
    "es": "segundos segundo segundos segundos segundos segundos segundos segundos",
    "fr": "seconde seconde secondes secondes secondes secondes secondes secondes",
    "hr": "sekundi sekunda sekunde sekunde sekundi sekundi sekunda sekunda",
    "it": "secondi secondo secondi secondi secondi secondi secondi secondi",
    "hu": "másodperc másodperc másodperc másodperc másodperc másodperc másodperc másodperc",
    "nl": "seconden seconde seconden seconden seconden seconden seconden seconden",
    "nb": "sekunder sekund sekunder sekunder sekunder sekunder sekunder sekunder",
    "pl": "sekund sekunda sekundy sekundy sekund sekund sekund sekund",
    "pt": "segundos segundo segundos segundos segundos segundos segundos segundos",
    "ro": "secunde secundă secunde secunde secunde secunde de secunde",
    "ru": "секунд секунда секунды секунды секунд секунд секунда секунда",
    "sk": "sekúnd sekunda sekundy sekundy sekúnd sekúnd sekúnd sekúnd",
    "sl": "sekund sekunda sekundi sekunde sekund sekund sekund sekunda",
    "fi": "sekuntia sekunti sekuntia sekuntia sekuntia sekuntia sekuntia sekuntia",
    "sv": "sekunder sekund sekunder sekunder sekunder sekunder sekunder sekunder",
}


@pytest.mark.parametrize("row", LANGUAGES, ids=lambda row: row.code)
def test_the_noun_follows_the_number(row: Language) -> None:
    # the sentence stands beside a dial that shows the number, so it begins with the noun
    said = [texts.seconds_to_plug_in(row.code, n).split()[0] for n in (0, 1, 2, 3, 5, 11, 21, 101)]
    assert said == PLURALS[row.code].split()


def test_romanian_says_of_from_twenty_on() -> None:
    said = [" ".join(texts.seconds_to_plug_in("ro", n).split()[:2]) for n in (19, 20, 101, 120)]
    assert said == ["secunde pentru", "de secunde", "secunde pentru", "de secunde"]


NOTICES = [
    (None, (), None, None, None),
    (None, (2,), 90, None, None),
    (LimitReason.CAR, (), 79, None, "Your car sets the charging power."),
    (LimitReason.CAR, (), 80, None, "Less power: the battery is nearly full."),
    (LimitReason.CAR, (), None, 4.9, "Less power: the battery is cold."),
    (LimitReason.CAR, (), 80, 4.9, "Less power: the battery is nearly full."),
    (LimitReason.CAR, (2,), 50, 5.0, "Your car sets the charging power."),
    (LimitReason.STACK, (), 50, None, "This is the highest power of this station."),
    (LimitReason.STACK, (2,), 50, None, "Less power: it is shared with connector 2."),
    (LimitReason.GRID, (2, 3), 50, None, "Less power: it is shared with other connectors."),
    (LimitReason.MODBUS, (3,), 50, None, "Less power: it is shared with connector 3."),
    (LimitReason.PROFILE, (3,), 50, None, "Less power: the operator has set a limit."),
    (LimitReason.DERATING, (3,), 90, None, "Less power: the station is cooling down."),
    (LimitReason.AUTHORIZATION, (), 90, None, "The operator did not accept the card."),
]


@pytest.mark.parametrize(("reason", "shared", "soc", "cold", "expected"), NOTICES)
def test_what_limits_the_power(
    reason: LimitReason | None, shared: tuple[int, ...], soc: int | None, cold: float | None, expected: str | None
) -> None:
    said = texts.limit_notice("en", reason, shared_with=shared, soc_percent=soc, battery_temperature_c=cold)
    assert said == expected


def test_a_free_connector_that_cannot_start_says_why() -> None:
    def foot(status: ChargePointStatus, *, can_start: bool) -> str:
        return texts.connector_status("en", status, can_start=can_start)

    assert foot(ChargePointStatus.AVAILABLE, can_start=True) == "Available"
    assert foot(ChargePointStatus.AVAILABLE, can_start=False) == "No power free"
    assert foot(ChargePointStatus.FAULTED, can_start=False) == "Out of order"


def test_paused_tells_by_whom() -> None:
    assert texts.charging_title("en", ChargePointStatus.SUSPENDED_EV) == "Paused by the vehicle"
    assert texts.charging_title("en", ChargePointStatus.SUSPENDED_EVSE) == "Paused by the station"
    assert texts.suspended_notice("en", ChargePointStatus.CHARGING) is None


def test_an_ending_that_the_driver_chose_needs_no_reason() -> None:
    assert texts.ended_why("en", None) is None
    assert texts.ended_why("en", StopReason.LOCAL) is None
    silent = [reason for reason in StopReason if texts.ended_why("en", reason) is None]
    assert silent == [StopReason.LOCAL]


@pytest.mark.parametrize("kind", ConnectorType)
def test_every_phase_before_energy_belongs_to_a_step(kind: ConnectorType) -> None:
    steps = [phase for _text, phase in texts.preparing_steps("en", kind)]
    skipped = {Phase.CABLE_CHECK, Phase.PRECHARGE} if not kind.is_dc else set()
    before = [phase for phase in list(Phase)[1 : list(Phase).index(Phase.ENERGY) + 1] if phase not in skipped]
    places = [steps.index(found) for phase in before if (found := texts.step_of(phase))]
    assert len(places) == len(before)
    assert places == sorted(places)
    assert set(places) == set(range(len(steps)))


@pytest.mark.parametrize("phase", [Phase.UNPLUGGED, Phase.STOPPING, Phase.ENDED])
def test_other_phases_belong_to_none(phase: Phase) -> None:
    assert texts.step_of(phase) is None


TARIFFS: list[tuple[dict[str, str], str | None]] = [
    ({}, None),
    ({"": ""}, None),
    ({"de": "0,59 €", "": "0.59"}, "0,59 €"),
    ({"": "0.59", "en": "0.59 EUR"}, "0.59"),
    ({"en": "0.59 EUR", "fr": "0,59 €"}, "0.59 EUR"),
    ({"fr": "0,59 €"}, "0,59 €"),
    ({"de": "", "fr": "0,59 €"}, "0,59 €"),
]


@pytest.mark.parametrize(("given", "expected"), TARIFFS)
def test_the_tariff_falls_back_to_the_text_for_all_then_english_then_any(
    given: dict[str, str], expected: str | None
) -> None:
    assert texts.tariff("de", given) == expected


def test_a_fault_reads_as_its_row_says() -> None:
    row = FAULTS[18]
    assert texts.fault("en", 18) == Advice(row.title, row.cause, row.advice)
    with pytest.raises(UnknownFault):
        texts.fault("en", 13)


def test_a_place_that_no_reader_has_is_an_error() -> None:
    with pytest.raises(KeyError):
        texts.reader_where("en", "behind")


def test_a_language_that_is_none_is_an_error() -> None:
    with pytest.raises(BadValue):
        texts.connector_name("xx", 1)
