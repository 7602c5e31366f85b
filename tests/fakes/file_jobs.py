"""What OCPP's handlers ask of firmware updates and uploads, without any of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from kiosk.model.file_jobs import Acceptance, FirmwareNews, FirmwareStatus, UploadNews, UploadStatus


class FakeFiles:
    """Writes down what it is asked; ``says`` and the statuses are what it answers."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.says = Acceptance.ACCEPTED
        self.name: str | None = "diagnostics.zip"
        self.firmware: tuple[FirmwareStatus, int | None] = (FirmwareStatus.IDLE, None)
        self.diagnostics = UploadStatus.IDLE
        self.log: tuple[UploadStatus, int | None] = (UploadStatus.IDLE, None)
        self.heard: list[object] = []

    def tell(
        self,
        *,
        firmware: Callable[[FirmwareNews], None],
        diagnostics: Callable[[UploadNews], None],
        logs: Callable[[UploadNews], None],
    ) -> None:
        self.firmware_news, self.diagnostics_news, self.log_news = firmware, diagnostics, logs

    async def update_firmware(self, **asked: Any) -> Acceptance:
        self.asked.append(("update_firmware", asked))
        return self.says

    async def update_signed(self, **asked: Any) -> Acceptance:
        self.asked.append(("update_signed", asked))
        return self.says

    async def get_diagnostics(self, **asked: Any) -> str | None:
        self.asked.append(("get_diagnostics", asked))
        return self.name

    async def get_log(self, **asked: Any) -> tuple[Acceptance, str]:
        self.asked.append(("get_log", asked))
        return self.says, self.name or ""

    def firmware_status(self) -> tuple[FirmwareStatus, int | None]:
        return self.firmware

    def plain(self, status: FirmwareStatus) -> FirmwareStatus:
        return {FirmwareStatus.INSTALL_REBOOTING: FirmwareStatus.INSTALLING}.get(status, status)

    def diagnostics_status(self) -> UploadStatus:
        return self.diagnostics

    def log_status(self) -> tuple[UploadStatus, int | None]:
        return self.log
