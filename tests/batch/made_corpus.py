"""A folder of dumps of every kind, some of them damaged, cut, packed or garbage; small, from the lab's writers."""

from __future__ import annotations

import gzip
import lzma
import random
import zipfile
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from volplugins.lab.defects import DEFECTS, apply
from volplugins.lab.machines import build
from volplugins.lab.snapshot import PAGE, Snapshot
from volplugins.lab.writers import kinds_of, write

MACHINES = ("win10-x64", "win7-x64", "win7-x86-pae", "xp-x86")
_FAULTS = ("driver-read", "notmyfault")


def tiny(number: int, bits: int = 64) -> Snapshot:
    """A machine of 31 pages; no two numbers give the same dump."""
    header = {
        "MinorVersion": 19041, "DirectoryTableBase": 0x5000, "KdDebuggerDataBlock": 0x80546AE0,
        "PsLoadedModuleList": 0x80561FA0, "BugCheckCode": 0xD1 + number % 7, "BugCheckParameter2": number,
    }  # fmt: skip
    pages = {pfn: bytes([pfn]) * PAGE for pfn in range(1, 0x20)}
    runs = [(1, 0x3F), (0x80, 0x20)]
    return Snapshot("tiny", bits, False, pages, runs, set(pages), header, b"\x11" * 0x2CC, b"\5" * 0x50)


def made_corpus(folder: Path, count: int, seed: int = 1) -> Path:
    """``count`` dumps: every kind and, one in three, every defect in turn; some cut, some garbage behind the magic,
    some packed, some twice; and files beside them that are no dumps.
    """
    chance, defects = random.Random(seed), list(DEFECTS)
    for number in range(count):
        bits = 32 if number % 3 == 0 else 64
        snapshot = tiny(number, bits)
        kinds = kinds_of(snapshot)
        place = folder / f"host-{number % 5}"
        place.mkdir(parents=True, exist_ok=True)
        path = write(snapshot, kinds[number // 2 % len(kinds)], place / f"{number:04}.dmp")
        if number % 3 == 1:
            with suppress(ValueError):  # no such place in this kind of file
                apply(defects[number // 3 % len(defects)], path)
        _spoil(path, number, chance)
        _pack(path, number)
    (folder / "notes.txt").write_text("no dump")
    (folder / "empty").touch()
    return folder


def _spoil(path: Path, number: int, chance: random.Random) -> None:
    data = path.read_bytes()
    if number % 11 == 5:
        path.write_bytes(data[: chance.randrange(8, len(data))] if len(data) > 8 else data)
    elif number % 13 == 7:
        path.write_bytes(data[:8] + chance.randbytes(0x3000))


def _pack(path: Path, number: int) -> None:
    data = path.read_bytes()
    if number % 10 == 2:
        path.with_suffix(".dmp.gz").write_bytes(gzip.compress(data, 1))  # beside the plain one: the same dump twice
    elif number % 10 == 4:
        path.with_suffix(".dmp.xz").write_bytes(lzma.compress(data, preset=0))
        path.unlink()
    elif number % 10 == 6:
        with zipfile.ZipFile(path.with_suffix(".zip"), "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("in/MEMORY.DMP", data)
            archive.writestr("readme.txt", "no dump")
        path.unlink()


def lab_corpus(folder: Path, count: int, seed: int = 1) -> Path:
    """The same with whole machines of the lab: every kind each has, small ones more often; 4 MiB on the average."""
    chance, defects = random.Random(seed), list(DEFECTS)
    for number in range(count):
        snapshot = build(MACHINES[number % len(MACHINES)], _FAULTS[number // 4 % len(_FAULTS)])
        different = replace(snapshot, header={**snapshot.header, "BugCheckParameter4": number})
        kinds = kinds_of(snapshot)
        kind = kinds[number // 8 % len(kinds)] if number % 5 == 0 else ("triage", "bitmap-kernel")[number // 4 % 2]
        folder.mkdir(parents=True, exist_ok=True)
        path = write(different, kind, folder / f"{number:04}.dmp")
        if number % 3 == 1:
            with suppress(ValueError):
                apply(defects[number // 3 % len(defects)], path)
        _spoil(path, number, chance)
        _pack(path, number)
    return folder
