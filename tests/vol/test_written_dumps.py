"""What `volplugins dump` writes: every plugin's rows, volatility3's own and MemProcFS's are those of the source."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from itertools import product
from pathlib import Path

import pytest

from tests.sampling import sampled
from tests.vol.test_images import every_row, image, without_the_container
from volplugins.dumpfile.dump import open_dump
from volplugins.dumpfile.dump_type import DumpType
from volplugins.dumpfile.errors import UnsupportedDumpType
from volplugins.dumpfile.source import FileSource
from volplugins.dumpwriter.dump_plan import OutputKind, plan_dump
from volplugins.dumpwriter.new_file import new_file
from volplugins.dumpwriter.writer import write_dump
from volplugins.imagefile.open_image import open_image
from volplugins.kernel.debugger_data import OWNER_TAG
from volplugins.kernel.kernel_space import KernelAnchors
from volplugins.lab.machine.profiles import PROFILES
from volplugins.lab.machines.catalogue import MACHINES, build
from volplugins.lab.writers import write
from volplugins.lab.writers.symbol_tables import symbol_table
from volplugins.target.as_dump import (
    clear_debugger_data,
    header_facts,
    refuse_what_is_no_memory,
    with_debugger_data,
)
from volplugins.target.of_dump import target_of_dump
from volplugins.target.of_image import target_of_image
from volplugins.target.target import NO_CRASH, Target
from volplugins.vol.commands.analyze.rows import analyze_rows
from volplugins.vol.commands.cpus.rows import cpu_rows
from volplugins.vol.commands.dumpinfo.rows import dumpinfo_rows
from volplugins.vol.commands.stacks.rows import Wanted, stacks_rows
from volplugins.vol.scene.crash_scene import analysis_of, scene_of
from volplugins.vol.scene.kernel_addresses import lacking_addresses

JUDGES = Path(__file__).parents[1] / "lab"
SYMBOLS = Path(__file__).parents[2] / "symbols"
KINDS = tuple(OutputKind)


def written(source: Target, path: Path, kind: OutputKind | None = None, clear: bool = True) -> Path:
    target = with_debugger_data(source)
    assert target.memory is not None
    partial = target.dump is not None and not target.holds_all
    plan = plan_dump(target.memory, header_facts(target, lacking_addresses(target)), kind, partial)
    with new_file(path) as out:
        write_dump(target.memory, plan, clear_debugger_data(target) if clear else {}, out)
    return path


def opened(path: Path) -> Target:
    return target_of_dump(open_dump(FileSource(path)))


def tag_of(target: Target) -> bytes:
    """What the memory of a dump has where the debugger data block keeps its tag."""
    return scene_of(target).memory.read(target.anchors.debugger_data + 0x10, 4)


@pytest.mark.parametrize(
    ("machine", "source", "kind"),
    sampled([*product(MACHINES, ("raw", "lime", "vmware"), KINDS), ("win10-x64", "avml", None)], 23),
)
def test_an_image_keeps_its_rows(machine: str, source: str, kind: OutputKind | None, tmp_path: Path) -> None:
    _, target = image(machine, source, tmp_path)
    dump = opened(written(target, tmp_path / "a.dmp", kind))
    rows = dict(every_row(scene_of(target)))
    for name, found in every_row(scene_of(dump)):
        same = without_the_container if name == "segments" else list
        assert same(found) == same(rows[name]), name
    assert dump.bugcheck.code == target.bugcheck.code and dump.context == target.context
    assert tag_of(dump) == OWNER_TAG


@pytest.mark.parametrize(
    ("machine", "source", "kind"),
    sampled(product(MACHINES, ("full", "bitmap-kernel", "bitmap-full"), (None, *KINDS)), 31),
)
def test_a_dump_keeps_its_rows(machine: str, source: str, kind: OutputKind | None, tmp_path: Path) -> None:
    target = opened(write(build(machine, "notmyfault"), source, tmp_path / "source.dmp"))
    dump = opened(written(target, tmp_path / "a.dmp", kind))
    partial = source == "bitmap-kernel"
    assert dump.dump is not None and target.dump is not None
    if partial and kind is OutputKind.FULL:
        assert dump.dump.header.dump_type == DumpType.FULL  # pages of zeros are not pages that are missing
        return
    assert (dump.dump.header.dump_type == DumpType.BITMAP_KERNEL) is partial
    rows = dict(every_row(scene_of(target)))
    for name, found in every_row(scene_of(dump)):
        assert found == rows[name], name
    differing = {"DumpType", "RequiredDumpSpace"}
    headers = [
        {f.name: f.value for f in t.dump.header.fields if f.name not in differing} for t in (target, dump) if t.dump
    ]
    assert headers[0] == headers[1]


@pytest.mark.parametrize("machine", MACHINES)
def test_a_machine_that_did_not_crash(machine: str, tmp_path: Path) -> None:
    _, target = image(machine, "raw", tmp_path, "none")
    dump = opened(written(target, tmp_path / "a.dmp"))
    assert dump.bugcheck.code == NO_CRASH and dump.context is None
    rows = [tuple(row) for row in analyze_rows(analysis_of(scene_of(dump)))]
    said = {row[1]: row[2] for row in rows}
    assert said["BUGCHECK_NAME"] == "LIVE_SYSTEM_DUMP" and said["MANUAL_CRASH"] == "live-dump"
    assert dump.dump is not None
    header = dump.dump.header
    assert (header.product_type, header.minor_version, header.pae) == (1, target.build, target.pae)
    assert header.number_processors == 2
    symbols = {name: each["address"] for name, each in symbol_table(PROFILES[machine])["symbols"].items()}
    base = header.ps_loaded_module_list - symbols["PsLoadedModuleList"]
    assert header.pfn_data_base == base + symbols["MmPfnDatabase"], "the variable, not what it holds"
    shown = {row.field: row for row in dumpinfo_rows(dump, None) if row.group == "header"}
    assert shown["BugCheckCode"].value == "0x161"
    unwritten = shown["Exception.ExceptionCode"]
    assert (unwritten.value, unwritten.note) == ("0x45474150", "never written (filler)")


def with_stale_contexts(path: Path, target: Target) -> Target:
    """An image whose processors' blocks hold registers of an earlier stop: elsewhere on the stack, interrupts off."""
    scene = scene_of(target)
    data = bytearray(path.read_bytes())
    for processor in scene.processors:
        at = scene.space.space.translate(processor.prcb + scene.layouts.processor.offset("ContextFrame")).physical
        assert at is not None and processor.current_thread is not None
        kernel = scene.modules.kernel
        assert kernel is not None
        for place, value in ((0x30, 0x10001F), (0x44, 0x46)):
            data[at + place : at + place + 4] = value.to_bytes(4, "little")
        for place, value in ((0x98, processor.current_thread.initial_stack - 0x400), (0xF8, kernel.base + 0x1020)):
            data[at + place : at + place + 8] = value.to_bytes(8, "little")
    stale = path.with_name("stale.raw")
    stale.write_bytes(data)
    found = open_image(FileSource(stale), None, str(stale))
    assert found is not None
    return target_of_image(found)


