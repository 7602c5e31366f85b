"""The values of the configuration keys: defaults, installation file and store on top of each other.

Each key has a *stored* value (what was last accepted) and one *in force*; they differ while a change waits for a
soft reset. ``check`` is pure; whoever changes a key checks, commits to the store, then applies.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any, Final

import msgspec

from kiosk.model.enums import Provenance
from kiosk.model.errors import BadValue, ReadOnlyKey, UnknownKey
from kiosk.settings import rules, table, valuetypes
from kiosk.settings.derived import DERIVED
from kiosk.settings.installation import Installation, key_text
from kiosk.settings.table import KEYS, Access, Key, Source
from kiosk.settings.unfit import Unfit

log = logging.getLogger(__name__)

DOTS: Final = "•••"
"""Stands for a secret wherever a value would be shown."""


def _repr(row: StoredKey | Change) -> str:
    """Without the text of a secret: rows end up in logs and tracebacks."""
    key = KEYS.get(row.name)
    text = DOTS if key is None or key.secret else row.text
    return f"{type(row).__name__}({row.name}={text!r}, {row.provenance.value})"


class StoredKey(msgspec.Struct, frozen=True, kw_only=True):
    """A row of the store."""

    name: str
    text: str
    provenance: Provenance
    changed_at: datetime

    def __repr__(self) -> str:
        return _repr(self)


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """An accepted change: canonical name and canonical text."""

    name: str
    text: str
    provenance: Provenance
    reboot_required: bool

    def __repr__(self) -> str:
        return _repr(self)


class KeyView(msgspec.Struct, frozen=True, kw_only=True):
    """One key as faces show it. ``value`` (stored) and ``in_force`` are None for secrets."""

    name: str
    value: str | None
    in_force: str | None
    default: str
    provenance: Provenance
    profile: str
    type: str
    unit: str
    allowed: str
    access: str
    reboot_required: bool
    pending_reboot: bool
    help: str
    aliases: tuple[str, ...]
    clamped: str | None  # what is used where the hardware cannot do ``value``


class _Value(msgspec.Struct, frozen=True):
    text: str
    provenance: Provenance


class _Values:
    """Changing and viewing; ``Settings`` adds the accessors, whose names hide the builtin types."""

    def __init__(self, installation: Installation) -> None:
        """Defaults and the installation's ``keys``; for these, raises UnknownKey, ReadOnlyKey or BadValue."""
        self._installation = installation
        self._connectors = len(installation.connectors)
        self._certificates = rules.Certificates()
        self._listeners: list[Callable[[str], None]] = []
        self._defaults = {
            name: DERIVED[name](installation) if name in DERIVED else key.default for name, key in KEYS.items()
        }
        self._stored = {name: _Value(text, Provenance.DEFAULT) for name, text in self._defaults.items()}
        self._used: dict[str, Any] = {}
        for name, given in installation.keys.items():
            change = self.check(name, key_text(given), Provenance.FILE)
            self._stored[change.name] = _Value(change.text, Provenance.FILE)
        self._in_force = dict(self._stored)

    # --- changes ---------------------------------------------------------------------------------------------

    def load(self, rows: Iterable[StoredKey]) -> list[str]:
        """Take over the store's rows, in force at once. A bad row is skipped; the result tells of it."""
        troubles = []
        for row in rows:
            try:
                key = table.find(row.name)
                if not key.writable:
                    raise ReadOnlyKey(key.name)
                self._stored[key.name] = _Value(self._canonical(key, row.text), row.provenance)
            except (UnknownKey, ReadOnlyKey, BadValue) as error:
                troubles.append(f"stored key skipped: {error}")
        self.restart()
        for name in rules.CLAMPS:
            self._tell_clamp(KEYS[name])
        return troubles

    def check(self, name: str, typed: str, by: Provenance) -> Change:
        """What a change would be. Changes nothing. Raises UnknownKey, ReadOnlyKey or BadValue."""
        key = table.find(name)
        if key.source is Source.INSTALLATION:
            raise ReadOnlyKey(key.name, "it follows from the installation file")
        if key.source is Source.MACHINE:
            raise ReadOnlyKey(key.name, "the station reports it")
        if key.access is Access.READ and not (key.file and by is Provenance.FILE):
            raise ReadOnlyKey(key.name)
        text = self._canonical(key, typed)
        rule = rules.RULES.get(key.name)
        reason = rule(self._raw(key, text), self._use_stored, self._certificates, by) if rule else None
        if reason:
            raise self._bad(key, typed, reason)
        return Change(name=key.name, text=text, provenance=by, reboot_required=key.reboot)

    def check_all(self, wishes: Iterable[tuple[str, str]], by: Provenance) -> list[Change]:
        """Several changes, each checked as if those before it were stored already. Changes nothing.

        So a key may come together with what it needs (an AuthorizationKey, then SecurityProfile 1). Raises as
        ``check``, for the first that does not fit.
        """
        before, changes = dict(self._stored), []
        try:
            for name, typed in wishes:
                change = self.check(name, typed, by)
                self._stored[change.name] = _Value(change.text, by)
                changes.append(change)
        finally:
            self._stored = before
        return changes

    def apply(self, change: Change) -> None:
        """Take over a change that the store has committed. Listeners hear of it unless it waits for a reset."""
        self._stored[change.name] = _Value(change.text, change.provenance)
        self._tell_clamp(KEYS[change.name])
        if not change.reboot_required:
            self._enforce((change.name,))

    def restart(self) -> None:
        """All stored values come into force (soft reset)."""
        self._enforce(KEYS)

    def report(self, name: str, text: str) -> None:
        """A value that the machine reports (MobileRSSI ...). Raises UnknownKey, BadValue, else ReadOnlyKey."""
        key = table.find(name)
        if key.source is not Source.MACHINE:
            raise ReadOnlyKey(key.name, "the machine does not report it")
        self._stored[key.name] = _Value(self._canonical(key, text), Provenance.DEFAULT)
        self._enforce((key.name,))

    def certificates_are(self, certificates: rules.Certificates) -> None:
        """What is installed from now on; SecurityProfile is checked against it."""
        self._certificates = certificates

    def subscribe(self, listener: Callable[[str], None]) -> Callable[[], None]:
        """``listener`` gets the name of each key whose value in force has changed, be it by its clamp only.

        Returns the way out.
        """
        self._listeners.append(listener)

        def unsubscribe() -> None:
            if listener in self._listeners:
                self._listeners.remove(listener)

        return unsubscribe

    def text(self, name: str) -> str:
        """Canonical text of the value in force, unclamped. Secrets too: for the core only."""
        return self._in_force[table.find(name).name].text

    def stored_text(self, name: str) -> str:
        """Canonical text of the value last accepted. Secrets too: for the core only."""
        return self._stored[table.find(name).name].text

    def provenance(self, name: str) -> Provenance:
        """Who gave the stored value."""
        return self._stored[table.find(name).name].provenance

    def tariff(self) -> dict[str, str]:
        """Text per language code, ``""`` for all others: the key TariffText, else the installation's."""
        return dict(self._use("TariffText") or self._installation.tariff)

    # --- views -------------------------------------------------------------------------------------------------

    def view(self, name: str) -> KeyView:
        """One key for the faces. Raises UnknownKey."""
        key = table.find(name)
        stored, in_force = self._stored[key.name], self._in_force[key.name]
        return KeyView(
            name=key.name,
            value=None if key.secret else stored.text,
            in_force=None if key.secret else in_force.text,
            default="" if key.secret else self._defaults[key.name],
            provenance=stored.provenance,
            profile=key.profile,
            type=key.type,
            unit=key.unit,
            allowed=valuetypes.allowed(key),
            access=key.access,
            reboot_required=key.reboot,
            pending_reboot=stored.text != in_force.text,
            help=key.help,
            aliases=key.aliases,
            clamped=self._clamped(key),
        )

    def views(self) -> list[KeyView]:
        """All keys in the order of the table."""
        return [self.view(name) for name in KEYS]

    # --- inside ------------------------------------------------------------------------------------------------

    def _canonical(self, key: Key, typed: str) -> str:
        try:
            return valuetypes.stored(key, typed, self._connectors)
        except Unfit as error:
            raise self._bad(key, typed, str(error)) from error

    def _bad(self, key: Key, typed: str, reason: str) -> BadValue:
        shown = DOTS if key.secret else typed if len(typed) <= 60 else typed[:59] + "…"
        return BadValue(key.name, shown, reason, valuetypes.allowed(key))

    def _enforce(self, names: Iterable[str]) -> None:
        """All values first, then the listeners, so that none of them sees half of a restart."""
        clamped = {name: self._use(name) for name in rules.CLAMPS}
        changed = [name for name in names if self._in_force[name].text != self._stored[name].text]
        self._in_force.update((name, self._stored[name]) for name in names)
        self._used.clear()  # a clamp may hang on another key
        changed += [name for name in rules.CLAMPS if name not in changed and self._use(name) != clamped[name]]
        for name in changed:
            for listener in tuple(self._listeners):
                listener(name)

    def _tell_clamp(self, key: Key) -> None:
        clamped = self._clamped(key)
        if clamped is not None:
            log.info(
                "%s = %s is beyond what the station can do: %s is used",
                key.name,
                self._stored[key.name].text,
                clamped,
            )

    def _raw(self, key: Key, text: str) -> Any:
        return valuetypes.used(key, text, self._connectors)

    def _use_stored(self, name: str) -> Any:
        """Used form of the stored value, as it is."""
        return self._raw(KEYS[name], self._stored[name].text)

    def _clamp_stored(self, name: str) -> Any:
        clamp = rules.CLAMPS.get(name)
        value = self._use_stored(name)
        return clamp(value, self._installation, self._clamp_stored) if clamp else value

    def _use(self, name: str) -> Any:
        """Used form of the value in force, clamped."""
        key = table.find(name)
        if key.name not in self._used:
            value = self._raw(key, self._in_force[key.name].text)
            clamp = rules.CLAMPS.get(key.name)
            self._used[key.name] = clamp(value, self._installation, self._use) if clamp else value
        return self._used[key.name]

    def _clamped(self, key: Key) -> str | None:
        """Of the stored value, so that the one who changes it sees the clamp before the reset."""
        text = valuetypes.written(key, self._clamp_stored(key.name)) if key.name in rules.CLAMPS else None
        return text if text != self._stored[key.name].text else None


