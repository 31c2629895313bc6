"""Memory images of the lab's machines, read by volatility3's own layers, and by their bytes alone."""

from __future__ import annotations

import random
import struct
from pathlib import Path

import pytest

from tests.lab.image_layers import differing, has_snappy, image_layer
from tests.lab.machine_memory import made
from volplugins.lab.machine.snapshot import PAGE, Snapshot
from volplugins.lab.machines.catalogue import MACHINES
from volplugins.lab.writers import IMAGE_KINDS, KINDS, kinds_of, write
from volplugins.lab.writers.cpu_registers import registers_of
from volplugins.lab.writers.live_memory import live_memory
from volplugins.lab.writers.vmware import sidecar_of

_PLAIN = tuple(kind for kind in IMAGE_KINDS if kind != "avml")
_FOUR_GIB = 1 << 20


def _tiny() -> Snapshot:
    """Two runs below 4 GiB and one above; pages of noise, of one byte, and none."""
    noise = random.Random("noise")
    pages = {pfn: noise.randbytes(PAGE) for pfn in (2, 3, 0x40, *range(0x50, 0x70), _FOUR_GIB + 1)}
    pages[0x41] = b"\x55" * PAGE
    runs = [(1, 4), (0x40, 0x80), (_FOUR_GIB, 3)]
    return Snapshot("tiny-x64", 64, False, pages, runs, set(), {"DirectoryTableBase": 0x2000}, bytes(0x4D0), b"")


@pytest.mark.parametrize("kind", _PLAIN)
@pytest.mark.parametrize("machine", MACHINES)
def test_volatility_reads_every_page(machine: str, kind: str, tmp_path: Path) -> None:
    snapshot = live_memory(made(machine))
    layer = image_layer(write(made(machine), kind, tmp_path / "image.vmem"), kind)
    assert differing(layer, snapshot, step=16) == []


@pytest.mark.parametrize("machine", MACHINES)
def test_volatility_reads_every_page_of_avml(machine: str, tmp_path: Path) -> None:
    if not has_snappy():
        pytest.skip("volatility3 found no libsnappy (apt-get install libsnappy1v5)")
    layer = image_layer(write(made(machine), "avml", tmp_path / "image.avml"), "avml")
    assert differing(layer, live_memory(made(machine)), step=64) == []


@pytest.mark.parametrize("kind", ["lime", "elf-core", "vmware"])
def test_memory_above_4_gib_is_reached(kind: str, tmp_path: Path) -> None:
    path = write(_tiny(), kind, tmp_path / "image.vmem")
    assert differing(image_layer(path, kind), _tiny()) == []
    assert path.stat().st_blocks * 512 < 64 * PAGE + 0x4000  # and nothing of the holes is kept


def test_raw_has_its_holes_and_vmem_closes_the_one_below_4_gib(tmp_path: Path) -> None:
    raw = write(_tiny(), "raw", tmp_path / "image.raw")
    vmem = write(_tiny(), "vmem", tmp_path / "image.vmem")
    assert raw.stat().st_size == (_FOUR_GIB + 3) * PAGE and vmem.stat().st_size == (0xC0 + 3) * PAGE
    assert raw.stat().st_blocks * 512 < 64 * PAGE
    data = vmem.read_bytes()
    assert data[2 * PAGE : 3 * PAGE] == _tiny().pages[2]
    assert data[0xC1 * PAGE : 0xC2 * PAGE] == _tiny().pages[_FOUR_GIB + 1]