def test_registers_of_an_earlier_stop_stay_those(tmp_path: Path) -> None:
    """What no bugcheck stopped is not believed to have been stopped because it is written as 0x161."""
    target = with_stale_contexts(*image("win10-x64", "raw", tmp_path, "none"))
    dump = opened(written(target, tmp_path / "a.dmp"))
    assert dump.crashed and not dump.stopped and not target.stopped
    found, expected = scene_of(dump), scene_of(target)
    rows = list(cpu_rows(found))
    assert rows == list(cpu_rows(expected))
    assert all(row.irql is None and "interrupts" not in row.note for row in rows)
    assert list(stacks_rows(found, Wanted())) == list(stacks_rows(expected, Wanted()))
    hung = [row for row in analyze_rows(analysis_of(found)) if row.section == "hang"]
    assert not [row for row in hung if "interrupts off" in str(row.value)]


def test_the_same_target_gives_the_same_bytes(tmp_path: Path) -> None:
    path, target = image("win7-x86-pae", "lime", tmp_path)
    first, second = (written(target, tmp_path / f"{number}.dmp", OutputKind.BITMAP) for number in (1, 2))
    assert first.read_bytes() == second.read_bytes()
    assert path.stat().st_size < first.stat().st_size + (1 << 20)


def test_a_dump_with_the_block_encoded_is_written_in_clear(tmp_path: Path) -> None:
    write(build("win10-x64", "notmyfault"), "raw", tmp_path / "a.raw", True)
    found = open_image(FileSource(tmp_path / "a.raw"))
    assert found is not None
    source = target_of_image(found)
    encoded = opened(written(source, tmp_path / "encoded.dmp", clear=False))
    assert tag_of(encoded) != OWNER_TAG
    clear = opened(written(encoded, tmp_path / "clear.dmp"))
    assert tag_of(clear) == OWNER_TAG
    assert scene_of(clear).memory.read(source.anchors.debugger_data, 0x340) == (source.debugger_data or b"")[:0x340]


