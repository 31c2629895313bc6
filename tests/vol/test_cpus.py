"""windows.kd.cpus against what the lab built, against volatility3's timers, and on damaged memory."""

from __future__ import annotations

import json
import lzma
import tempfile
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest
from volatility3.framework.contexts import SizedModule
from volatility3.framework.symbols.windows import WindowsKernelIntermedSymbols
from volatility3.plugins.windows.timers import Timers

from tests.vol.damaged import PAE, X64, X86, Machine
from volplugins.bugcheck.scene import CrashScene, build_scene
from volplugins.dumpfile.dump import open_dump
from volplugins.dumpfile.source import BytesSource, FileSource
from volplugins.imagefile.open_image import open_image
from volplugins.lab.machine.profiles import PROFILES
from volplugins.lab.machine.snapshot import Snapshot
from volplugins.lab.machines.catalogue import MACHINES, build
from volplugins.lab.waits.hang_scenes import HANGS
from volplugins.lab.writers import write
from volplugins.target.of_image import target_of_image
from volplugins.vol.commands.cpus.entries import Lists, entry_rows
from volplugins.vol.commands.cpus.row import CpuRow, EntryRow
from volplugins.vol.commands.cpus.rows import cpu_rows
from volplugins.vol.scene.crash_scene import scene_of
from volplugins.vol.scene.session import open_file

TICK = 1 / 64
EVERY = pytest.mark.parametrize("machine", MACHINES)
WITH = pytest.mark.parametrize("symbols", [True, False], ids=["symbols", "none"])
ALL = Lists(True, True, True)


@lru_cache(maxsize=4)
def dump_of(machine: str, fault: str, kind: str = "full") -> tuple[bytes, dict[str, Any]]:
    snapshot = build(machine, fault)
    return written(snapshot, kind), snapshot.truth


def written(snapshot: Snapshot, kind: str = "full") -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        return write(snapshot, kind, Path(folder) / "made.dmp").read_bytes()


def scene(data: bytes, symbols: bool = True) -> CrashScene:
    dump = open_dump(BytesSource(data))
    return scene_of(dump) if symbols else build_scene(dump)


def shown(rows: list) -> tuple[list, list[str]]:
    """The rows, and what the failures say."""
    failed = [row for row in rows if "error" in (row[4] if isinstance(row, CpuRow) else "", getattr(row, "list", ""))]
    return [row for row in rows if row not in failed], [row.note for row in failed]


@EVERY
@WITH
@pytest.mark.parametrize("fault", HANGS)
def test_processors_are_told_as_they_were_built(machine: str, symbols: bool, fault: str) -> None:
    data, truth = dump_of(machine, fault)
    here = scene(data, symbols)
    rows, _ = shown(list(cpu_rows(here)))
    built = truth["waits"]["cpus"]
    uptime = here.target.system_uptime / 1e7
    assert [row.processor for row in rows] == [each["number"] for each in built]
    for row, each in zip(rows, built, strict=True):
        assert (row.thread, row.idle_thread, row.next_thread or 0) == (each["thread"], each["idle"], each["next"])
        assert (row.kernel, row.user) == (each["kernel"] * TICK, each["user"] * TICK)
        assert (row.dpc, row.interrupt) == (each["dpc"] * TICK, each["interrupt"] * TICK)
        assert row.switches == each["switches"]
        if each["switches"]:
            assert row.rate == pytest.approx(each["switches"] / uptime, rel=1e-3)
        shared = truth["waits"].get("shared_ready", [])
        if symbols or machine != X86:
            assert row.ready == len(each["ready"]) + len(shared)
        assert row.dpcs == len(each["dpcs"])
    owners = {t["ethread"]: p for p in truth["processes"] for t in p["threads"]}
    for row in rows:
        owner = owners.get(row.thread)
        assert (row.pid, row.process) == ((owner["pid"], owner["name"][:14]) if owner else (0, "Idle"))


@EVERY
@pytest.mark.parametrize("fault", HANGS)
def test_queues_are_told_as_they_were_built(machine: str, fault: str) -> None:
    data, truth = dump_of(machine, fault)
    rows, _ = shown(list(entry_rows(scene(data), ALL)))
    waits = truth["waits"]
    accounts = {each["ethread"]: each for each in waits["accounts"]}
    ready = {row.object: row for row in rows if row.list == "ready"}
    assert set(ready) == {each for cpu in waits["cpus"] for each in cpu["ready"]} | set(waits.get("shared_ready", ()))
    for ethread, row in ready.items():
        assert row.priority == accounts[ethread]["priority"] and row.waited is not None and row.thread == ethread
    for cpu in waits["cpus"]:
        mine = [row.routine for row in rows if row.list == "dpc" and row.processor == cpu["number"]]
        assert mine == cpu["dpcs"]


