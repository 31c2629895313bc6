"""What many directories, drivers, nodes and tags cost together, and how their notes are cut."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from volplugins.io import device_node, object_directories, object_scan, view
from volplugins.io.capped_notes import CappedNotes
from volplugins.io.device_node import find_root, walk_tree
from volplugins.io.object_directories import ObjectNamespace, _Walk
from volplugins.io.view import IoView, _Gatherer
from volplugins.kernel.layouts import built_in
from volplugins.memory.reader import ReadError


class Counted(dict[int, Any]):
    """A table that counts what is looked up in it."""

    looked_up = 0

    def get(self, key: int, default: Any = None) -> Any:
        type(self).looked_up += 1
        return super().get(key, default)


def test_notes_are_said_once_and_counted_past_the_most() -> None:
    notes = CappedNotes([], "lists", 3)
    for number in range(10):
        notes.say(f"note {number}")
        notes.say("note 1")
    notes.limit("the rest is left out")
    assert notes.notes == [
        "note 0", "note 1", "note 2", "7 more notes about lists are left out", "the rest is left out",
    ]  # fmt: skip


class Directories:
    """Memory in which each directory has 37 heads that are no addresses of the kernel, all different."""

    reads = 0

    def read(self, address: int, size: int) -> bytes:
        self.reads += 1
        heads = (address * 64 + 8 * number + 1 & 0x7FFF_FFFF_FFFF for number in range(size // 8))
        return b"".join(head.to_bytes(8, "little") for head in heads)


def walk_of(memory: Directories) -> tuple[_Walk, ObjectNamespace]:
    system: Any = SimpleNamespace(memory=memory, width=8, in_kernel_half=lambda address: bool(address >> 63))
    headers: Any = None
    found = ObjectNamespace(root=1)
    return _Walk(system, headers, found, 0, ()), found


def test_wrong_heads_of_directories_are_told_so_often() -> None:
    walk, found = walk_of(Directories())
    for number in range(40):
        assert not list(walk._objects(0x1000 + 0x128 * number, f"\\d{number}"))
    assert len(found.notes) == 257 and not found.whole()
    assert found.notes[-1] == f"{40 * 37 - 256:,} more notes about object directories are left out"


def test_wrong_heads_count_among_the_entries(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(object_directories, "_MOST_ENTRIES", 100)
    walk, found = walk_of(Directories())
    for number in range(5):
        list(walk._objects(0x1000 + 0x128 * number, f"\\d{number}"))
    assert len(found.notes) == 101
    assert found.notes[-1] == "more than 100 entries in object directories: the rest is left out"


def gatherer(devices: int) -> tuple[_Gatherer, dict[int, Any]]:
    """A gatherer that knows of so many devices, each of which leads to the next."""
    system: Any = None
    headers: Any = None
    made = IoView(system)
    known: Any = Counted({1 + n: SimpleNamespace(next=n + 2 if n + 1 < devices else 0) for n in range(devices)})
    made.devices = known
    return _Gatherer(made, headers), made.drivers  # type: ignore[return-value]


class Noted:
    """A driver, as far as its list of devices goes."""

    def __init__(self, address: int) -> None:
        self.address, self.first_device, self.notes = address, 1, list[str]()

    def noting(self, text: str) -> Noted:
        self.notes.append(text)
        return self


def test_devices_of_one_list_to_which_many_drivers_lead(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(view, "_MOST_AGAIN", 1000)
    monkeypatch.setattr(Counted, "looked_up", 0)
    gathering, drivers = gatherer(300)
    for address in range(100):
        drivers[address] = Noted(address)
        gathering._list(drivers[address])
    assert Counted.looked_up <= 1300
    assert not drivers[1].notes  # a few are followed to their end: which driver is the wrong one is not known
    assert drivers[99].notes == ["its list of devices leads into that of another driver at 0x1"]


class Circle:
    """An I/O system in which nodes lead upwards in a circle, and count."""

    layouts = SimpleNamespace(device_node=None)
    steps = 0

    def variable(self, name: str) -> None:
        return None

    def structure(self, address: int, layout: object) -> Any:
        self.steps += 1
        return SimpleNamespace(unsigned=lambda member: 1 + address % 500)

    def present(self, address: int, layout: object, *needed: str) -> Any:
        return self.structure(address, layout)


def test_many_nodes_of_one_circle_are_followed_once() -> None:
    system: Any = Circle()
    assert find_root(system, list(range(1, 200))) is None
    assert system.steps == 500


class Wide(Circle):
    """A root below which every second node cannot be read."""

    memory = None

    def structure(self, address: int, layout: object) -> Any:
        if address % 2 and address > 1:
            raise ReadError(address)
        return SimpleNamespace(get={"Child": address + 1, "Sibling": address + 2}.__getitem__)


def test_nodes_that_cannot_be_read_are_told_so_often(monkeypatch: pytest.MonkeyPatch) -> None:
    node = SimpleNamespace(parent=0)
    node.noting = lambda text: node
    monkeypatch.setattr(device_node, "_node", lambda *_: node)
    monkeypatch.setattr(device_node, "_MOST_NODES", 1000)
    system: Any = Wide()
    tree = walk_tree(system, 1)
    assert len(tree.nodes) == 1000 and len(tree.notes) == 258
    assert tree.notes[-2].endswith("more notes about device nodes are left out")
    assert tree.notes[-1] == "more than 1,000 device nodes: the rest is left out"


class Bytes(bytes):
    """Memory that counts at how many places it is looked at."""

    looked_at = 0

    def __getitem__(self, key: Any) -> Any:
        type(self).looked_at += 1
        return super().__getitem__(key)


TAGS, UNIT = (b"Devi", b"Dev\xe9"), b"\3\0\0\0Devi\3\0\0\0\0\0\0\xff"


@pytest.mark.parametrize("tags", [TAGS[:1], TAGS])
def test_places_near_many_tags_are_looked_at_once(monkeypatch: pytest.MonkeyPatch, tags: tuple[bytes, ...]) -> None:
    monkeypatch.setattr(Bytes, "looked_at", 0)
    layout = built_in(64, 19041).io.device_object
    data = Bytes((UNIT + UNIT.replace(b"Devi", b"Dev\xe9")) * 1000)
    bodies = list(object_scan._bodies(data, tags, 3, layout, 8))
    assert len(bodies) == len(set(bodies)) > 2000
    assert Bytes.looked_at <= 2 * len(tags) * len(data) // 8


class Physical:
    """64 KiB full of tags and of what may be devices."""

    pages_in_file = 16

    def runs(self) -> list[tuple[int, int, int]]:
        return [(0, 16, 0)]

    def read(self, address: int, size: int) -> bytes:
        return UNIT * (size // 16)


class Extensions:
    """Structures, none of which can be read, counted."""

    width, build, layouts = 8, 19041, built_in(64, 19041).io
    physical, space = Physical(), SimpleNamespace()
    tried = 0

    def structure(self, address: int, layout: object) -> Any:
        self.tried += 1
        raise ReadError(address)


@pytest.mark.parametrize(("limit", "most"), [("_MOST_OF_CHUNK", 100), ("_MOST_TRIED", 50), ("_LARGEST_PREFIX", 0x140)])
def test_so_many_places_of_a_chunk_are_tried(monkeypatch: pytest.MonkeyPatch, limit: str, most: int) -> None:
    monkeypatch.setattr(object_scan, limit, most)
    system: Any = Extensions()
    notes: list[str] = []
    assert not list(object_scan.scan_objects(system, tell=notes.append))
    if limit == "_LARGEST_PREFIX":
        assert system.tried <= 0x10000 // 8 and not notes
    else:
        assert system.tried == most
        (note,) = notes
        assert note.startswith("in 1 parts of memory (16 MiB each) more places may be a device than are tried")