def test_addresses_by_symbols(tmp_path: Path) -> None:
    _, target = image("win10-x64", "raw", tmp_path)
    blind = replace(target, anchors=KernelAnchors(0, 0, 0))
    anchors = target.anchors
    assert lacking_addresses(target) == {}
    assert lacking_addresses(blind) == {
        "PsLoadedModuleList": anchors.loaded_modules,
        "PsActiveProcessHead": anchors.active_processes,
        "KdDebuggerDataBlock": anchors.debugger_data,
    }


def test_a_small_dump_is_refused(tmp_path: Path) -> None:
    target = opened(write(build("win10-x64"), "triage", tmp_path / "a.dmp"))
    with pytest.raises(UnsupportedDumpType, match="no physical memory"):
        refuse_what_is_no_memory(target)


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Path]]:
    """Of each machine a raw image and what is written of it: complete and bitmap."""
    folder = tmp_path_factory.mktemp("judged")
    found = {}
    for machine in MACHINES:
        path, target = image(machine, "raw", folder, "none")
        found[machine] = [path, *(written(target, folder / f"{machine}-{kind.value}.dmp", kind) for kind in KINDS)]
    return found


@pytest.mark.parametrize("machine", sampled(MACHINES, 4))
def test_volatility_says_the_same(judged: dict[str, list[Path]], machine: str, tmp_path: Path) -> None:
    files = map(str, judged[machine])
    plugins = ("windows.pslist", "windows.modules")
    command = [sys.executable, str(JUDGES / "volatility_judge.py"), str(SYMBOLS), str(tmp_path), *files, "--", *plugins]
    result = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    assert result.returncode == 0, result.stderr
    raw, full, bitmap = json.loads(result.stdout)
    assert raw == full == bitmap
    assert len(raw["windows.pslist"]) > 5 and len(raw["windows.modules"]) > 5


@pytest.mark.parametrize(("machine", "kind"), sampled(product([m for m in MACHINES if m.endswith("x64")], KINDS), 3))
def test_memprocfs_says_what_is_true(judged: dict[str, list[Path]], machine: str, kind: OutputKind) -> None:
    path = judged[machine][1 + KINDS.index(kind)]
    command = [sys.executable, str(JUDGES / "memprocfs_judge.py"), str(path)]
    result = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    if result.returncode == 3:
        pytest.skip(f"MemProcFS is not installed: {result.stderr.strip()}")
    assert result.returncode == 0, result.stdout + result.stderr
    said, truth = json.loads(result.stdout.splitlines()[-1]), build(machine, "none").truth
    running = [each for each in truth["processes"] if not each["exited"]]
    assert {each["pid"] for each in running} >= {each["pid"] for each in said["processes"]} and said["modules"]


@pytest.mark.parametrize("kind", KINDS)
def test_kdmp_parser_reads_every_page(judged: dict[str, list[Path]], kind: OutputKind) -> None:
    kdmp_parser = pytest.importorskip("kdmp_parser", reason="kdmp-parser is not installed")
    path = judged["win10-x64"][1 + KINDS.index(kind)]
    dump, memory = kdmp_parser.KernelDumpParser(path), opened(path).memory
    assert memory is not None and len(dump.pages) == memory.pages_in_file
    assert all(bytes(dump.pages[at]) == memory.read(at, 0x1000) for at in list(dump.pages)[::97])
