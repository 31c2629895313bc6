"""Damage to memory images: each defect is what it says, and leaves the rest of the file as it was."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest
from volatility3.framework.exceptions import LayerException
from volatility3.framework.interfaces.layers import DataLayerInterface

from tests.lab.image_layers import differing, image_layer
from tests.lab.machine_memory import made, translate
from tests.lab.test_lab_images_snappy import unpacked
from volplugins.lab.damage.images import IMAGE_DEFECTS, damaged_memory, write_damaged
from volplugins.lab.machine.snapshot import PAGE, Snapshot
from volplugins.lab.machines.catalogue import MACHINES
from volplugins.lab.writers import IMAGE_KINDS, write
from volplugins.lab.writers.live_memory import live_memory
from volplugins.lab.writers.vmware import sidecar_of


def _both(machine: str, kind: str, name: str, folder: Path) -> tuple[bytes, bytes]:
    """The file as it should be, and damaged."""
    good = write(made(machine), kind, folder / "good.vmem").read_bytes()
    return good, write_damaged(made(machine), kind, folder / "bad.vmem", name).read_bytes()


@pytest.mark.parametrize("kind", IMAGE_KINDS)
def test_a_cut_image_is_the_beginning_of_a_whole_one(kind: str, tmp_path: Path) -> None:
    good, bad = _both("xp-x86", kind, "image-cut", tmp_path)
    assert good.startswith(bad) and len(bad) == len(good) // 2 - 0x123


def _lime_runs(data: bytes) -> list[tuple[int, int, int]]:
    """Offset, first and last address of each header that is one."""
    at, found = 0, []
    while at + 32 <= len(data) and struct.unpack_from("<I", data, at)[0] == 0x4C694D45:
        first, last = struct.unpack_from("<QQ", data, at + 8)
        found.append((at, first, last))
        at += 33 + last - first
    return found


def test_lime_runs_overlap(tmp_path: Path) -> None:
    good, bad = _both("win7-x64", "lime", "lime-overlap", tmp_path)
    before, after = _lime_runs(good), _lime_runs(bad)
    assert [at for at, _, _ in after] == [at for at, _, _ in before] and after[:2] == before[:2]
    assert after[1][1] < after[2][1] < after[1][2] < after[2][2]
    assert after[2][2] - after[2][1] == before[2][2] - before[2][1] and after[2][1] % PAGE == 0
    with pytest.raises(LayerException):
        image_layer(tmp_path / "bad.vmem", "lime")


def test_a_lime_run_leads_past_the_end(tmp_path: Path) -> None:
    good, bad = _both("win7-x64", "lime", "lime-past-end", tmp_path)
    at, first, last = _lime_runs(bad)[-1]
    assert at + 33 + last - first == len(bad) + (1 << 30) and len(good) == len(bad)


def test_a_later_lime_header_is_none(tmp_path: Path) -> None:
    good, bad = _both("win7-x64", "lime", "lime-bad-magic-later", tmp_path)
    assert len(_lime_runs(bad)) == 1
    at = _lime_runs(good)[1][0]
    assert bad[at : at + 4] != good[at : at + 4] and bad[:at] + good[at : at + 4] + bad[at + 4 :] == good


def test_hostile_segments_come_after_the_good_ones(tmp_path: Path) -> None:
    good, bad = _both("win7-x64", "elf-core", "elf-hostile-headers", tmp_path)
    table, count = struct.unpack_from("<Q", bad, 0x20)[0], struct.unpack_from("<H", bad, 0x38)[0]
    rows = [struct.unpack_from("<IIQQQQQQ", bad, table + 56 * index) for index in range(count)]
    assert table == len(good) and bad[0x40:table] == good[0x40:] and bad[table : table + 56 * 4] == good[64 : 64 + 224]
    outside = [row for row in rows if row[0] == 1 and row[2] + row[5] > len(bad)]
    assert len(outside) == 3 and any(row[2] + row[5] >= 1 << 64 for row in rows)
    address, size = rows[3][4], rows[3][5]
    assert address < rows[4][4] < address + size == rows[4][4] + rows[4][5]


def test_the_sidecar_is_another_machines(tmp_path: Path) -> None:
    snapshot = made("win10-x64", "driver-read", 2, 1)
    good = write(snapshot, "vmware", tmp_path / "good.vmem")
    bad = write_damaged(snapshot, "vmware", tmp_path / "bad.vmem", "vmss-of-another-machine")
    assert good.read_bytes() == bad.read_bytes()
    assert sidecar_of(good).read_bytes() != sidecar_of(bad).read_bytes()
    layer = image_layer(bad, "vmware")
    assert layer.maximum_address < snapshot.runs[-1][0] * PAGE + snapshot.runs[-1][1] * PAGE - 1
    assert differing(image_layer(good, "vmware"), live_memory(snapshot), 64) == []
    assert len(_otherwise(layer, snapshot)) > 5


def _otherwise(layer: DataLayerInterface, snapshot: Snapshot) -> list[int]:
    """Pages that hold something, that the layer has and reads otherwise."""
    return [
        pfn for pfn, page in snapshot.pages.items()
        if layer.is_valid(pfn * PAGE, PAGE) and layer.read(pfn * PAGE, PAGE) != page
    ]  # fmt: skip


def test_one_chunk_of_a_block_is_no_snappy(tmp_path: Path) -> None:
    good, bad = _both("xp-x86", "avml", "avml-bad-chunk", tmp_path)
    changed = [index for index, (old, new) in enumerate(zip(good, bad, strict=True)) if old != new]
    assert bad[changed[0] : changed[-1] + 1].count(0xFF) >= len(changed) and changed[-1] - changed[0] < 0x10000
    start = changed[0]
    size = next(int.from_bytes(good[at + 1 : at + 4], "little") for at in range(start - 8, start) if good[at] == 0)
    with pytest.raises((AssertionError, IndexError)):
        unpacked(bad[start : start + size - 4])


@pytest.mark.parametrize("machine", MACHINES)
def test_a_smeared_image_holds_pages_of_two_moments(machine: str, tmp_path: Path) -> None:
    snapshot = made(machine, "none")
    smeared = damaged_memory(snapshot, "image-smeared")
    pfns = smeared.truth["smeared"]
    assert {pfn for pfn in smeared.pages if smeared.pages[pfn] != snapshot.pages.get(pfn)} <= set(pfns)
    kernel = [pfn for pfn in pfns if pfn in snapshot.kernel_pfns]
    assert 5 < len(pfns) < len(snapshot.pages) // 4 and 0 < len(kernel) < len(pfns)
    base = snapshot.truth["modules"][0]["base"]
    assert translate(smeared, snapshot.truth["system_directory"], base) is not None
    written = write_damaged(snapshot, "raw", tmp_path / "image.raw", "image-smeared")
    assert differing(image_layer(written, "raw"), live_memory(smeared), 64) == []


def test_defects_are_of_kinds(tmp_path: Path) -> None:
    for name, defect in IMAGE_DEFECTS.items():
        for kind in set(IMAGE_KINDS) - set(defect.kinds):
            with pytest.raises(ValueError, match=name):
                write_damaged(made("xp-x86"), kind, tmp_path / "never", name)
    with pytest.raises(ValueError, match="no defect"):
        write_damaged(made("xp-x86"), "raw", tmp_path / "never", "bitmap-empty")
    assert not list(tmp_path.iterdir())
