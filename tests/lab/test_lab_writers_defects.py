"""Defects: each does to a file what its name says, and nothing to the rest of it."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from volplugins.lab.damage.files import DEFECTS, apply
from volplugins.lab.machine.snapshot import PAGE, Snapshot
from volplugins.lab.writers import kinds_of, write


def snapshot(bits: int, runs: list[tuple[int, int]] | None = None) -> Snapshot:
    header = {
        "MinorVersion": 19041,
        "DirectoryTableBase": 0x5000,
        "KdDebuggerDataBlock": 0x80546AE0,
        "PsLoadedModuleList": 0x80561FA0,
        "BugCheckCode": 0xD1,
        "BugCheckParameter2": 2,
    }
    pages = {pfn: bytes([pfn]) * PAGE for pfn in range(1, 0x20)}
    return Snapshot(
        "tiny", bits, False, pages, runs or [(1, 0x3F), (0x80, 0x20)], set(pages), header, b"\x11" * 0x2CC, b"\5" * 0x50
    )


def pair(bits: int, kind: str, defect: str, tmp_path: Path, **more: list[tuple[int, int]]) -> tuple[bytes, bytes]:
    path = write(snapshot(bits, **more), kind, tmp_path / "a.dmp")
    before = path.read_bytes()
    apply(defect, path)
    return before, path.read_bytes()


def number(data: bytes, offset: int, size: int) -> int:
    return int.from_bytes(data[offset : offset + size], "little")


def changed(before: bytes, after: bytes) -> set[int]:
    assert len(before) == len(after)
    return {index for index, (old, new) in enumerate(zip(before, after, strict=True)) if old != new}


ARCHITECTURES = pytest.mark.parametrize("bits", [64, 32])
KINDS = [(bits, kind) for bits in (64, 32) for kind in kinds_of(snapshot(bits))]


@pytest.mark.parametrize("defect", DEFECTS)
def test_every_defect_changes_some_kind_on_both_architectures(defect: str, tmp_path: Path) -> None:
    struck = set()
    for bits, kind in KINDS:
        try:
            before, after = pair(bits, kind, defect, tmp_path)
        except ValueError:
            continue
        assert before != after, kind
        struck.add(bits)
    if defect.startswith("kdbg-") or defect.startswith("triage-no-"):  # what these tiny machines do not have
        assert not struck
    else:
        assert struck == ({64} if defect in {"metadata-size-wrong", "range-past-file"} else {32, 64})


@pytest.mark.parametrize(("bits", "kind"), KINDS)
def test_a_defect_of_another_kind_leaves_the_file_alone(bits: int, kind: str, tmp_path: Path) -> None:
    path = write(snapshot(bits), kind, tmp_path / "a.dmp")
    before = path.read_bytes()
    wrong = "overlapping-runs" if kind != "full" else "bitmap-too-long"
    with pytest.raises(ValueError, match="type"):
        apply(wrong, path)
    assert path.read_bytes() == before


def test_unknown_defect(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no defect"):
        apply("none", write(snapshot(64), "full", tmp_path / "a.dmp"))


@ARCHITECTURES
def test_truncations(bits: int, tmp_path: Path) -> None:
    header = 0x2000 if bits == 64 else 0x1000
    for defect, share in (
        ("truncated-half", None),
        ("truncated-header", header // 2),
        ("no-pages", header),
        ("empty", 0),
    ):
        before, after = pair(bits, "full", defect, tmp_path)
        assert after == before[: len(before) // 2 if share is None else share]


@ARCHITECTURES
def test_header_defects_touch_only_their_field(bits: int, tmp_path: Path) -> None:
    places = {
        "header-dtb-zero": (0x10, 4, 0),
        "header-dtb-wrong": (0x10, 4, 0x8000),
        "header-kdbg-zero": (0x80 if bits == 64 else 0x60, 4, 0),
        "zeroed-module-list": (0x20 if bits == 64 else 0x18, 4, 0),
        "automatic": (0xF98 if bits == 64 else 0xF88, 4, 7),
        "encrypted": (0x1050 if bits == 64 else 0x8A0, 4, 0x100),
        "bad-run-count": (0x88 if bits == 64 else 0x64, 4, 0xFFFFFFF0),
    }
    for defect, (offset, size, value) in places.items():
        before, after = pair(bits, "bitmap-kernel", defect, tmp_path)
        assert changed(before, after) <= set(range(offset, offset + size)), defect
        assert number(after, offset, size) == value, defect


@ARCHITECTURES
def test_encrypted_mark_replaces_the_filler_of_a_small_dump(bits: int, tmp_path: Path) -> None:
    before, after = pair(bits, "triage", "encrypted", tmp_path)
    offset = 0x1050 if bits == 64 else 0x8A0
    assert before[offset : offset + 4] == b"PAGE" and number(after, offset, 4) == 0x100


@ARCHITECTURES
def test_bugcheck_zeroed(bits: int, tmp_path: Path) -> None:
    after = pair(bits, "full", "bugcheck-zeroed", tmp_path)[1]
    code, parameters, size = (0x38, 0x40, 32) if bits == 64 else (0x28, 0x2C, 16)
    assert number(after, code, 4) == 0 and after[parameters : parameters + size] == bytes(size)


@ARCHITECTURES
@pytest.mark.parametrize("runs", [[(1, 0x3F), (0x80, 0x20)], [(1, 0x40)]])
def test_overlapping_runs_do_overlap(bits: int, runs: list[tuple[int, int]], tmp_path: Path) -> None:
    after = pair(bits, "full", "overlapping-runs", tmp_path, runs=runs)[1]
    block, code = (0x98, "<4Q") if bits == 64 else (0x6C, "<4I")
    assert number(after, 0x88 if bits == 64 else 0x64, 4) == 2
    first, first_count, second, second_count = struct.unpack_from(code, after, block)
    assert first < second < first + first_count
    assert first_count + second_count == sum(count for _, count in runs)  # the file's size still fits


def test_bitmap_too_long_in_every_layout(tmp_path: Path) -> None:
    for bits, kind in KINDS:
        if "summary" in kind or "bitmap" in kind or kind == "active":
            summary = 0x2000 if bits == 64 else 0x1000
            before, after = pair(bits, kind, "bitmap-too-long", tmp_path)
            old = kind == "kernel-summary-old"
            value = number(after, summary + (0x10 if old else 0x30), 4 if old else 8)
            assert value // 8 > len(after)
            assert not old or number(after, summary + 0x18, 4) == value
            assert len(changed(before, after)) <= 16


def test_first_page_past_end(tmp_path: Path) -> None:
    for kind, at in (("kernel-summary-old", 0xC), ("bitmap-full", 0x20), ("live-kernel", 0x18)):
        after = pair(64, kind, "first-page-past-end", tmp_path)[1]
        assert number(after, 0x2000 + at, 4) > len(after)
        if kind == "live-kernel":
            assert number(after, 0x2010, 8) - 0x20 == number(after, 0x2018, 8) - 0x2040


@ARCHITECTURES
def test_small_dump_offsets_past_end(bits: int, tmp_path: Path) -> None:
    after = pair(bits, "triage", "triage-offsets-past-end", tmp_path)[1]
    start = 0x2000 if bits == 64 else 0x1000
    assert all(number(after, start + at, 4) > len(after) for at in (0x8, 0xC, 0x14, 0x28, 0x30, 0x38))


def test_holes_stay_holes(tmp_path: Path) -> None:
    path = write(snapshot(64, [(1, 0x8000)]), "full", tmp_path / "a.dmp")
    blocks = path.stat().st_blocks
    apply("header-dtb-zero", path)
    assert path.stat().st_blocks <= blocks + 16
