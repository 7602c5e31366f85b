"""Asking a running embedded backend, from another program."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any, Final

import msgspec
from websockets.asyncio.client import connect
from websockets.exceptions import WebSocketException
from websockets.typing import Subprotocol

from kiosk.model.errors import NotPossible, UserFacing

FILE: Final = "backend.json"


class BackendNotRunning(UserFacing):
    """No embedded backend answers for the data folder."""


class BackendInfo(msgspec.Struct, frozen=True, kw_only=True):
    """Where it listens: ``url`` for WebSocketUrl, ``control`` for ``call``."""

    pid: int
    port: int
    url: str
    control: str


def write(data_dir: Path, info: BackendInfo) -> Path:
    """Tell where the backend is; whole or not at all. Returns the file."""
    data_dir.mkdir(parents=True, exist_ok=True)
    path = data_dir / FILE
    fresh = path.with_suffix(f".{info.pid}")
    fresh.write_bytes(msgspec.json.encode(info))
    os.replace(fresh, path)
    return path


def remove(data_dir: Path, pid: int) -> None:
    """Take the file away if it is still ours."""
    try:
        if find(data_dir).pid == pid:
            (data_dir / FILE).unlink(missing_ok=True)
    except BackendNotRunning:
        return


def find(data_dir: Path) -> BackendInfo:
    """Raises BackendNotRunning."""
    path = data_dir / FILE
    try:
        return msgspec.json.decode(path.read_bytes(), type=BackendInfo)
    except FileNotFoundError as error:
        raise BackendNotRunning(
            f"no embedded backend is running for {data_dir}; `kiosk backend --data {data_dir}` starts one"
        ) from error
    except (OSError, msgspec.MsgspecError) as error:
        raise BackendNotRunning(f"{path} cannot be read: {error}; start the backend again") from error


async def call(data_dir: Path, name: str, **params: Any) -> Any:
    """Ask the embedded backend of ``data_dir``; the names and parameters are those of ``kiosk.backend.door``.

    Raises BackendNotRunning, and NotPossible with the backend's reason.
    """
    info = find(data_dir)
    try:
        async with connect(
            info.control, subprotocols=[Subprotocol("kiosk.control")], compression=None, proxy=None
        ) as socket:
            await socket.send(json.dumps({"call": name, **params}))
            answer = json.loads(await socket.recv())
    except (OSError, WebSocketException) as error:
        raise BackendNotRunning(
            f"the embedded backend of {data_dir} does not answer at {info.control}; start it again"
        ) from error
    if not answer["ok"]:
        raise NotPossible(str(answer["error"]))
    return answer["result"]