def test_lime_headers_are_one_per_run(tmp_path: Path) -> None:
    data = write(made("xp-x86"), "lime", tmp_path / "image.lime").read_bytes()
    at, runs = 0, []
    while at < len(data):
        magic, version, first, last, reserved = struct.unpack_from("<IIQQQ", data, at)
        assert (magic, version, reserved) == (0x4C694D45, 1, 0)
        runs.append((first // PAGE, (last + 1 - first) // PAGE))
        at += 32 + last + 1 - first
    assert runs == made("xp-x86").runs and at == len(data)


def _notes(data: bytes) -> list[tuple[bytes, int, bytes]]:
    """Name, type and contents of every note of an ELF core."""
    kind, _, at, _, _, size, _, _ = struct.unpack_from("<IIQQQQQQ", data, 64)
    assert kind == 4
    found, end = [], at + size
    while at < end:
        names, length, number = struct.unpack_from("<III", data, at)
        start = at + 12 + (names + 3 & ~3)
        found.append((data[at + 12 : at + 12 + names].rstrip(b"\0"), number, data[start : start + length]))
        at = start + (length + 3 & ~3)
    return found


@pytest.mark.parametrize(("machine", "fault"), [("win10-x64", "none"), ("win7-x64", "none-user"), ("xp-x86", "none")])
def test_elf_notes_hold_the_registers_of_every_processor(machine: str, fault: str, tmp_path: Path) -> None:
    snapshot = made(machine, fault)
    notes = _notes(write(snapshot, "elf-core", tmp_path / "image.elf").read_bytes())
    assert [(name, kind, len(data)) for name, kind, data in notes] == [(b"CORE", 1, 336)] * 2 + [(b"QEMU", 0, 440)] * 2
    for number, cpu in enumerate(snapshot.cpus):
        known = registers_of(snapshot, cpu)
        generic, state = notes[number][2], notes[2 + number][2]
        assert struct.unpack_from("<I", generic, 32)[0] == number + 1
        assert struct.unpack_from("<Q", generic, 112 + 16 * 8)[0] == known.values["rip"]
        assert struct.unpack_from("<Q", generic, 112 + 19 * 8)[0] == known.values["rsp"]
        assert struct.unpack_from("<II", state) == (1, 440)
        assert struct.unpack_from("<2Q", state, 8 + 16 * 8) == (known.values["rip"], known.flags)
        cr3, cr4, kernel_gs = struct.unpack_from("<3Q", state, 440 - 24)
        assert (cr3, cr4) == (cpu.cr3, cpu.cr4)
        segments = [struct.unpack_from("<IIIIQ", state, 152 + 24 * index) for index in range(10)]
        kernel_block = segments[4 if snapshot.bits == 64 else 3][4]
        assert cpu.block == (kernel_gs if cpu.user else kernel_block)
        assert (segments[0][0] & 3 == 3) == cpu.user and segments[9][4] == cpu.idt[0]


def _tags(data: bytes) -> dict[tuple[str, str, tuple[int, ...]], int]:
    """Every tag of a .vmss by group, name and indices."""
    magic, _, count = struct.unpack_from("<III", data)
    assert magic == 0xBED2BED2
    found = {}
    for group in range(count):
        name, at, size = struct.unpack_from("<64sQQ", data, 12 + 80 * group)
        end = at + size
        while data[at : at + 2] != b"\0\0":
            flags, length = data[at], data[at + 1]
            start = at + 2 + length
            indices = struct.unpack_from(f"<{flags >> 6}I", data, start)
            value = data[start + 4 * len(indices) :][: flags & 0x3F]
            key = name.rstrip(b"\0").decode(), data[at + 2 : start].decode(), indices
            found[key] = int.from_bytes(value, "little")
            at = start + 4 * len(indices) + len(value)
        assert at + 2 == end
    return found


def test_vmss_says_where_memory_lies_and_what_the_processors_were_at(tmp_path: Path) -> None:
    snapshot = made("win10-x64", "none-user", 0, 1)
    tags = _tags(sidecar_of(write(snapshot, "vmware", tmp_path / "image.vmem")).read_bytes())
    assert tags["memory", "regionsCount", ()] == 3 and tags["cpu", "cpu:numVCPUs", ()] == 2
    assert [tags["memory", "regionPPN", (index,)] for index in range(3)] == [base for base, _ in snapshot.runs]
    assert tags["memory", "regionPageNum", (1,)] == snapshot.runs[0][1]
    running = next(each for each in snapshot.truth["processes"] if each["name"] == "acmetray.exe")
    assert tags["cpu", "CR64", (0, 3)] == running["shadow"]  # KVA shadowing: user code, the directory of user mode
    assert tags["cpu", "CR64", (1, 3)] & ~0xFFF == snapshot.truth["system_directory"]
    assert tags["cpu", "S.base64", (1, 5)] == snapshot.truth["processors"][1]["pcr"]
    assert tags["cpu", "rip", (0,)] == snapshot.truth["stack"][0]["ip"] < 1 << 47


def test_dumps_and_images_are_kinds_apart(tmp_path: Path) -> None:
    running = made("xp-x86", "none")
    assert not set(KINDS) & set(IMAGE_KINDS) and kinds_of(running) == ()
    with pytest.raises(ValueError, match="did not crash"):
        write(running, "full", tmp_path / "never.dmp")
    with pytest.raises(ValueError, match="never encoded"):
        write(running, "raw", tmp_path / "never.raw", encoded=True)
    with pytest.raises(ValueError, match="in clear"):
        write(made("win10-x64"), "full", tmp_path / "never.dmp", encoded=True)
    assert not list(tmp_path.iterdir())
