"""The same machine as a complete dump and as a memory image of every form gives the same rows.

What may differ: what only a dump's header tells, the size of the file, and in raw images what a writer put into the
holes of the RAM.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from tests.sampling import sampled
from volplugins.bugcheck.scene.crash_scene import CrashScene
from volplugins.dumpfile.source import BytesSource, FileSource
from volplugins.imagefile.open_image import open_image
from volplugins.lab.machines.catalogue import MACHINES, build
from volplugins.lab.writers import IMAGE_KINDS, write
from volplugins.target.of_dump import target_of_dump
from volplugins.target.of_image import target_of_image
from volplugins.target.target import Target, TargetKind
from volplugins.vol.commands.address.rows import Wanted as AddressWanted
from volplugins.vol.commands.address.rows import address_rows
from volplugins.vol.commands.analyze.rows import analyze_rows
from volplugins.vol.commands.devices.rows import Wanted as DevicesWanted
from volplugins.vol.commands.devices.rows import device_rows
from volplugins.vol.commands.drivers.rows import Wanted as DriversWanted
from volplugins.vol.commands.drivers.rows import driver_rows
from volplugins.vol.commands.irps.rows import Wanted as IrpsWanted
from volplugins.vol.commands.irps.rows import irps_rows
from volplugins.vol.commands.lm.rows import Wanted as LmWanted
from volplugins.vol.commands.lm.rows import lm_rows
from volplugins.vol.commands.pagedirs.rows import pagedirs_rows
from volplugins.vol.commands.peb.rows import peb_rows
from volplugins.vol.commands.process.rows import Wanted as ProcessWanted
from volplugins.vol.commands.process.rows import process_rows
from volplugins.vol.commands.ptov.rows import ptov_rows
from volplugins.vol.commands.segments.rows import Wanted as SegmentsWanted
from volplugins.vol.commands.segments.rows import segment_rows
from volplugins.vol.commands.stacks.rows import Wanted as StacksWanted
from volplugins.vol.commands.stacks.rows import stacks_rows
from volplugins.vol.commands.vtop.rows import vtop_rows
from volplugins.vol.commands.waits.rows import Wanted as WaitsWanted
from volplugins.vol.commands.waits.rows import waits_rows
from volplugins.vol.scene.crash_scene import analysis_of, kernel_variables, scene_of

Rows = list[tuple[Any, ...]]
SUFFIXES = {"elf-core": ".elf", "vmware": ".vmem", "vmem": ".vmem"}
HOLES_ARE_ZEROS = ("raw", "vmem")


def image(machine: str, kind: str, folder: Path, fault: str = "notmyfault") -> tuple[Path, Target]:
    path = write(build(machine, fault), kind, folder / f"{machine}{SUFFIXES.get(kind, f'.{kind}')}")
    sidecar = path.with_suffix(".vmss")
    source = FileSource(sidecar) if kind == "vmware" else None
    found = open_image(FileSource(path), source, str(path))
    assert found is not None
    return path, target_of_image(found)


def every_row(scene: CrashScene, scan: bool | None = None) -> Iterator[tuple[str, Rows]]:
    process = next(each for each in process_rows(scene, ProcessWanted(scan=scan)) if each.name == "explorer.exe")
    yield "process", list(process_rows(scene, ProcessWanted(scan=scan)))
    yield "pagedirs", list(pagedirs_rows(scene, (), (), True, scan))
    yield "stacks", list(stacks_rows(scene, StacksWanted(), scan=scan))
    yield "peb", list(peb_rows(scene, (), True, scan))
    yield "lm", list(lm_rows(scene, LmWanted(scan=scan)))
    yield "kernel modules", list(lm_rows(scene, LmWanted(kernel=True, scan=scan)))
    yield "address", list(address_rows(scene, AddressWanted(scan=scan)))
    yield "drivers", list(driver_rows(scene, DriversWanted(dispatch=True, scan=scan)))
    yield "irps", list(irps_rows(scene, IrpsWanted(locations=True, scan=scan)))
    yield "segments", list(segment_rows(scene, SegmentsWanted()))
    yield "devices", list(device_rows(scene, DevicesWanted(stacks=True, scan=scan)))
    yield "waits", list(waits_rows(scene, WaitsWanted(scan=scan)))
    yield "ptov", list(ptov_rows(scene, (), (), scan))
    found = vtop_rows(scene, [hex(process.peb or 0)], ["explorer.exe"], None)
    yield "vtop", [tuple(row[:-1]) for row in found if row.step != "fileoffset"]
    yield "analyze", [_of_any(row) for row in analyze_rows(analysis_of(scene)) if row.section != "completeness"]


def _of_any(row: Any) -> tuple[Any, ...]:
    """A row without who says so: the header of a dump, the kernel of an image."""
    return (
        tuple(row[:-1])
        if row.section in ("bugcheck", "system") and not row.field.startswith("BUGCHECK_P")
        else tuple(row)
    )


def _without_device_memory(rows: Rows) -> Rows:
    """Raw images hold bytes for holes of the RAM, so that device memory that is mapped is in them: InDump is larger."""
    return [(*row[:12], None, *row[13:]) for row in rows]


def without_the_container(rows: Rows) -> Rows:
    """Images hold physical page 0 with the real mode vectors, which is in no dump, and some a processor's registers."""
    return [(*row[:-1], row[-1].replace("the container, ", "")) for row in rows if row[2] != "ivt"]


