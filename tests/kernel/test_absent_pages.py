"""Structures of which a page is absent, and entries that are bad in content: they cost themselves alone."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field

import pytest

from volplugins.kernel.layouts import built_in
from volplugins.kernel.process import walk_active_processes
from volplugins.kernel.process_list import list_processes
from volplugins.kernel.system_process import system_faults
from volplugins.kernel.thread import walk_threads
from volplugins.kernel.vads import walk_vads
from volplugins.memory.reader import PageReader, ReadError
from volplugins.memory.structure import Layout, read_present

KERNEL = built_in(64, 19041)
PROCESS, THREAD = KERNEL.process, KERNEL.thread
HEAD, OBJECTS, COUNT = 0xFFFFF80000010000, 0xFFFF800000000000, 8
BITS = 64


@dataclass
class Memory:
    """Pages that are written anywhere, and taken away."""

    pages: dict[int, bytearray] = field(default_factory=dict)

    def put(self, address: int, data: bytes) -> None:
        for number, value in enumerate(data):
            at = address + number
            self.pages.setdefault(at & ~0xFFF, bytearray(4096))[at & 0xFFF] = value

    def word(self, address: int, value: int) -> None:
        self.put(address, value.to_bytes(8, "little"))

    def ring(self, places: list[int]) -> None:
        for index, place in enumerate(places):
            self.put(place, struct.pack("<QQ", places[(index + 1) % len(places)], places[index - 1]))

    def reader(self) -> PageReader:
        return PageReader({page: bytes(data) for page, data in self.pages.items()})


def processes() -> tuple[Memory, list[int]]:
    """Eight EPROCESSes across two pages each: their links lie in the first, VadRoot and ExitTime in the second."""
    memory, found = Memory(), [OBJECTS + number * 0x10000 + 0x900 for number in range(COUNT)]
    for number, eprocess in enumerate(found):
        memory.put(eprocess, bytes(PROCESS.size))
        memory.put(eprocess, b"\3")
        memory.word(eprocess + PROCESS.offset("UniqueProcessId"), 4 * (number + 1))
        memory.put(eprocess + PROCESS.offset("ImageFileName"), b"proc%d" % number)
        memory.word(eprocess + PROCESS.offset("VadRoot"), 0x1234)
    memory.ring([HEAD, *(eprocess + PROCESS.offset("ActiveProcessLinks") for eprocess in found)])
    return memory, found


@pytest.mark.parametrize("lost", [(), (3,), (1, 6), tuple(range(COUNT))])
def test_a_process_without_its_second_page_hides_nobody(lost: tuple[int, ...]) -> None:
    memory, found = processes()
    for number in lost:
        del memory.pages[(found[number] & ~0xFFF) + 0x1000]
    listed = list_processes(memory.reader(), HEAD, PROCESS)
    assert listed.notes == () and [each.eprocess for each in listed.processes] == found
    for number, process in enumerate(listed.processes):
        assert process.name == f"proc{number}"
        assert process.vad_root == (None if number in lost else 0x1234)
        assert process.absent.endswith("cannot be read (not-in-dump)") if number in lost else not process.absent
    assert tuple(walk_active_processes(memory.reader(), HEAD, PROCESS)) == listed.processes


def threads(count: int = COUNT) -> tuple[Memory, list[int]]:
    memory, found = Memory(), [OBJECTS + 0x100000 + number * 0x10000 + 0xD00 for number in range(count)]
    for number, ethread in enumerate(found):
        memory.put(ethread, bytes(THREAD.size))
        memory.put(ethread, b"\6")
        memory.word(ethread + THREAD.offset("Cid") + 8, number + 1)
    memory.ring([OBJECTS + PROCESS.offset("ThreadListHead"), *(e + THREAD.offset("ThreadListEntry") for e in found)])
    return memory, found


def walked(memory: Memory) -> tuple[list[int], list[str]]:
    problems: list[str] = []
    found = [each.ethread for each in walk_threads(memory.reader(), OBJECTS, PROCESS, THREAD, problems)]
    return found, problems


def test_threads_without_their_first_page_are_there() -> None:
    memory, found = threads()
    for number in (1, 6):
        del memory.pages[found[number] & ~0xFFF]
    assert walked(memory) == (found, [])


def test_what_is_no_thread_is_passed_over() -> None:
    memory, found = threads()
    for number in (1, 6):
        memory.put(found[number], b"\0")
    places = [found[number] + THREAD.offset("ThreadListEntry") for number in (1, 6)]
    assert walked(memory) == (
        [each for each in found if each not in (found[1], found[6])],
        [f"thread list: {place:#x} is no thread's, and is passed over" for place in places],
    )


def test_what_is_no_thread_and_leads_elsewhere_ends_the_list() -> None:
    memory, found = threads()
    memory.put(found[2], b"\0")
    memory.word(found[2] + THREAD.offset("ThreadListEntry") + 8, HEAD)
    listed, problems = walked(memory)
    assert listed == [*found[:2], *reversed(found[3:])] and len(problems) == 1
    assert problems[0].startswith("thread list breaks: it leads to ")


def test_many_that_are_no_threads_are_counted() -> None:
    memory, found = threads(20)
    for ethread in found:
        memory.put(ethread, b"\0")
    listed, problems = walked(memory)
    assert listed == [] and problems[-1] == "thread list: 16 more entries are no thread's" and len(problems) == 5


def test_system_is_recognised_without_its_tail() -> None:
    memory, (system, *_) = processes()
    links = system + PROCESS.offset("ActiveProcessLinks")
    memory.put(system + PROCESS.offset("ImageFileName"), b"System")
    del memory.pages[(system & ~0xFFF) + 0x1000]
    assert system_faults(memory.reader(), links, PROCESS, BITS) == ()
    del memory.pages[system & ~0xFFF]
    assert system_faults(memory.reader(), links, PROCESS, BITS)


def test_children_of_a_node_that_cannot_be_read_whole_are_kept() -> None:
    layout, memory = KERNEL.vad, Memory()
    root, child = OBJECTS + 0xFE8, OBJECTS + 0x5000  # its links lie in the first page, its range in the second
    memory.word(root + layout.offset("Left"), child)
    memory.put(child, bytes(layout.size))
    memory.put(child + layout.offset("StartingVpn"), (0x10).to_bytes(4, "little"))
    memory.put(child + layout.offset("EndingVpn"), (0x1F).to_bytes(4, "little"))
    vads = walk_vads(memory.reader(), root, layout, BITS)
    assert [(vad.start, vad.end) for vad in vads.ranges] == [(0x10000, 0x20000)]
    assert vads.notes == (f"VAD {root:#x} cannot be read (not-in-dump)",)


def test_what_is_present_of_a_structure() -> None:
    layout = Layout("made", 0x3000, {"a": (0, 8), "b": (0xFF8, 0x10), "c": (0x1800, 8), "d": (0x2FF8, 8)}, "",
                    {"e": (0x1000, 4, 0, 1), "f": (0x2000, 4, 0, 1)})  # fmt: skip
    memory = Memory()
    for address in (0x10000, 0x12000):
        memory.put(address, b"\xff" * 0x1000)
    found = read_present(memory.reader(), 0x10000, layout)
    assert sorted((*found.layout.members, *found.layout.bits)) == ["a", "d", "f"]
    assert (found.get("a"), found.get("b"), found.get("c"), found.get("f")) == ((1 << 64) - 1, None, None, 1)
    assert found.absent == "0x11000 cannot be read (not-in-dump)"
    with pytest.raises(ReadError):
        read_present(memory.reader(), 0x11000, Layout("made", 0x800, {"a": (0, 8)}, ""))