@EVERY
@pytest.mark.parametrize("kind", ["bitmap-kernel", "raw"])
def test_other_targets_show_the_same(machine: str, kind: str, tmp_path: Path) -> None:
    path = write(build(machine, "hang-objects"), kind, tmp_path / f"made.{kind}")
    image = open_image(FileSource(path), None, str(path)) if kind == "raw" else None
    target = target_of_image(image) if image is not None else open_dump(BytesSource(path.read_bytes()))
    usual = list(cpu_rows(scene(dump_of(machine, "hang-objects")[0])))
    assert [row._replace(note="") for row in cpu_rows(scene_of(target))] == [row._replace(note="") for row in usual]


@EVERY
def test_a_small_dump_shows_its_own_processor(machine: str) -> None:
    data, truth = dump_of(machine, "hang-objects", "triage")
    rows, problems = shown(list(cpu_rows(scene(data))))
    (row,) = rows
    each = truth["waits"]["cpus"][row.processor]
    assert (row.thread, row.prcb) == (each["thread"], each["prcb"])
    assert row.ready is None and row.dpcs is None and "a small dump holds no queues" in row.note
    assert any("1 of 2 processors are not in the dump" in text for text in problems)
    (only,) = entry_rows(scene(data), ALL)
    assert only.list == "error" and "small dump" in only.note


@pytest.mark.parametrize("machine", [each for each in MACHINES if each.endswith("x64")])
def test_the_processor_that_hangs_is_marked(machine: str) -> None:
    data, truth = dump_of(machine, "clock-watchdog")
    rows, _ = shown(list(cpu_rows(scene(data))))
    marked = [row for row in rows if "answers no clock interrupt and no IPI" in row.note]
    assert [row.prcb for row in marked] == [build(machine, "clock-watchdog").header["BugCheckParameter3"]]
    assert marked[0].thread != truth["thread"]["ethread"]


class Patch:
    """A snapshot whose kernel memory is written to; the lab's structures say where members are."""

    def __init__(self, machine: str) -> None:
        self.snapshot = build(machine, "hang-objects")
        self.known = PROFILES[machine].structures
        self.width = self.snapshot.bits // 8
        self.prcb = self.snapshot.truth["waits"]["cpus"][0]["prcb"]

    def write(self, address: int, value: int, size: int | None = None) -> None:
        data = value.to_bytes(size or self.width, "little")
        page = self.snapshot.virtual[address & ~0xFFF]
        start = address & 0xFFF
        old = self.snapshot.pages.get(page, bytes(0x1000))
        self.snapshot.pages[page] = old[:start] + data + old[start + len(data) :]

    def timer(self, address: int, head: int, dpc: int, due: int) -> None:
        """A KTIMER alone in a list."""
        entry = address + self.known.offset("_KTIMER", "TimerListEntry")
        self.write(address, 8, 1)
        self.write(address + self.known.offset("_KTIMER", "DueTime"), due, 8)
        self.write(address + self.known.offset("_KTIMER", "Dpc"), dpc)
        for place, other in ((head, entry), (entry, head)):
            self.write(place, other)
            self.write(place + self.width, other)

    def dpc(self, address: int, routine: int) -> None:
        self.write(address, 19, 1)
        self.write(address + self.known.offset("_KDPC", "DeferredRoutine"), routine)

    def head(self, number: int) -> int:
        known = self.known
        first = known.offset("_KPRCB", "TimerTable") + known.offset("_KTIMER_TABLE", "TimerEntries")
        size = known.size("_KTIMER_TABLE_ENTRY")
        return self.prcb + first + number * size + known.offset("_KTIMER_TABLE_ENTRY", "Entry")


def encode(dpc: int, timer: int, keys: tuple[int, int]) -> int:
    never, always = keys
    mixed = int.from_bytes((dpc ^ always).to_bytes(8, "little"), "big") ^ timer
    turn = never & 0x3F
    return ((mixed >> turn | mixed << (64 - turn)) & ((1 << 64) - 1)) ^ never


def listed(path: Path, base: int, machine: str, folder: Path) -> list[Any]:
    """The timers that volatility3 lists, with the lab's symbol table and what its plugin asks for besides."""
    name = machine_table(machine)
    table = json.loads(lzma.decompress(name.read_bytes()))
    timers = table["user_types"]["_KTIMER_TABLE"]
    if timers["size"] > 0x4000:  # a table per kind of timer is told by its state
        timers["fields"]["TableState"] = {"offset": 0x4200, "type": {"kind": "base", "name": "unsigned long"}}
    patched = folder / name.name
    patched.write_bytes(lzma.compress(json.dumps(table).encode()))
    context, layer = open_file(path)
    symbols = WindowsKernelIntermedSymbols(context, "timers", "patched", patched.as_uri())
    context.symbol_space.append(symbols)
    context.layers[layer].config["kernel_virtual_offset"] = base
    module = SizedModule.create(context, "timers.kernel", layer, base, symbol_table_name="patched", size=0x1000000)
    return list(Timers.list_timers(context, module.name))


