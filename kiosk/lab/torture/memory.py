"""What the station promised to remember, as far as a backend can know it. Pure.

A call that was answered with yes leaves one possible value; one that was never answered leaves two. Whatever is
read later must be among them, and settles the doubt.
"""

from __future__ import annotations

from typing import Any


class Memory:
    """Things by name, each with the values that it may have."""

    def __init__(self) -> None:
        self._possible: dict[str, list[Any]] = {}
        self.broken: list[str] = []
        self.checks = 0

    def begin(self, name: str, value: Any) -> None:
        """Known to be so."""
        self._possible[name] = [value]

    def asked(self, name: str, value: Any) -> None:
        """A change is under way. What was never read stays unknown until it is granted or found."""
        known = self._possible.get(name)
        if known and value not in known:
            known.append(value)

    def granted(self, name: str, value: Any) -> None:
        """The station said yes."""
        self._possible[name] = [value]

    def refused(self, name: str, before: list[Any]) -> None:
        """The station said no: what was possible before is possible still."""
        self._possible[name] = list(before)

    def possible(self, name: str) -> list[Any]:
        return list(self._possible.get(name, []))

    def found(self, name: str, value: Any, among: list[Any] | None = None) -> None:
        """It was read; a value that cannot be is a broken promise. ``among``: where the reading changes it."""
        self.checks += 1
        known = self._possible.get(name, []) if among is None else among
        if known and value not in known:
            self.broken.append(f"{name} is {value!r}, but can only be {' or '.join(map(repr, known))}")
        self._possible[name] = [value]
