"""Small dumps that would grow without end stay small: each structure once, and its other owners say whose it is."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.vol.bombs import BOMBS, MODULE_BASE, MODULES, PROCESSES, THREADS, VADS, crowd
from volplugins.dumpfile.dump import open_dump
from volplugins.dumpfile.source import FileSource
from volplugins.kernel.directories import verdict
from volplugins.kernel.directories.census import Pages
from volplugins.kernel.directories.counts import Census
from volplugins.kernel.directories.top import Top
from volplugins.lab.machine.snapshot import Snapshot
from volplugins.lab.writers import write
from volplugins.vol.commands.pagedirs.rows import pagedirs_rows
from volplugins.vol.scene.crash_scene import scene_of

pytest.importorskip("resource", reason="limits of a process are POSIX's")
_ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def sound() -> Snapshot:
    return crowd()


@pytest.fixture(scope="module")
def bombs(sound: Snapshot, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("bombs")
    found = {name: write(make(sound), "full", folder / f"{name}.dmp") for name, make in BOMBS.items()}
    assert all(path.stat().st_size < 96 << 20 for path in found.values())
    return found


def bounded(dump: Path, folder: Path, module: str, plugin: str, *options: str) -> list[dict[str, Any]]:
    """The rows of a plugin that runs with limits."""
    out = folder / f"{module}.jsonl"
    command = [sys.executable, "-m", "tests.vol.bounded_run", str(dump), module, plugin, str(out), *options]
    done = subprocess.run(command, cwd=_ROOT, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    lines = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    assert not [line for line in lines if "error" in line]
    return [line["row"] for line in lines]


def noting(rows: list[dict[str, Any]], text: str) -> set[int]:
    """PIDs of the rows whose Note says so."""
    return {row["PID"] for row in rows if text in (row["Note"] or "")}


def test_one_table_under_all_addresses(bombs: dict[str, Path], tmp_path: Path) -> None:
    rows = bounded(bombs["one table"], tmp_path, "ptov", "Ptov")
    shared = [row for row in rows if row["State"] == "shared-table"]
    assert len({row["PID"] for row in shared}) >= PROCESSES
    of_one = [row for row in shared if row["PID"] == shared[0]["PID"]]
    assert [int(row["Size"], 16) for row in of_one] == [511 << 21, 511 << 30, 255 << 39]
    assert "511 PDEs lead to the table at" in of_one[0]["Note"]
    assert "which is that of 0x0 and is shown there" in of_one[0]["Note"]
    rows = bounded(bombs["one table"], tmp_path, "address", "UserSpace")
    assert len(noting(rows, "entries lead to page tables that were met before")) >= PROCESSES
    assert "unknown" in {row["State"] for row in rows}


def test_one_environment_of_all_processes(bombs: dict[str, Path], tmp_path: Path) -> None:
    rows = bounded(bombs["one environment"], tmp_path, "peb", "Peb")
    strings = [row for row in rows if row["Section"] == "environment" and row["Value"] == "1"]
    assert {row["PID"] for row in strings} == {strings[0]["PID"]}
    assert len(strings) == (1 << 20) // 8
    first = f"a page of {strings[0]['Process']} {strings[0]['PID']}, whose environment that is"
    assert len(noting(rows, first)) >= PROCESSES - 1


@pytest.mark.parametrize(("module", "plugin", "options"), [
    ("process", "Process", ["threads"]), ("stacks", "Stacks", []),
])  # fmt: skip
def test_one_list_of_threads(
    bombs: dict[str, Path], tmp_path: Path, module: str, plugin: str, options: list[str]
) -> None:
    rows = bounded(bombs["one list of threads"], tmp_path, module, plugin, *options)
    threads = [row for row in rows if row["TID"] is not None and row["TID"] >= 0x20000]
    assert THREADS <= len(threads) <= 2 * THREADS + PROCESSES
    said = [row for row in rows if "whose threads follow there" in (row["Note"] or "")]
    assert len(said) >= PROCESSES - 2


def test_one_chain_of_vads(bombs: dict[str, Path], tmp_path: Path) -> None:
    rows = bounded(bombs["one chain of VADs"], tmp_path, "address", "UserSpace")
    busy = [row for row in rows if row["State"] in ("MEM_RESERVE", "MEM_COMMIT")]
    assert VADS <= len(busy) < VADS + 200
    assert len(noting(rows, "whose ranges those are")) >= PROCESSES - 1


@pytest.mark.parametrize(("module", "plugin", "told"), [("peb", "Peb", 3), ("lm", "Lm", 1)])
def test_one_list_of_modules(bombs: dict[str, Path], tmp_path: Path, module: str, plugin: str, told: int) -> None:
    rows = bounded(bombs["one list of modules"], tmp_path, module, plugin)
    named = "Field" if module == "peb" else "Start"
    made = range(MODULE_BASE, MODULE_BASE + (MODULES << 16))
    listed = [row for row in rows if _number(row[named]) in made and row.get("Section") != "integrity"]
    assert len(listed) == MODULES and len({row["PID"] for row in listed}) == 1
    first = f"a page of {listed[0]['Process']} {listed[0]['PID']}, whose modules those are"
    assert len(noting(rows, first)) >= PROCESSES - 1
    assert told * (PROCESSES - 1) <= len([row for row in rows if first in (row["Note"] or "")])
    assert noting(rows, "in none of the lists") == {listed[0]["PID"]}, "whose lists are another's has them in none"


def _number(cell: Any) -> int:
    """The number of a hexadecimal cell; 0 where it is none."""
    return int(cell, 16) if isinstance(cell, str) and re.fullmatch("0x[0-9a-f]+", cell) else 0


def test_one_directory_of_all_processes(
    bombs: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken: list[int] = []
    count = verdict.take_census

    def counting(memory: Pages, top: Top, mask: int = 0, tables_only: bool = False) -> Census:
        taken.append(top.physical)
        return count(memory, top, mask, tables_only)

    monkeypatch.setattr(verdict, "take_census", counting)
    rows = list(pagedirs_rows(scene_of(open_dump(FileSource(bombs["one directory"]))), (), (), False))
    assert len(taken) == len(set(taken)), "a directory is counted once, however many processes have it"
    of_one = [row for row in rows if row.dirbase == rows[-1].dirbase and row.verdict == "ok"]
    first, *others = of_one
    assert len(others) >= PROCESSES - 1
    assert "too, and was counted there" not in first.evidence
    said = f"the directory is that of {first.process} {first.pid} too, and was counted there"
    assert all(row.evidence.endswith(said) for row in others)
    assert {(row.tables_present, row.user_pages) for row in of_one} == {(first.tables_present, first.user_pages)}