# Inside Settings the names of the accessors hide the builtin types from type checkers.
_Text = str
_Number = int
_Flag = bool


class Settings(_Values):
    """All keys of one station, in force and stored. One owner (the core); not for several threads.

    The accessors give values in force, in their used form, clamped to the hardware. They raise UnknownKey, and
    TypeError when the key is of another type, which is a mistake of the caller.
    """

    def bool(self, name: _Text) -> _Flag:
        value = self._use(name)
        if not isinstance(value, _Flag):
            raise TypeError(f"{name} is no boolean")
        return value

    def int(self, name: _Text) -> _Number:
        value = self._use(name)
        if isinstance(value, _Flag) or not isinstance(value, _Number):
            raise TypeError(f"{name} is no integer")
        return value

    def str(self, name: _Text) -> _Text:
        """Of languages: the code."""
        value = self._use(name)
        if not isinstance(value, _Text):
            raise TypeError(f"{name} is no text")
        return value

    def csl(self, name: _Text) -> tuple[_Text, ...]:
        value = self._use(name)
        if not isinstance(value, tuple) or any(isinstance(item, _Number) for item in value):
            raise TypeError(f"{name} is no list of texts")
        return value

    def ints(self, name: _Text) -> tuple[_Number, ...]:
        value = self._use(name)
        if not isinstance(value, tuple) or any(isinstance(item, _Text) for item in value):
            raise TypeError(f"{name} is no list of integers")
        return value
