"""What a power cut or a dying disk does to the files of a dead core.

``power_cut`` is fair: it spoils only what the database's protocol allows to be lost or half written. The format of
the write-ahead log is that of https://www.sqlite.org/fileformat2.html section 4.
"""

from __future__ import annotations

import random
import struct
from pathlib import Path
from typing import Final

_HEADER: Final = struct.Struct(">IIIIIIII")  # magic, version, page size, checkpoint, two salts, two checksums
_FRAME: Final = struct.Struct(">IIIIII")  # page, size after commit or 0, two salts, two checksums
MAGIC: Final = (0x377F0682, 0x377F0683)
SECTOR: Final = 512
PAGE: Final = 4096


def committed(wal: bytes) -> tuple[int, set[int]]:
    """(length of the part that belongs to committed transactions, pages in it). Stops at the first bad frame."""
    if len(wal) < _HEADER.size:
        return 0, set()
    magic, _, page_size, _, salt1, salt2, sum1, sum2 = _HEADER.unpack_from(wal)
    if magic not in MAGIC:
        return 0, set()
    order = "big" if magic & 1 else "little"
    sums = _checksum(wal[: _HEADER.size - 8], (0, 0), order)
    if sums != (sum1, sum2):
        return 0, set()
    length, pages, pending = _HEADER.size, set[int](), set[int]()
    at = _HEADER.size
    while at + _FRAME.size + page_size <= len(wal):
        page, commit, s1, s2, c1, c2 = _FRAME.unpack_from(wal, at)
        sums = _checksum(wal[at : at + 8], sums, order)
        sums = _checksum(wal[at + _FRAME.size : at + _FRAME.size + page_size], sums, order)
        if (s1, s2) != (salt1, salt2) or (c1, c2) != sums:
            break
        at += _FRAME.size + page_size
        pending.add(page)
        if commit:
            length, pages = at, pages | pending
            pending = set()
    return length, pages


def _checksum(data: bytes, seed: tuple[int, int], order: str) -> tuple[int, int]:
    s1, s2 = seed
    words = struct.unpack(f"{'>' if order == 'big' else '<'}{len(data) // 4}I", data)
    for first, second in zip(words[::2], words[1::2], strict=True):
        s1 = (s1 + first + s2) & 0xFFFFFFFF
        s2 = (s2 + second + s1) & 0xFFFFFFFF
    return s1, s2


def power_cut(store: Path, chance: random.Random) -> str:
    """Lose what was not synced, tear what was being written. Returns what was done, empty when nothing could be.

    Three kinds, each legal for a log that is synced at every commit: the tail after the last commit is cut off or
    overwritten with sectors of noise; pages of the main file that the log holds too are half overwritten, as by a
    checkpoint in progress; the shared index is gone, for it lived in memory only.
    """
    wal = store.with_name(store.name + "-wal")
    if not store.exists() or not wal.exists():
        return ""
    log = wal.read_bytes()
    length, pages = committed(log)
    done = []
    store.with_name(store.name + "-shm").unlink(missing_ok=True)
    kind = chance.choice(("cut", "noise", "torn"))
    if kind == "cut":
        keep = chance.randint(length, max(length, len(log)))
        _write(wal, log[:keep])
        done.append(f"log cut to {keep} of {len(log)} bytes, {length} committed")
    elif kind == "noise":
        tail = chance.randbytes(SECTOR * chance.randint(1, 24))
        _write(wal, log[:length] + tail)
        done.append(f"{len(tail)} bytes of noise behind {length} committed")
    elif pages:
        page_size = _HEADER.unpack_from(log)[2]
        main = bytearray(store.read_bytes())
        torn = [p for p in sorted(pages) if p * page_size <= len(main) and chance.random() < 0.5]
        for page in torn:
            start = (page - 1) * page_size
            cut = SECTOR * chance.randint(1, page_size // SECTOR - 1)  # a header is old or new, never torn
            main[start + cut : start + page_size] = chance.randbytes(page_size - cut)
        _write(store, bytes(main))
        done.append(f"{len(torn)} pages torn in a checkpoint")
    return "; ".join(done)


def _write(path: Path, data: bytes) -> None:
    with path.open("r+b") as file:
        file.write(data)
        file.truncate()


def spoil(store: Path, kind: str, chance: random.Random) -> None:
    """Damage beyond what any journal can mend: ``pages``, ``truncated``, ``empty``, ``garbage``, ``log``.

    Raises ValueError for another kind.
    """
    wal = store.with_name(store.name + "-wal")
    if kind == "log":
        wal.unlink(missing_ok=True)
        return
    _fold_in(store, wal)
    data = bytearray(store.read_bytes())
    match kind:
        case "pages":  # most of them, but the first: the file still looks like a database
            for start in range(PAGE, len(data), PAGE):
                if chance.random() < 0.8:
                    data[start : start + PAGE] = chance.randbytes(PAGE)
        case "truncated":
            del data[chance.randrange(1, len(data)) :]
        case "empty":
            data.clear()
        case "garbage":
            data[:] = chance.randbytes(len(data))
        case _:
            raise ValueError(f"no such damage: {kind}")
    _write(store, bytes(data))


def _fold_in(store: Path, wal: Path) -> None:
    """What a checkpoint does, so that the damage meets the data and not an old copy of it."""
    if not wal.exists():
        return
    log = wal.read_bytes()
    length, _ = committed(log)
    if length > _HEADER.size:
        page_size = _HEADER.unpack_from(log)[2]
        main = bytearray(store.read_bytes())
        at = _HEADER.size
        while at < length:
            page = _FRAME.unpack_from(log, at)[0]
            end = page * page_size
            if len(main) < end:
                main.extend(bytes(end - len(main)))
            main[end - page_size : end] = log[at + _FRAME.size : at + _FRAME.size + page_size]
            at += _FRAME.size + page_size
        _write(store, bytes(main))
    wal.unlink()
    store.with_name(store.name + "-shm").unlink(missing_ok=True)
