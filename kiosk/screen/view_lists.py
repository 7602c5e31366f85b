"""The lists that QML shows, one model per kind of row."""

from __future__ import annotations

from kiosk.screen.view_cards import ConnectorRow, FactRow, LanguageRow, SessionRow, StepRow, TextRow
from kiosk.screen.view_rows import RowModel


class ConnectorModel(RowModel):
    row_type = ConnectorRow


class SessionModel(RowModel):
    row_type = SessionRow


class LanguageModel(RowModel):
    row_type = LanguageRow


class StepModel(RowModel):
    row_type = StepRow


class TextModel(RowModel):
    row_type = TextRow


class FactModel(RowModel):
    row_type = FactRow
