"""Where a core is found, and that there is only one."""

from __future__ import annotations

import errno
import fcntl
import os
import stat
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from kiosk.link import rundir
from kiosk.link.rundir import CoreLock, RunInfo, find_core, remove_run_info, runtime_dir, write_run_info
from kiosk.model.enums import Door
from kiosk.model.errors import AlreadyRunning, CoreNotRunning, StorageFailed


def info(pid: int) -> RunInfo:
    return RunInfo(
        pid=pid,
        version="0.1.0",
        driver_socket="/x/driver.sock",
        operator_socket="/x/operator.sock",
        started_at=datetime(2026, 11, 22, tzinfo=UTC),
    )


def dead_pid() -> int:
    child = subprocess.Popen([sys.executable, "-c", ""])
    child.wait()
    return child.pid


def test_found_and_gone(tmp_path: Path) -> None:
    write_run_info(tmp_path, info(os.getpid()))
    assert find_core(tmp_path) == info(os.getpid())
    assert [p.name for p in tmp_path.iterdir()] == ["run.json"]  # nothing half-written beside it
    remove_run_info(tmp_path, os.getpid())
    with pytest.raises(CoreNotRunning, match="kiosk run"):
        find_core(tmp_path)


def test_a_full_disk_is_told_and_leaves_no_litter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".run.json.4711").touch()
    real = Path.write_bytes

    def full(path: Path, data: bytes) -> int:
        real(path, data[:5])
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(StorageFailed) as told:
        write_run_info(tmp_path, info(os.getpid()))
    assert str(told.value) == (
        f"{tmp_path}/run.json: cannot be written: the disk is full; free some space in {tmp_path}"
    )
    assert list(tmp_path.iterdir()) == []


def test_a_lock_on_a_full_disk_is_told_and_let_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(os, "pwrite", full)
        with pytest.raises(
            StorageFailed, match=r"core\.lock: cannot be written: the disk is full; free some space"
        ):
            CoreLock(tmp_path).acquire()
    with CoreLock(tmp_path):
        assert (tmp_path / "core.lock").read_text(encoding="ascii") == f"{os.getpid()}\n"


def test_a_launcher_that_starts_the_core_again_is_told(tmp_path: Path) -> None:
    lock = tmp_path / "run.lock"
    lock.touch()
    with pytest.raises(CoreNotRunning, match="start one with `kiosk run`"):
        find_core(tmp_path)
    with lock.open() as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        with pytest.raises(CoreNotRunning, match="`kiosk run` is about to start it again"):
            find_core(tmp_path)


def test_left_behind_by_a_killed_core(tmp_path: Path) -> None:
    write_run_info(tmp_path, info(dead_pid()))
    with pytest.raises(CoreNotRunning, match=str(tmp_path)):
        find_core(tmp_path)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"pid": 0}', '{"pid": "1"}'])
def test_damaged_file(tmp_path: Path, text: str) -> None:
    (tmp_path / "run.json").write_text(text, encoding="utf-8")
    with pytest.raises(CoreNotRunning):
        find_core(tmp_path)


def test_another_cores_file_stays(tmp_path: Path) -> None:
    write_run_info(tmp_path, info(os.getpid()))
    remove_run_info(tmp_path, os.getpid() + 1)
    assert find_core(tmp_path).pid == os.getpid()


def test_doors_have_their_sockets() -> None:
    assert info(1).socket(Door.DRIVER) == "/x/driver.sock"
    assert info(1).socket(Door.OPERATOR) == "/x/operator.sock"


def test_runtime_dir_is_ours_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = runtime_dir(tmp_path)
    assert found.parent == Path(os.environ["XDG_RUNTIME_DIR"])
    assert stat.S_IMODE(found.stat().st_mode) == 0o700
    assert runtime_dir(tmp_path) == found
    assert runtime_dir(tmp_path / "other") != found


def test_long_runtime_path_is_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    long = tmp_path / ("x" * 90)
    long.mkdir()
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(long))
    monkeypatch.setattr(rundir.tempfile, "gettempdir", lambda: str(long))
    found = runtime_dir(tmp_path)
    assert not found.is_relative_to(long)
    assert len(str(rundir.socket_path(found, Door.OPERATOR))) < 100
    found.rmdir()


def test_folder_of_somebody_else_is_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a shared temporary folder anybody can put a link there first."""
    first, second = tmp_path / "1", tmp_path / "2"
    first.mkdir()
    second.mkdir()
    monkeypatch.setattr(rundir, "MAX_SOCKET_PATH", 1000)
    monkeypatch.setattr(rundir, "_candidates", lambda digest: iter((first / digest, second / digest)))
    (first / rundir.data_hash(tmp_path)).symlink_to(second)
    assert runtime_dir(tmp_path).parent == second


def test_one_core_per_data_folder(tmp_path: Path) -> None:
    with CoreLock(tmp_path), pytest.raises(AlreadyRunning, match=f"process {os.getpid()}"):
        CoreLock(tmp_path).acquire()
    with CoreLock(tmp_path):
        pass  # released: free again


def test_lock_dies_with_its_process(tmp_path: Path) -> None:
    code = (
        "import sys, pathlib; from kiosk.link.rundir import CoreLock;"
        "CoreLock(pathlib.Path(sys.argv[1])).acquire(); print('held', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(AlreadyRunning, match=f"process {holder.pid}"):
            CoreLock(tmp_path).acquire()
        holder.kill()
    with CoreLock(tmp_path):
        assert (tmp_path / "core.lock").read_text(encoding="ascii") == f"{os.getpid()}\n"