@pytest.fixture(scope="module")
def of_dumps(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], dict[str, Rows]]:
    from volplugins.dumpfile.dump import open_dump

    folder = tmp_path_factory.mktemp("dumps")

    @cache
    def rows(machine: str) -> dict[str, Rows]:
        path = write(build(machine, "notmyfault"), "full", folder / f"{machine}.dmp")
        return dict(every_row(scene_of(target_of_dump(open_dump(FileSource(path))))))

    return rows


@pytest.mark.parametrize(("machine", "kind"), sampled(product(MACHINES, IMAGE_KINDS), 11))
def test_an_image_gives_the_rows_of_the_dump(
    of_dumps: Callable[[str], dict[str, Rows]], machine: str, kind: str, tmp_path: Path
) -> None:
    _, target = image(machine, kind, tmp_path)
    assert (target.kind, target.crashed) == (TargetKind.MEMORY_IMAGE, True)
    alike = {"segments": without_the_container}
    if kind in HOLES_ARE_ZEROS:
        alike["address"] = _without_device_memory
    for name, rows in every_row(scene_of(target)):
        same = alike.get(name, list)
        assert same(rows) == same(of_dumps(machine)[name]), name


@pytest.mark.parametrize(("machine", "kind"), sampled(product(MACHINES, IMAGE_KINDS), 11))
def test_a_machine_that_did_not_crash(machine: str, kind: str, tmp_path: Path) -> None:
    _, target = image(machine, kind, tmp_path, "none")
    assert not target.crashed and target.context is None
    scene = scene_of(target)
    rows = [tuple(row) for row in analyze_rows(analysis_of(scene))]
    assert rows[0][:2] == ("bugcheck", "BUGCHECK_CODE") and rows[0][4] == "no bugcheck is recorded"
    assert {row[0] for row in rows} == {"bugcheck", "system", "modules", "symbols", "completeness"}
    assert not [row for row in rows if row[1] == "error"]
    assert [row.name for row in process_rows(scene, ProcessWanted())].count("System") == 1


def test_an_encoded_debugger_data_block_is_decoded(tmp_path: Path) -> None:
    snapshot = build("win10-x64", "notmyfault")
    found = {}
    for encoded in (False, True):
        path = write(snapshot, "raw", tmp_path / f"{encoded}.raw", encoded)
        opened = open_image(FileSource(path))
        assert opened is not None
        found[encoded] = target_of_image(opened)
    assert "in clear" in found[False].how("KdDebuggerDataBlock")
    assert "encoded" in found[True].how("KdDebuggerDataBlock")
    assert found[True].debugger_data == found[False].debugger_data
    assert found[True].anchors == found[False].anchors


def test_list_heads_are_looked_up_in_the_symbols_where_there_is_no_block(tmp_path: Path) -> None:
    snapshot = build("win10-x64", "notmyfault")
    data = bytearray(write(snapshot, "raw", tmp_path / "a.raw", False).read_bytes())
    block = data.index(b"KDBG") - 0x10
    data[block : block + 0x380] = bytes(0x380)
    opened = open_image(BytesSource(bytes(data)), None, "a.raw")
    assert opened is not None
    found = target_of_image(opened, addresses_of=kernel_variables)
    assert found.how("PsActiveProcessHead") == found.how("PsLoadedModuleList") == "the kernel's symbols"
    base = next(each["base"] for each in snapshot.truth["modules"] if each["name"] == "nt")
    symbols = snapshot.truth["symbols"]["nt"]
    assert found.anchors.active_processes == base + symbols["PsActiveProcessHead"]
    assert found.anchors.loaded_modules == base + symbols["PsLoadedModuleList"]
    assert "PsInitialSystemProcess" in target_of_image(opened).how("PsActiveProcessHead")


@pytest.mark.parametrize("kind", ["full", "raw", "lime"])
def test_dumpinfo_says_what_is_looked_at(rows: Any, kind: str, tmp_path: Path) -> None:
    path = write(build("win10-x64", "notmyfault"), kind, tmp_path / f"memory.{kind}")
    found = {row["Field"]: row for row in rows(path, "windows.kd.dumpinfo") if row["Group"] == "target"}
    below = {"full": "WindowsCrashDump64Layer, FileLayer", "raw": "FileLayer", "lime": "LimeLayer, FileLayer"}[kind]
    assert found["Format"]["Value"] == f"WindowsIntel32e, {below}"
    assert found["Kind"]["Value"] == ("crash-dump" if kind == "full" else "memory-image")
    assert found["KernelBase"]["Value"] == "0xfffff80276400000" and found["Machine"]["Value"] == "x64"
    assert found["Build"]["Value"] == "19041" and all(row["Note"] for row in found.values())
