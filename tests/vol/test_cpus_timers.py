"""Timers of windows.kd.cpus against volatility3's, and processors' blocks that are wrong in every byte."""

from __future__ import annotations

import json
import lzma
from pathlib import Path
from typing import Any

import pytest
from volatility3.framework.contexts import SizedModule
from volatility3.framework.symbols.windows import WindowsKernelIntermedSymbols
from volatility3.plugins.windows.timers import Timers

from tests.sampling import sampled
from tests.vol.test_cpus import ALL, EVERY, scene, written
from volplugins.lab.machine.profiles import PROFILES
from volplugins.lab.machines.catalogue import MACHINES, build
from volplugins.vol.commands.cpus.entries import entry_rows
from volplugins.vol.commands.cpus.row import CpuRow, EntryRow
from volplugins.vol.commands.cpus.rows import cpu_rows
from volplugins.vol.scene.session import open_file


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


@pytest.mark.parametrize("machine", sampled([each for each in MACHINES if each.endswith("x64")], 2))
def test_volatility3_sees_the_same_timers(machine: str, rows, tmp_path: Path) -> None:
    patch = Patch(machine)
    here = scene(written(patch.snapshot))
    assert patch.known.has("_KTIMER_TABLE_ENTRY")
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
    listed_here = rows(path, "windows.kd.cpus", plugin_options=("--timers",))
    # volatility3 has no timers of the second kind
    mine = [row for row in listed_here if row["Routine"] and "KTIMER2" not in (row["Note"] or "")]
    assert {(at & mask, int(dpc.DeferredRoutine) & mask) for at, dpc in theirs.items()} == {
        (int(row["Object"], 16) & mask, int(row["Routine"], 16) & mask) for row in mine
    }
    own = [row for row in mine if room <= int(row["Object"], 16) < room + 0x400]
    assert {round(row["DueTime"]) for row in own} == {0, 100, 255}
    assert {row["Module"] for row in own} == {"nt"}


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
