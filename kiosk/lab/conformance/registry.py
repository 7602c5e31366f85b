"""The table of cases: id to what plays it, and the public list that it must equal."""

from __future__ import annotations

import importlib
import pkgutil
import re
import tomllib
from collections.abc import Awaitable, Callable, Mapping
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Final

import msgspec

from kiosk.model.errors import UsageError

if TYPE_CHECKING:
    from kiosk.lab.conformance.bench import Bench

PACKAGE: Final = "kiosk.lab.conformance"
Play = Callable[["Bench"], Awaitable[None]]


class NotApplicable(Exception):
    """The case cannot apply to this station; the text says why."""


class UnknownCase(UsageError):
    """No case of that id."""

    def __init__(self, case_id: str) -> None:
        super().__init__(f"there is no case {case_id!r}; `kiosk conformance --list` shows them")


class Listed(msgspec.Struct, frozen=True):
    """A line of the public list."""

    id: str
    title: str
    profile: str


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """One case. ``install``: overrides of the installation file; ``keys``: first values of configuration keys.

    ``limit_s``: how long it may take, in the loop's time. ``real``: on a real loop with real sockets.
    """

    id: str
    title: str
    profile: str
    play: Play
    install: tuple[str, ...] = ()
    keys: tuple[tuple[str, str], ...] = ()
    connectors: str = "CCS,CCS,CHAdeMO"
    booted: bool = True
    real: bool = False
    limit_s: float = 7200.0

    @property
    def name(self) -> str:
        """``tc_004_1_identification_first``"""
        words = re.sub(r"[^a-z0-9]+", "_", self.title.casefold()).strip("_")
        return f"tc_{self.id}_{words}"


_cases: dict[str, Case] = {}


def case(
    case_id: str,
    title: str,
    *,
    profile: str,
    install: tuple[str, ...] = (),
    keys: Mapping[str, str] | None = None,
    connectors: str = "CCS,CCS,CHAdeMO",
    booted: bool = True,
    real: bool = False,
    limit_s: float = 7200.0,
) -> Callable[[Play], Play]:
    """Register a coroutine as a case. Raises ValueError when the id is taken."""

    def register(play: Play) -> Play:
        if case_id in _cases:
            raise ValueError(f"case {case_id} is there twice")
        _cases[case_id] = Case(
            id=case_id,
            title=title,
            profile=profile,
            play=play,
            install=install,
            keys=tuple((keys or {}).items()),
            connectors=connectors,
            booted=booted,
            real=real,
            limit_s=limit_s,
        )
        return play

    return register


@cache
def listed() -> tuple[Listed, ...]:
    """The public list, in its order."""
    text = (files(PACKAGE) / "acceptance.toml").read_text(encoding="utf-8")
    return tuple(msgspec.convert(tomllib.loads(text)["case"], list[Listed]))


def cases() -> dict[str, Case]:
    """All cases by id, in the order of their ids."""
    package = importlib.import_module(PACKAGE)
    for module in pkgutil.iter_modules(package.__path__):
        if not module.name.startswith("_"):
            importlib.import_module(f"{PACKAGE}.{module.name}")
    return dict(sorted(_cases.items()))


def find(case_id: str) -> Case:
    """A case as people write it: ``4_1``, ``004_1``, ``TC_004_1_CS``. Raises UnknownCase."""
    match = re.fullmatch(r"(?:tc_)?(\d{1,3})(_\d)?(?:_cs)?", case_id.strip().casefold())
    name = f"{int(match[1]):03d}{match[2] or ''}" if match else case_id
    found = cases().get(name)
    if found is None:
        raise UnknownCase(case_id)
    return found
