"""The dump of a large machine: counts, places of pages, and volatility3's opinion of a small one of its kind."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest

from volplugins.lab.machine.snapshot import PAGE, Snapshot
from volplugins.lab.writers.bigmap import PATTERNS, write_big_bitmap


def machine(bits: int = 64) -> Snapshot:
    pages = {pfn: struct.pack("<I", pfn) * (PAGE // 4) for pfn in (1, 2, 0x40, 0x41, 0x1FF, 0x3FFF)}
    return Snapshot("tiny", bits, False, pages, [(1, 0x3FFF)], set(), {"BugCheckCode": 0xD1}, b"", b"")


def head(path: Path) -> tuple[int, int, int, bytes]:
    with path.open("rb") as file:
        file.seek(0x2000)
        assert file.read(8) == b"FDMPDUMP"
        file.seek(0x2020)
        first, count, bits = struct.unpack("<QQQ", file.read(24))
        return first, count, bits, file.read(bits // 8)


@pytest.mark.parametrize("pattern", PATTERNS)
def test_counts_agree_with_the_bitmap(pattern: str, tmp_path: Path) -> None:
    path = write_big_bitmap(tmp_path / "big.dmp", gib=2, pattern=pattern)
    first, count, bits, bitmap = head(path)
    present = np.unpackbits(np.frombuffer(bitmap, dtype=np.uint8), bitorder="little")
    assert bits == 2 * 262144 and count == int(present.sum())
    assert path.stat().st_size == first + count * PAGE
    share = {"all": 1, "alternate": 0.5, "mixed": 0.45}[pattern]
    assert abs(count / bits - share) < 0.06


def test_mixed_has_full_empty_and_ragged_words(tmp_path: Path) -> None:
    words = np.frombuffer(head(write_big_bitmap(tmp_path / "big.dmp", gib=1))[3], dtype=np.uint32)
    full, empty = float((words == 0xFFFFFFFF).mean()), float((words == 0).mean())
    assert full > 0.25 and empty > 0.25 and 1 - full - empty > 0.05


@pytest.mark.parametrize("pattern", PATTERNS)
def test_pages_of_a_machine_are_where_their_bits_say(pattern: str, tmp_path: Path) -> None:
    given = machine()
    path = write_big_bitmap(tmp_path / "big.dmp", gib=1, pattern=pattern, snapshot=given)
    first, _, _, bitmap = head(path)
    present = np.unpackbits(np.frombuffer(bitmap, dtype=np.uint8), bitorder="little")
    with path.open("rb") as file:
        for pfn, content in given.pages.items():
            assert present[pfn]
            file.seek(first + int(present[:pfn].sum()) * PAGE)
            assert file.read(PAGE) == content


def test_volatility3_finds_the_pages(tmp_path: Path) -> None:
    contexts = pytest.importorskip("volatility3.framework.contexts")
    from volatility3.framework.layers import crash, physical

    given = machine()
    path = write_big_bitmap(tmp_path / "big.dmp", gib=1, pattern="all", snapshot=given)
    context = contexts.Context()
    context.config["file.location"] = path.as_uri()
    context.add_layer(physical.FileLayer(context, "file", "file"))
    context.config["dump.base_layer"] = "file"
    layer = crash.WindowsCrashDump64Layer(context, "dump", "dump")
    assert all(layer.read(pfn * PAGE, PAGE) == content for pfn, content in given.pages.items())


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [({"pattern": "none"}, "pattern"), ({"gib": 0}, "memory"), ({"snapshot": machine(32)}, "64 bits")],
)
def test_wrong_use(arguments: dict[str, object], reason: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=reason):
        write_big_bitmap(tmp_path / "big.dmp", **arguments)  # type: ignore[arg-type]
