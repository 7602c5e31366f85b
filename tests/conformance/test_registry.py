"""The table of cases is the public list, no more and no less."""

from __future__ import annotations

import pytest

from kiosk.lab.conformance.registry import UnknownCase, cases, find, listed


def test_the_cases_are_those_of_the_public_list() -> None:
    wanted = {row.id: row for row in listed()}
    assert len(wanted) == 107
    built = cases()
    assert sorted(built) == sorted(wanted), "a case is missing, or is not on the list"
    different = [
        case.id
        for case in built.values()
        if (case.title, case.profile) != (wanted[case.id].title, wanted[case.id].profile)
    ]
    assert different == [], "title or profile is not that of acceptance.toml"


def test_names_of_tests_begin_with_the_id_and_are_unique() -> None:
    names = [case.name for case in cases().values()]
    assert len(set(names)) == len(names)
    assert find("004_1").name == "tc_004_1_identification_first"
    assert all(name.isidentifier() and name.startswith("tc_") for name in names)


@pytest.mark.parametrize("written", ["004_1", "4_1", "TC_004_1", "tc_004_1_cs", " 004_1 "])
def test_a_case_is_found_as_people_write_it(written: str) -> None:
    assert find(written).id == "004_1"


@pytest.mark.parametrize("written", ["", "4", "999", "004_9", "boot", "0004_1"])
def test_an_unknown_case_is_told_with_the_remedy(written: str) -> None:
    with pytest.raises(UnknownCase, match="kiosk conformance --list"):
        find(written)


def test_every_case_says_what_it_needs_in_known_words() -> None:
    profiles = {row.profile for row in listed()}
    assert profiles == {
        "Core",
        "FirmwareManagement",
        "LocalAuthListManagement",
        "Reservation",
        "SmartCharging",
        "RemoteTrigger",
        "Security",
    }
