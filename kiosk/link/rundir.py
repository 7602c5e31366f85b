"""Where a running core is found: runtime directory, ``run.json`` in the data folder, one lock per data folder."""

from __future__ import annotations

import fcntl
import hashlib
import os
import stat
import tempfile
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Final

import msgspec

from kiosk.model.disk import unwritten
from kiosk.model.enums import Door
from kiosk.model.errors import AlreadyRunning, BadFile, CoreNotRunning
from kiosk.model.paths import LAUNCHER_LOCK_FILE

MAX_SOCKET_PATH: Final = 100
"""``sun_path`` has 108 bytes on Linux; a longer path fails with a message that says nothing."""
RUN_FILE: Final = "run.json"
LOCK_FILE: Final = "core.lock"


class RunInfo(msgspec.Struct, frozen=True, kw_only=True):
    """What ``run.json`` says. Unknown members of a newer version are ignored."""

    pid: int
    version: str
    driver_socket: str
    operator_socket: str
    started_at: datetime

    def socket(self, door: Door) -> str:
        return self.driver_socket if door is Door.DRIVER else self.operator_socket


def data_hash(data_dir: Path) -> str:
    """Ten hex digits that stand for the data folder."""
    return hashlib.sha256(os.fsencode(data_dir.expanduser().resolve())).hexdigest()[:10]


def runtime_dir(data_dir: Path) -> Path:
    """The folder of this data folder's sockets, made with mode 0700.

    First that works: ``$XDG_RUNTIME_DIR/kiosk-<hash>``, ``/run/kiosk/<hash>``, ``<temp>/kiosk-<uid>-<hash>``.
    Raises BadFile when none does.
    """
    problems: list[str] = []
    for candidate in _candidates(data_hash(data_dir)):
        if len(os.fsencode(candidate / Door.OPERATOR)) + len(".sock") > MAX_SOCKET_PATH:
            problems.append(f"{candidate} is too long")
            continue
        try:
            candidate.mkdir(mode=0o700, exist_ok=True)
            found = candidate.lstat()
        except OSError as error:
            problems.append(f"{candidate}: {error.strerror}")
            continue
        # Another user may have put a folder or a link of that name into a shared temporary folder.
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid():
            problems.append(f"{candidate} belongs to somebody else")
            continue
        candidate.chmod(0o700)
        return candidate
    raise BadFile("runtime directory", "; ".join(problems), "set XDG_RUNTIME_DIR to a short folder of your own")


def _candidates(digest: str) -> Iterator[Path]:
    given = os.environ.get("XDG_RUNTIME_DIR")
    if given and os.access(given, os.W_OK):
        yield Path(given) / f"kiosk-{digest}"
    system = Path("/run/kiosk")
    if os.access(system, os.W_OK):
        yield system / digest
    for base in dict.fromkeys((tempfile.gettempdir(), "/tmp")):
        yield Path(base) / f"kiosk-{os.getuid()}-{digest}"


def socket_path(directory: Path, door: Door) -> Path:
    return directory / f"{door}.sock"


def write_run_info(data_dir: Path, info: RunInfo) -> None:
    """Atomically: a reader sees the old file, the new one, or none. Raises StorageFailed."""
    target = data_dir / RUN_FILE
    fresh = target.with_name(f".{RUN_FILE}.{os.getpid()}")
    for left in data_dir.glob(f".{RUN_FILE}.*"):  # of a core that was killed in between
        left.unlink(missing_ok=True)
    try:
        fresh.write_bytes(msgspec.json.encode(info) + b"\n")
        fresh.replace(target)
    except OSError as error:
        fresh.unlink(missing_ok=True)
        raise unwritten(target, error) from error


def remove_run_info(data_dir: Path, pid: int) -> None:
    """Only if it is ours: a newer core may have written its own already."""
    info = _read(data_dir)
    if info is not None and info.pid == pid:
        (data_dir / RUN_FILE).unlink(missing_ok=True)


def find_core(data_dir: Path) -> RunInfo:
    """The running core of ``data_dir``. Raises CoreNotRunning, with the remedy, when there is none.

    A core that was killed leaves ``run.json`` behind; its process id tells. Should the id belong to another
    process by now, connecting fails, which the client reports in the same words.
    """
    info = _read(data_dir)
    if info is None or not _alive(info.pid):
        raise not_running(data_dir)
    return info


def not_running(data_dir: Path) -> CoreNotRunning:
    if _launched(data_dir):
        return CoreNotRunning(
            f"no station core is running for {data_dir}, but `kiosk run` is about to start it again; see there"
        )
    return CoreNotRunning(f"no station core is running for {data_dir}; start one with `kiosk run`")


def _launched(data_dir: Path) -> bool:
    """Whether a ``kiosk run`` holds the data folder."""
    try:
        fd = os.open(data_dir / LAUNCHER_LOCK_FILE, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(fd)
    return False


def _read(data_dir: Path) -> RunInfo | None:
    try:
        return msgspec.json.decode((data_dir / RUN_FILE).read_bytes(), type=RunInfo)
    except (OSError, msgspec.DecodeError):
        return None  # no file, or one cut short by a full disk: nobody can be found through it


def _alive(pid: int) -> bool:
    if pid <= 0:
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True  # it lives and belongs to another user
    return True


class CoreLock:
    """One core per data folder, held by the kernel as long as the process lives.

    A context manager; ``acquire`` raises AlreadyRunning naming the process that holds it, StorageFailed.
    """

    def __init__(self, data_dir: Path) -> None:
        self._path = data_dir / LOCK_FILE
        self._fd: int | None = None

    def acquire(self) -> None:
        try:
            fd = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise unwritten(self._path, error) from error
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            holder = os.pread(fd, 32, 0).decode("ascii", "replace").strip() or "unknown"
            os.close(fd)
            raise AlreadyRunning(
                f"a station core (process {holder}) already runs for {self._path.parent}; "
                f"stop it, or give another folder with --data"
            ) from error
        try:
            os.ftruncate(fd, 0)
            os.pwrite(fd, f"{os.getpid()}\n".encode(), 0)
        except OSError as error:
            os.close(fd)
            raise unwritten(self._path, error) from error
        self._fd = fd

    def release(self) -> None:
        """The file stays: removing it would let two cores lock two files of one name."""
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None

    def __enter__(self) -> CoreLock:
        self.acquire()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()
