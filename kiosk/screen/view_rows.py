"""List models that change by row operations only, never by reset: a reset rebuilds every delegate and has been
seen to crash item creation while it runs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import msgspec
from PySide6.QtCore import QAbstractListModel, QByteArray, QModelIndex, QObject, QPersistentModelIndex

Index = QModelIndex | QPersistentModelIndex
# plain numbers: the namespace Qt makes its hundred enums the moment it is imported, which costs 35 ms of the start
_DISPLAY_ROLE = 0  # Qt.ItemDataRole.DisplayRole
_FIRST_ROLE = 0x0100 + 1  # Qt.ItemDataRole.UserRole and on


class Row(msgspec.Struct, frozen=True):
    """Base of all rows; the field names are the role names in QML, ``key`` says which row it is."""

    key: str


class RowModel(QAbstractListModel):
    """Rows of one kind. ``set_rows`` finds the smallest set of moves from what stands to what is wanted."""

    row_type: ClassVar[type[Row]] = Row

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._rows: list[Row] = []
        self._fields = msgspec.structs.fields(self.row_type)

    @property
    def rows(self) -> tuple[Row, ...]:
        return tuple(self._rows)

    def set_rows(self, wanted: Sequence[Row]) -> None:
        """Make the model hold ``wanted`` (keys must differ). Emits nothing where nothing changed."""
        keys = {row.key for row in wanted}
        for at in range(len(self._rows) - 1, -1, -1):
            if self._rows[at].key not in keys:
                self.beginRemoveRows(QModelIndex(), at, at)
                del self._rows[at]
                self.endRemoveRows()
        for at, row in enumerate(wanted):
            found = next((i for i in range(at, len(self._rows)) if self._rows[i].key == row.key), None)
            if found is None:
                self.beginInsertRows(QModelIndex(), at, at)
                self._rows.insert(at, row)
                self.endInsertRows()
                continue
            if found != at:
                self.beginMoveRows(QModelIndex(), found, found, QModelIndex(), at)
                self._rows.insert(at, self._rows.pop(found))
                self.endMoveRows()
            self._update(at, row)

    def _update(self, at: int, new: Row) -> None:
        old = self._rows[at]
        if old == new:
            return
        changed = [
            _FIRST_ROLE + number
            for number, field in enumerate(self._fields)
            if getattr(old, field.name) != getattr(new, field.name)
        ]
        self._rows[at] = new
        index = self.index(at, 0)
        self.dataChanged.emit(index, index, changed)

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's signature; never changed
        return 0 if parent.isValid() else len(self._rows)

    def data(self, index: Index, role: int = _DISPLAY_ROLE) -> Any:
        number = role - _FIRST_ROLE
        if not (0 <= index.row() < len(self._rows) and 0 <= number < len(self._fields)):
            return None
        return getattr(self._rows[index.row()], self._fields[number].name)

    def roleNames(self) -> dict[int, QByteArray]:
        return {_FIRST_ROLE + number: QByteArray(field.name.encode()) for number, field in enumerate(self._fields)}
