"""Dense processes: millions of pages mapped, in a small file. For measuring how fast page tables are read.

Every entry leads to one of the machine's own pages, so that the file holds little but the tables themselves. The
protection changes from one lowest table to the next, as between the regions of a real process.
"""

from __future__ import annotations

import struct
from dataclasses import replace

import numpy as np

from volplugins.lab.machine.snapshot import PAGE, Snapshot

FIRST_VIRTUAL = 0x2_0000_0000  # in a part of user space that the lab's processes leave free
_PER_TABLE = 512
_TABLES_FROM = 0x8000  # page frames behind the machine's own memory
_TABLE_ENTRY = 0x67  # valid, writable, user, accessed, dirty
_LEAVES = (0x8000000000000867, 0x8000000000000025, 0x0000000000000025, 0x8000000000000067)


def with_dense_processes(snapshot: Snapshot, pages: int, names: tuple[str, ...] = ("explorer.exe",)) -> Snapshot:
    """The same x64 machine with ``pages`` more user pages, shared out evenly over the processes named.

    truth["dense"] gives PID to the count of pages added.

    Raises:
        ValueError: not x64, no such process, or more pages than one entry of the top table covers.
    """
    chosen = [process for process in snapshot.truth["processes"] if process["name"] in names and process["dtb"]]
    if snapshot.bits != 64 or not chosen:
        raise ValueError("dense processes need an x64 machine and a process of that name")
    made = dict(snapshot.pages)
    frames = np.array(sorted(snapshot.pages), np.uint64)
    chooser = np.random.default_rng(pages)
    following = _TABLES_FROM
    added: dict[int, int] = {}
    for number, process in enumerate(chosen):
        share = pages // len(chosen) + (number < pages % len(chosen))
        following = _fill(made, process["dtb"] & ~0xFFF, share, frames, chooser, following)
        added[process["pid"]] = share
    runs = [*snapshot.runs, (_TABLES_FROM, following - _TABLES_FROM)]
    return replace(snapshot, pages=made, runs=runs, truth={**snapshot.truth, "dense": added})


def _fill(
    made: dict[int, bytes], top: int, pages: int, frames: np.ndarray, chooser: np.random.Generator, following: int
) -> int:
    """Tables for ``pages`` pages from FIRST_VIRTUAL on; returns the first page frame behind them."""
    tables = -(-pages // _PER_TABLE)
    first = FIRST_VIRTUAL >> 21 & 0x1FF
    directories = -(-(first + tables) // _PER_TABLE)
    slot = FIRST_VIRTUAL >> 30 & 0x1FF
    if FIRST_VIRTUAL >> 39 or slot + directories > _PER_TABLE:
        raise ValueError(f"{pages} pages are more than one entry of the top table covers")
    leaves = frames[chooser.integers(0, len(frames), tables * _PER_TABLE)].reshape(-1, _PER_TABLE) << np.uint64(12)
    leaves |= np.array(_LEAVES, np.uint64)[np.arange(tables) % len(_LEAVES)][:, None]
    leaves.reshape(-1)[pages:] = 0
    # scattered over memory, as tables are that were made one by one over days
    places = (following + chooser.permutation(tables)).astype(np.uint64)
    for number, place in enumerate(places.tolist()):
        made[place] = leaves[number].tobytes()
    lower = np.zeros(directories * _PER_TABLE, np.uint64)
    lower[first : first + tables] = places << np.uint64(12) | np.uint64(_TABLE_ENTRY)
    following += tables
    pointers = _table_below(made, top, 0)
    for number in range(directories):
        made[following + number] = lower[number * _PER_TABLE : (number + 1) * _PER_TABLE].tobytes()
        _set(made, pointers + (slot + number) * 8, (following + number) << 12 | _TABLE_ENTRY)
    return following + directories


def _table_below(made: dict[int, bytes], table: int, slot: int) -> int:
    """Address of the table that an entry leads to."""
    (entry,) = struct.unpack_from("<Q", made[table >> 12], slot * 8)
    if not entry & 1:
        raise ValueError("the process has no memory of its own in the lowest part of its address space")
    return int(entry) & 0xFFFFFFFFFF000


def _set(made: dict[int, bytes], physical: int, entry: int) -> None:
    page = bytearray(made[physical >> 12])
    if struct.unpack_from("<Q", page, physical % PAGE)[0]:
        raise ValueError(f"the entry at {physical:#x} is in use")
    struct.pack_into("<Q", page, physical % PAGE, entry)
    made[physical >> 12] = bytes(page)
