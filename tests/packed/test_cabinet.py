"""Cabinets: their members are read; what is split, packed otherwise or damaged is named."""

from __future__ import annotations

import io
import random
import shutil
import subprocess
import zlib
from pathlib import Path

import pytest

from tests.packed.made_cabinets import cabinet
from volplugins.packed.cabinet import Cabinet
from volplugins.packed.errors import UnpackError

_CHANCE = random.Random(5)
_MEMBERS = (
    ("in\\MEMORY.DMP", b"PAGEDU64" + b"words again and again " * 9000),
    ("pagefile.sys", bytes(100_000)),
    ("noise", _CHANCE.randbytes(70_000)),
)


@pytest.mark.parametrize("method", [0, 1])
@pytest.mark.parametrize("folder_each", [False, True])
def test_members_are_read(method: int, folder_each: bool) -> None:
    file = Cabinet(io.BytesIO(cabinet(*_MEMBERS, method=method, folder_each=folder_each)))
    found = {entry.name: b"".join(file.chunks(entry)) for entry in file.entries()}
    assert found == {name.replace("\\", "/"): data for name, data in _MEMBERS}


def test_the_tests_cabinets_are_read_by_another_program(tmp_path: Path) -> None:
    program = shutil.which("cabextract") or shutil.which("7z") or shutil.which("bsdtar")
    if program is None:
        pytest.skip("neither cabextract nor 7z nor bsdtar is here")
    (tmp_path / "a.cab").write_bytes(cabinet(*_MEMBERS))
    options = {"cabextract": ["-q"], "7z": ["x", "-y"], "bsdtar": ["-xf"]}[Path(program).name]
    subprocess.run([program, *options, "a.cab"], cwd=tmp_path, check=True, capture_output=True)
    assert (tmp_path / "noise").read_bytes() == _MEMBERS[2][1]


@pytest.mark.parametrize(("method", "word"), [(2, "Quantum"), (3, "LZX"), (9, "method 9")])
def test_other_methods_are_named(method: int, word: str) -> None:
    file = Cabinet(io.BytesIO(cabinet(*_MEMBERS, method=method)))
    with pytest.raises(UnpackError, match=f"{word}.*expand or cabextract"):
        list(file.chunks(next(file.entries())))


def test_damage_is_named_and_nothing_else_raised() -> None:
    whole = cabinet(*((name, data[:40_000]) for name, data in _MEMBERS))
    chance = random.Random(6)
    for number in range(400):
        data = bytearray(whole[: chance.randrange(len(whole))] if number % 3 == 0 else whole)
        for _ in range(4):
            if data:
                data[chance.randrange(min(len(data), 200 if number % 2 else len(data)))] = chance.randrange(256)
        try:
            file = Cabinet(io.BytesIO(data))
            for entry in file.entries():
                assert sum(map(len, file.chunks(entry))) == entry.size
        except (UnpackError, zlib.error):
            continue