def machine_table(machine: str) -> Path:
    """The lab's symbol table of a machine, by the size of its KPRCB."""
    size = PROFILES[machine].structures.size("_KPRCB")
    tables = (Path(__file__).parents[2] / "symbols").rglob("*.json.xz")
    return next(path for path in tables
                if json.loads(lzma.decompress(path.read_bytes()))["user_types"]["_KPRCB"]["size"] == size)  # fmt: skip


@pytest.mark.parametrize("machine", [each for each in MACHINES if each.endswith("x64")])
def test_volatility3_sees_the_same_timers(machine: str, rows, tmp_path: Path) -> None:
    patch = Patch(machine)
    here = scene(written(patch.snapshot))
    if not patch.known.has("_KTIMER_TABLE_ENTRY"):
        pytest.skip("the lab's table of this machine has no timer table")
    keys = []
    if patch.width == 8:
        for name in ("KiWaitNever", "KiWaitAlways"):
            address = here.symbolizer.address_of(here.modules.kernel, name)
            keys.append(int.from_bytes(here.memory.read(address, 8), "little"))
    room = patch.prcb + patch.known.size("_KPRCB") - 0x400
    routine = here.symbolizer.address_of(here.modules.kernel, "KeBugCheckEx")
    now = int.from_bytes(here.memory.read((0xFFFFF78000000000 if patch.width == 8 else 0xFFDF0000) + 8, 8), "little")
    for number in (0, 100, 255):
        timer, dpc = room + (number % 7) * 0x80, room + (number % 7) * 0x80 + 0x40
        patch.dpc(dpc, routine + number)
        encoded = encode(dpc, timer, tuple(keys)) if keys else dpc
        patch.timer(timer, patch.head(number), encoded, now + 10_000_000 * number)
    path = tmp_path / "timers.dmp"
    path.write_bytes(written(patch.snapshot))
    kernel = here.modules.kernel
    theirs = {timer.vol.offset: timer.get_dpc() for timer in listed(path, kernel.base, machine, tmp_path)}
    mask = (1 << 48) - 1
    mine = [row for row in rows(path, "windows.kd.cpus", plugin_options=("--timers",)) if row["Routine"]]
    assert len(mine) == 3
    assert {(at & mask, int(dpc.DeferredRoutine) & mask) for at, dpc in theirs.items()} == {
        (int(row["Object"], 16) & mask, int(row["Routine"], 16) & mask) for row in mine
    }
    assert sorted(row["DueTime"] for row in mine) == pytest.approx([0, 100, 255], abs=0.01)
    assert {row["Symbol"].split("!")[0] for row in mine} == {"nt"}


@pytest.mark.parametrize("machine", [X64, PAE, X86])
def test_memory_that_is_gone_costs_what_was_in_it(dumps, machine: str) -> None:
    found = Machine(dumps, machine)
    prcb = found.scene.processors[1].prcb
    at = found.scene.layouts.waits.processor.offset("KernelTime")
    physical = found.scene.space.space.translate(prcb + at).physical
    found.memory.remove(physical >> 12)
    rows, _ = shown(list(cpu_rows(scene_of(found.dump))))
    if machine == X64:
        assert [row.kernel is None for row in rows] == [False, True] and rows[1].thread is not None
    assert all(row.note for row in entry_rows(scene_of(found.dump), ALL))


@EVERY
def test_every_byte_of_a_block_may_be_wrong(machine: str) -> None:
    """All ones, all zeros and pointers into user space: rows come, and end."""
    for filler in (b"\xff", b"\x00", b"\x41"):
        patch = Patch(machine)
        size = patch.known.size("_KPRCB")
        start = patch.prcb + 0x20
        for page in range(start & ~0xFFF, patch.prcb + size, 0x1000):
            first, last = max(start, page), min(patch.prcb + size, page + 0x1000)
            for address in range(first, last, 0x100):
                patch.write(address, int.from_bytes(filler * min(0x100, last - address), "little"),
                            min(0x100, last - address))  # fmt: skip
        here = scene(written(patch.snapshot))
        rows = [*cpu_rows(here), *entry_rows(here, ALL)]
        assert rows and len(rows) < 400
        assert all(isinstance(row, CpuRow | EntryRow) for row in rows)
