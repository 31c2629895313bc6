"""Pointers, counts and names of the I/O system's structures overwritten: nothing raises, what is good stays."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace

import pytest

from tests.io.views import snapshot_of, view_of
from volplugins.findings.drivers import of_view
from volplugins.io.system import IoSystem
from volplugins.io.view import IoView, make_view
from volplugins.lab.machines.catalogue import MACHINES
from volplugins.memory.reader import MemoryReader


@dataclass(frozen=True)
class Overwritten:
    """Memory in which the word at one place is another."""

    memory: MemoryReader
    at: int
    word: bytes

    def read(self, address: int, size: int) -> bytes:
        data = self.memory.read(address, size)
        if self.at + len(self.word) <= address or self.at >= address + size:
            return data
        whole = bytearray(data)
        for index, byte in enumerate(self.word):
            place = self.at + index - address
            if 0 <= place < size:
                whole[place] = byte
        return bytes(whole)


def _view_with(system: IoSystem, at: int, word: int) -> IoView:
    return make_view(replace(system, memory=Overwritten(system.memory, at, word.to_bytes(system.width, "little"))))


def _words(machine: str, chooser: random.Random, count: int) -> list[tuple[int, int]]:
    """Places in drivers, devices, nodes and directories, and what to write there."""
    system, truth = view_of(machine).system, snapshot_of(machine).truth["io"]
    starts = [each["object"] for kind in ("drivers", "devices") for each in truth[kind]]
    starts += [each["node"] for each in truth["nodes"]]
    starts += list(view_of(machine).namespace.directories)
    high = 1 << (system.bits - 1)
    found = []
    for _ in range(count):
        at = chooser.choice(starts) - 0x40 + chooser.randrange(0x1C0) // system.width * system.width
        near, wild = chooser.choice(starts), chooser.getrandbits(system.bits)
        last = 2 * high - system.width
        values = (0, 1, 0xFFFF, near, near + 8, high, high | wild & 0x7FFFFFFF, 0x7FFE0000, last, wild)
        found.append((at, chooser.choice(values)))
    return found


@pytest.mark.parametrize("machine", MACHINES)
@pytest.mark.parametrize("count", [40, pytest.param(1500, marks=pytest.mark.slow)])
def test_any_word_overwritten(machine: str, count: int) -> None:
    sound, system = view_of(machine, scan=False), view_of(machine).system
    for at, word in _words(machine, random.Random(f"{machine} {count}"), count):
        view = _view_with(system, at, word)
        assert len(view.drivers) <= len(sound.drivers) + 1 and len(view.devices) <= len(sound.devices) + 2
        # one word costs at most one driver, and the devices or nodes that only it leads to
        assert len(view.drivers) >= len(sound.drivers) - 1 or view.notes
        list(of_view(view))
        for device in view.devices.values():
            assert len(view.stack(device).devices) <= 130


@pytest.mark.parametrize("machine", MACHINES)
def test_lists_that_lead_back(machine: str) -> None:
    view = view_of(machine)
    system = view.system
    layouts = system.layouts
    driver = next(each for each in view.drivers.values() if len(view.by_driver().get(each.address, ())) > 1)
    first = view.devices[driver.first_device]
    looped = _view_with(system, first.next + layouts.device_object.offset("NextDevice"), first.address)
    assert any("leads back" in note for note in looped.drivers[driver.address].notes)
    assert set(looped.devices) == set(view.devices)
    upper = next(each for each in view.devices.values() if each.upper)
    turned = _view_with(system, upper.upper + layouts.device_object.offset("AttachedDevice"), upper.address)
    assert any("leads back" in note for note in turned.stack(turned.devices[upper.address]).notes)
    node = view.tree.nodes[-1]
    circle = _view_with(system, node.address + layouts.device_node.offset("Child"), view.tree.nodes[0].address)
    assert any("twice" in note for note in circle.notes)
    assert len(circle.tree.nodes) == len(view.tree.nodes)


@pytest.mark.parametrize("machine", MACHINES)
def test_buckets_that_lead_to_each_other(machine: str) -> None:
    view = view_of(machine)
    system, root = view.system, view.namespace.root
    heads = [system.pointer(root + number * system.width) for number in range(37)]
    one, other = [number for number, head in enumerate(heads) if head][:2]
    looped = _view_with(system, heads[one], heads[other])
    assert any("met before" in note for note in looped.notes)
    assert set(looped.drivers) == set(view.drivers)
