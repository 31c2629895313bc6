"""A folder of dumps of every kind, some of them damaged, cut, packed or garbage; small, from the lab's writers."""

from __future__ import annotations

import gzip
import lzma
import random
import zipfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from functools import partial
from itertools import chain, islice
from pathlib import Path

from volplugins.lab.damage.directories import DIRECTORY_DEFECTS, with_directory_defect
from volplugins.lab.damage.files import DEFECTS, apply
from volplugins.lab.damage.user import USER_DEFECTS, user_defects_of, with_user_defect
from volplugins.lab.machine.snapshot import PAGE, Snapshot
from volplugins.lab.machines.catalogue import build
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
    """Whole machines of the lab: each in every kind; every defect of files, page directories and user structures once;
    the rest, up to ``count``, small ones. Some cut, some garbage, some packed, as above.
    """
    chance = random.Random(seed)
    folder.mkdir(parents=True, exist_ok=True)
    for number, recipe in enumerate(islice(chain(_every_kind(), _every_defect(), _small(chance)), count)):
        recipe(number, folder / f"{number:04}.dmp")
    return folder


Recipe = partial[None]


def _whole(machine: str, fault: str, kind: str, number: int, path: Path) -> None:
    snapshot = build(machine, fault)
    write(replace(snapshot, header={**snapshot.header, "BugCheckParameter4": number}), kind, path)


def _every_kind() -> Iterator[Recipe]:
    for machine in MACHINES:
        for kind in kinds_of(build(machine)):
            yield partial(_whole, machine, "driver-read", kind)


def _every_defect() -> Iterator[Recipe]:
    for number, defect in enumerate(DEFECTS):
        yield partial(_damaged_file, MACHINES[number % len(MACHINES)], defect)
    for defect, made in DIRECTORY_DEFECTS.items():
        machine = "win10-x64" if "x64" in made.modes else "win7-x86-pae" if "pae" in made.modes else "xp-x86"
        yield partial(_damaged_directory, machine, defect, made.kind or "full")
    for number, defect in enumerate(user_defects_of(64)):
        yield partial(_damaged_user, ("win10-x64", "win7-x64")[number % 2], defect)


def _damaged_file(machine: str, defect: str, number: int, path: Path) -> None:
    """In the first kind of dump that can have the defect; one needs a crash on another stack than the thread's."""
    for one, fault in ((machine, "notmyfault"), ("win10-x64", "notmyfault"), ("win10-x64", "dpc-watchdog-own-stack")):
        for kind in kinds_of(build(one)):
            _whole(one, fault, kind, number, path)
            with suppress(ValueError):
                apply(defect, path)
                return
    raise AssertionError(f"no kind of dump can have {defect}")


def _damaged_directory(machine: str, defect: str, kind: str, number: int, path: Path) -> None:
    write(with_directory_defect(build(machine), defect), kind, path)


def _damaged_user(machine: str, defect: str, number: int, path: Path) -> None:
    write(with_user_defect(build(machine), defect), USER_DEFECTS[defect].kind or "full", path)


def _small(chance: random.Random) -> Iterator[Recipe]:
    while True:
        kind = chance.choice(("triage", "bitmap-kernel"))
        yield partial(_small_one, chance, chance.choice(MACHINES), chance.choice(_FAULTS), kind)


def _small_one(chance: random.Random, machine: str, fault: str, kind: str, number: int, path: Path) -> None:
    """As it is, or cut, or garbage behind the magic; or packed."""
    _whole(machine, fault, kind, number, path)
    _spoil(path, number, chance)
    _pack(path, number)
