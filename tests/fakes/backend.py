"""A backend as charging sees it: answers from a table, or not at all."""

from __future__ import annotations

import asyncio

from kiosk.model.enums import AuthorizationStatus
from kiosk.model.errors import BackendUnreachable
from kiosk.station.charging.ports import IdTagInfo


class FakeBackend:
    """Implements BackendPort. ``answers``: idTag → answer; a tag that is missing gets none."""

    def __init__(self, **answers: AuthorizationStatus | IdTagInfo) -> None:
        self.answers = {
            tag: answer if isinstance(answer, IdTagInfo) else IdTagInfo(status=answer)
            for tag, answer in answers.items()
        }
        self.configured = True
        self.online = True
        self.unreachable = False
        self.asked: list[str] = []
        self.nudges = 0
        self.conflicts = 0
        self.answer_after_s = 0.2

    async def authorize(self, id_tag: str) -> IdTagInfo:
        self.asked.append(id_tag)
        await asyncio.sleep(self.answer_after_s)
        if id_tag not in self.answers or not self.online:
            raise BackendUnreachable("no answer within 30 s")
        return self.answers[id_tag]

    def facts_waiting(self) -> None:
        self.nudges += 1

    def list_conflict(self) -> None:
        self.conflicts += 1
