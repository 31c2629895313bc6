"""Flipped bits: one bit is named, two are not, and what lies near each other by nature is left alone."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.bugcheck.labelled import analysed
from tests.bugcheck.made_suspects import BASES, made_scene
from volplugins.bugcheck.culprit.bit_errors import find_bit_error
from volplugins.bugcheck.fault.fault import Fault
from volplugins.lab.machines.catalogue import MACHINES, build
from volplugins.vol.commands.analyze.rows import later_rows

POOL, FAR = 0xFFFFC00012345000, 0xFFFFC00099990000


def words(*values: int) -> bytes:
    return b"".join(value.to_bytes(8, "little") for value in values)


def found(fault: Fault | None = None, code: int = 0x139, **more: Any) -> str:
    error = find_bit_error(made_scene(code, **more), fault or Fault())
    return f"{error.kind} {error.confidence.value}" if error else ""


def mapped(*pages: int) -> Any:
    """An address space in which these pages are, and nothing else."""
    near = SimpleNamespace(physical=None, page_size=0x1000)  # a page that is not there, among others that are
    return SimpleNamespace(
        space=SimpleNamespace(page_in_memory=lambda page: 0x1000 if page in pages else None, translate=lambda _: near)
    )


@pytest.mark.parametrize(
    ("code", "parameters", "kind"),
    [
        (0x1A, (0x41792, POOL, 1 << 33, 0), "page-table high"),
        (0x1A, (0x41792, POOL, 1 << 33 | 2, 0), ""),
        (0x1A, (0x41792, POOL, 0, 0), ""),
        (0x1A, (0x403, POOL, 0x8A00000012345867, 0x8A00000012345863), "page-table high"),
        (0x1A, (0x403, POOL, 0x8A00000012345867, 0x8A00000012345860), ""),
        (0x1A, (0x404, POOL, 0, POOL ^ 1 << 30), "page-table high"),
        (0x1A, (0x5200, POOL, 0x40000, 0), "pool high"),
        (0x1000001A, (0x41792, POOL, 1 << 33, 0), "page-table high"),
        (0x19, (3, POOL, POOL ^ 1 << 21, POOL), "list high"),
        (0x19, (3, POOL, POOL, POOL), ""),
        (0x19, (3, POOL, FAR, FAR), ""),
        (0xC1, (POOL, POOL + 0x10, 0, 0x32), "pool high"),
        (0xC1, (POOL, POOL + 0x10, 0, 0x23), ""),
    ],
)
def test_what_the_parameters_say(code: int, parameters: tuple[int, int, int, int], kind: str) -> None:
    assert found(code=code, parameters=parameters) == kind


def test_a_pointer_one_bit_away_from_another_register() -> None:
    bad = FAR ^ 1 << 37
    fault = Fault(is_fault=True, access=("read", bad + 0x18), registers={"rcx": bad, "rbx": FAR, "rsp": FAR})
    memory = {FAR: bytes(0x1000)}
    assert found(fault, segments=memory, space=mapped(FAR)) == "pointer medium"
    assert found(fault, segments=memory, space=mapped(FAR, bad)) == "", "it is mapped: another reason"
    assert found(fault, segments=memory) == "", "a small dump does not know what is mapped"
    near = Fault(is_fault=True, access=("read", FAR ^ 8), registers={"rcx": FAR ^ 8, "rbx": FAR})
    assert found(near, segments={FAR: bytes(8)}, space=mapped(FAR)) == "", "neighbours differ in one low bit"


def test_null_but_for_one_bit() -> None:
    fault = Fault(is_fault=True, access=("read", (1 << 36) + 0x28), registers={"rcx": 1 << 36})
    assert found(fault) == "pointer medium"
    assert found(replace(fault, access=("read", 0x28), registers={"rcx": 0})) == ""
    assert found(replace(fault, access=("read", 0x8000), registers={"rcx": 0x8000})) == "", "a size or an offset"


def test_an_address_that_is_none_by_one_bit() -> None:
    nothing = (1 << 64) - 1
    fault = Fault(is_fault=True, access=("read", nothing), registers={"rcx": FAR ^ 1 << 52})
    assert found(fault, segments={FAR: bytes(8)}) == "non-canonical medium"
    assert found(fault) == "", "nothing is there with the bit set right"
    assert found(replace(fault, registers={"rcx": 0x8000000012345867}), segments={FAR: bytes(8)}) == ""


def test_an_address_that_is_none_where_the_thread_and_its_process_are() -> None:
    nothing = (1 << 64) - 1
    fault = Fault(is_fault=True, access=("read", nothing), registers={"rcx": FAR ^ 1 << 52, "rax": 0})
    thread, process = SimpleNamespace(ethread=FAR + 0x5060), SimpleNamespace(eprocess=FAR + 0x7080)
    assert found(fault, thread=thread, process=process) == "non-canonical medium"
    assert found(fault, thread=thread) == found(fault, process=process) == "", "one alone is chance"
    assert found(fault, thread=thread, process=SimpleNamespace(eprocess=FAR ^ 1 << 40)) == ""
    two = replace(fault, registers={"rcx": FAR ^ 1 << 52 ^ 1 << 50})
    assert found(two, thread=thread, process=process) == ""


@pytest.mark.parametrize(("base", "host"), [(base, host) for base in range(3) for host in range(2)])
def test_small_dumps_of_every_layout_show_an_address_that_is_none(base: int, host: int, tmp_path: Path) -> None:
    labelled = analysed(build("win10-x64", "bit-flip-noncanonical-1e", base, host), "triage", tmp_path)
    error, culprit = labelled.analysis.bit_error, labelled.analysis.culprit
    assert error is not None and (error.kind, error.confidence.value) == ("non-canonical", "medium")
    assert culprit is not None and culprit.confidence.value == "medium"


def test_links_that_miss_by_one_bit() -> None:
    other = POOL + 0x5000
    fault = Fault(is_fault=True, registers={"rcx": POOL})
    sound = {POOL: words(other, other), other: words(POOL, POOL)}
    assert found(fault, segments=sound) == ""
    assert found(fault, segments={**sound, other: words(POOL, POOL ^ 1 << 28)}) == "list high"
    assert found(fault, segments={**sound, other: words(POOL, FAR)}) == "", "overwritten, not flipped"
    assert found(fault, segments={**sound, POOL: words(other ^ 1 << 40, other)}) == "list high"


def test_code_against_the_images_file() -> None:
    base = BASES["acmedrv.sys"]
    code = bytes(range(0x100)) * 16
    flipped = bytearray(code)
    flipped[0x20] ^= 0x10
    fault = Fault(is_fault=True, ip=base + 0x20)
    assert found(fault, segments={base: bytes(flipped)}, file_of=lambda _: code) == "instruction high"
    assert found(fault, segments={base: code}, file_of=lambda _: code) == ""
    flipped[0x22] ^= 0x01
    assert found(fault, segments={base: bytes(flipped)}, file_of=lambda _: code) == "", "a patch, or another build"


def test_the_culprit_is_less_sure_and_the_rows_say_so(tmp_path: Path) -> None:
    snapshot = build("win10-x64", "pool")
    header = {**snapshot.header, "BugCheckCode": 0x1A, "BugCheckParameter1": 0x41792, "BugCheckParameter3": 1 << 20}
    sound = analysed(replace(snapshot, header={**header, "BugCheckParameter3": 3 << 20}), "full", tmp_path).analysis
    hurt = analysed(replace(snapshot, header={**header, "BugCheckParameter4": 0}), "full", tmp_path).analysis
    assert sound.culprit is not None and hurt.culprit is not None
    assert (sound.culprit.confidence.value, hurt.culprit.confidence.value) == ("medium", "low")
    rows = {row.field: row for row in later_rows(hurt)}
    assert (rows["MEMORY_ERROR"].value, rows["MEMORY_ERROR"].confidence) == ("page-table", "high")
    assert "bit 20 alone" in rows["MEMORY_ERROR"].evidence and "memory error" in rows["MODULE_NAME"].evidence
    assert "MEMORY_ERROR" not in {row.field for row in later_rows(sound)}


def test_no_lab_crash_is_called_a_memory_error(tmp_path: Path) -> None:
    for fault in ("driver-read", "irql-in-nt", "system-thread", "pool", "page-fault", "kmode-exception"):
        for kind in ("full", "triage"):
            assert analysed(build("win10-x64", fault), kind, tmp_path).analysis.bit_error is None, fault


def pool_page(sizes: tuple[int, ...], written: int) -> dict[int, bytes]:
    """A page of pool blocks of these sizes (units of 16 bytes), the first of which says that it has ``written``."""
    page, at, before = bytearray(0x1000), 0, 0
    for size in sizes:
        page[at : at + 8] = bytes((before, 0, size if at else written, 2)) + b"Acme"
        at, before = at + 16 * size, size
    return {POOL: bytes(page)}


@pytest.mark.parametrize("code", [0x19, 0xC2])
@pytest.mark.parametrize("kind", [0x1, 0x2, 0x4, 0x7, 0x20])
def test_a_pool_header_whose_size_is_one_bit_off_what_the_next_block_remembers(code: int, kind: int) -> None:
    names_a_header = (code, kind) in {(0x19, 0x20), (0xC2, 1), (0xC2, 2), (0xC2, 4)}
    flipped, whole = pool_page((9, 7, 12), 9 ^ 0x20), pool_page((9, 7, 12), 9)
    two = pool_page((9, 7, 12), 9 ^ 0x30)
    parameters = (kind, POOL, 0, 0)
    assert found(code=code, parameters=parameters, segments=flipped) == ("pool high" if names_a_header else "")
    assert found(code=code, parameters=parameters, segments=whole) == ""
    assert found(code=code, parameters=parameters, segments=two) == ""


@pytest.mark.parametrize("kind", ["bitmap-kernel", "triage"])
@pytest.mark.parametrize("machine", MACHINES)
def test_a_block_freed_twice_is_its_drivers_fault_whatever_its_header_says(
    machine: str, kind: str, tmp_path: Path
) -> None:
    for bit in (None, 2, 24, 26):
        snapshot = build(machine, "pool")
        if bit is not None:  # the header that the bugcheck shows, with any one bit of it wrong
            snapshot.header["BugCheckParameter3"] ^= 1 << bit
        labelled = analysed(snapshot, kind, tmp_path)
        assert labelled.snapshot.header["BugCheckParameter1"] == 7
        culprit = labelled.analysis.culprit
        assert labelled.analysis.bit_error is None
        assert culprit is not None and culprit.image_name == "acmedrv.sys"
        assert culprit.confidence.value == "medium", "it is the nearest driver on the stack, no more"
