"""Dumps that the lab wrote from its own tables: parser and writer share no layout, and have to agree."""

import json
import os
from typing import Any

import pytest

from volplugins.dumpfile.dump import Dump, open_dump
from volplugins.dumpfile.source import FileSource
from volplugins.lab.command import main

MADE = [
    *(("win10-x64", kind) for kind in
      ("full", "bitmap-full", "bitmap-kernel", "active", "kernel-summary", "kernel-summary-old", "live-kernel",
       "live-kernel-user", "live-complete", "triage")),
    *(("win7-x64", kind) for kind in ("bitmap-kernel", "kernel-summary-old", "triage")),
    *(("win7-x86-pae", kind) for kind in ("bitmap-kernel", "kernel-summary-old", "triage")),
    *(("xp-x86", kind) for kind in ("full", "kernel-summary-old", "triage")),
]  # fmt: skip


@pytest.fixture(scope="module", params=MADE, ids="-".join)
def made(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Dump, dict[str, Any]]:
    machine, kind = request.param
    path = tmp_path_factory.mktemp("lab") / "made.dmp"
    assert main(["make", "--machine", machine, "--kind", kind, "-o", str(path)]) == 0
    truth = json.loads(path.with_suffix(".truth.json").read_text())
    source = FileSource(path)
    if os.name == "posix":
        path.unlink()  # the mapping keeps it; the disk is not filled
    return open_dump(source), truth


def test_whole_and_without_fault(made: tuple[Dump, dict[str, Any]]) -> None:
    dump, _ = made
    assert [note for note in dump.notes if note.severity == "fault"] == []
    assert dump.completeness.expected_file_size == dump.completeness.actual_file_size


def test_header_says_what_was_written(made: tuple[Dump, dict[str, Any]]) -> None:
    dump, truth = made
    fields = {field.name: field for field in dump.header.fields}
    said = {name: value for name, value in truth["header"].items() if isinstance(value, int) and name in fields}
    assert len(said) >= 12
    assert {name: fields[name].value for name in said} == {
        name: value & (1 << 8 * fields[name].size) - 1 for name, value in said.items()
    }


def test_context_is_the_machines(made: tuple[Dump, dict[str, Any]]) -> None:
    dump, _ = made
    assert dump.header.context is not None
    assert dump.header.context.machine == dump.header.machine
    assert dump.header.exception is not None


def test_score_tells_kernel_dumps_from_complete_ones(made: tuple[Dump, dict[str, Any]]) -> None:
    dump, truth = made
    score = dump.completeness.score
    if "triage" in truth["kind"]:
        assert score is None
    elif truth["kind"] in ("full", "bitmap-full", "live-complete"):
        assert score == 100
    else:
        assert score is not None
        assert 0 < score < 50


def test_contents(made: tuple[Dump, dict[str, Any]]) -> None:
    dump, truth = made
    if dump.memory is not None:
        check_pages(dump, truth["header"]["DirectoryTableBase"])
    else:
        check_triage(dump, truth["truth"]["modules"])


def check_pages(dump: Dump, directory: int) -> None:
    """The page directory is in every dump of pages, and the map holds as many pages as it says."""
    assert dump.memory is not None
    assert dump.memory.read(directory & ~(0x1F if dump.header.pae else 0xFFF), 32) != bytes(32)
    held = sum(count for _, count, _ in dump.memory.runs())
    assert held == dump.completeness.pages_in_file == dump.memory.pages_indexed


def check_triage(dump: Dump, modules: list[dict[str, Any]]) -> None:
    """The drivers are the modules that were loaded, and the blocks lie where they were."""
    assert dump.triage is not None
    expected = {(m["file"], m["base"], m["size"], m["timestamp"], m["checksum"]) for m in modules}
    found = {(d.name.rsplit("\\", 1)[-1], d.base, d.size, d.timestamp, d.checksum) for d in dump.triage.drivers}
    assert found == expected
    assert dump.triage.virtual_memory.read(dump.header.kd_debugger_data_block + 0x10, 4) == b"KDBG"
    assert dump.triage.prcb is not None
    assert dump.triage.prcb.virtual is not None
