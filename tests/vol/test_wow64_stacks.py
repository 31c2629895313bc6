"""A 32-bit thread on x64: code that really ran, placed into a made-up process with the structures that WOW64 keeps."""

from __future__ import annotations

import struct

import pytest

from tests.stack.compiled import image
from tests.vol.damaged import Machine
from volplugins.lab.machines.catalogue import build
from volplugins.lab.world.section_pages import LARGE_FRAME, LARGE_PAGE
from volplugins.lab.writers import write
from volplugins.vol.commands.stacks.rows import Wanted, stacks_rows
from volplugins.vol.scene.crash_scene import scene_of

pytest.importorskip("unicorn", reason="unicorn runs the compiled functions (extra 'dev')")
from tests.stack.execution import SENTINEL, STACK_SIZE, Execution

IMAGE, STACK = LARGE_PAGE + 0x100000, LARGE_PAGE
CPU_AREA, TEB32, PEB32, LDR = (LARGE_PAGE + 0x1F0000 + at for at in (0, 0x1000, 0x2000, 0x3000))
KEPT = 0x4000  # bytes of the stack that are used


class Wow64(Machine):
    """The lab's Windows 10 machine whose victim runs 32-bit code."""

    def __init__(self, dumps, tmp_path, deep) -> None:
        self.path = write(build("win10-x64", sections=True), "full", tmp_path / "wow64.dmp")
        super().__init__(lambda *_args, **_more: (self.path, build("win10-x64", sections=True)), "win10-x64")
        execution, ip, general, callers = deep
        self.put(IMAGE, execution.image)
        self.put(STACK, execution.read(execution.stack + STACK_SIZE - 0x1000 - KEPT, KEPT + 0x1000))
        self.thread = self.victim["threads"][0]
        self.truth = [(ip, general[4]), *((each.ip, each.sp) for each in reversed(callers) if each.ip != SENTINEL)]
        self.put(TEB32, struct.pack("<III", 0, STACK + KEPT + 0x1000, STACK))
        self.list_image(execution.size)

    def put(self, virtual: int, data: bytes) -> None:
        physical = (LARGE_FRAME << 12) + virtual - LARGE_PAGE
        for at in range(0, len(data), 0x1000):
            self.memory.write(physical + at, data[at : at + 0x1000])

    def put_user(self, virtual: int, data: bytes) -> None:
        from volplugins.vol.scene.directory_verdicts import process_space

        space = process_space(self.scene, self.process())
        self.memory.write(space.translate(virtual).physical, data)

    def process(self):
        from volplugins.vol.scene.process_selection import gather

        return next(each for each in gather(self.scene, False).processes if each.pid == self.victim["pid"])

    def list_image(self, size: int) -> None:
        """PEB32 with a loader list of one image, reached from EPROCESS.WoW64Process as Windows 10 has it."""
        entry = LDR + 0x100
        self.put(PEB32, bytes(0xC) + struct.pack("<I", LDR))
        self.put(LDR, bytes(0xC) + struct.pack("<II", entry, entry))
        name = "target.exe".encode("utf-16-le")
        links = struct.pack("<II", LDR + 0xC, LDR + 0xC)
        text = struct.pack("<HHI", len(name), len(name) + 2, entry + 0x80)
        self.put(entry, links + bytes(0x10) + struct.pack("<III", IMAGE, 0, size) + text + text)
        self.put(entry + 0x80, name)
        at = self.scene.layouts.process.members["Wow64Process"][0]
        pointer = self.victim["eprocess"] + 0xA00  # room at the end of the structure that nothing uses
        self.kernel_write(self.victim["eprocess"] + at, struct.pack("<Q", pointer))
        self.kernel_write(pointer, struct.pack("<Q", PEB32))

    def kernel_write(self, address: int, data: bytes) -> None:
        self.memory.write(self.scene.space.space.translate(address).physical, data)

    def teb(self) -> int:
        at = self.scene.layouts.thread.members["Teb"][0]
        return int.from_bytes(self.scene.memory.read(self.thread["ethread"] + at, 8), "little")

    def rows(self):
        wanted = Wanted([f"pid:{self.victim['pid']}"], [str(self.thread["tid"])])
        return list(stacks_rows(scene_of(self.dump), wanted, scan=False))


@pytest.fixture(scope="module")
def deep(tmp_path_factory):
    """A moment deep in the calls, outside of any prolog and epilog: (execution, EIP, registers, callers)."""
    data = image("gcc32-O0", tmp_path_factory.mktemp("wow64"))
    execution = Execution(data, 32, IMAGE, STACK + KEPT + 0x1000 - STACK_SIZE)
    found = []

    def check(ip: int) -> None:
        general = execution.general()
        if not found and len(execution.callers) > 6 and general[5] == execution.callers[-1].sp - 8:
            found.append((ip, general, tuple(execution.callers)))
            execution.image = execution.read(execution.base, execution.size)
            execution.engine.emu_stop()

    execution.run(check)
    return execution, *found[0]


def test_the_saved_context_leads_on_into_32_bit_code(dumps, tmp_path, deep):
    found = Wow64(dumps, tmp_path, deep)
    general = deep[2]
    context = bytearray(0x2CC)
    for name, at in {"edi": 7, "esi": 6, "ebx": 3, "edx": 2, "ecx": 1, "eax": 0, "ebp": 5, "esp": 4}.items():
        where = {"edi": 0x9C, "esi": 0xA0, "ebx": 0xA4, "edx": 0xA8, "ecx": 0xAC, "eax": 0xB0, "ebp": 0xB4, "esp": 0xC4}
        struct.pack_into("<I", context, where[name], general[at])
    struct.pack_into("<II", context, 0xB8, deep[1], 0x23)
    found.put(CPU_AREA, struct.pack("<HH", 0, 0x14C) + context)
    teb = found.teb()
    found.put_user(teb, struct.pack("<Q", TEB32))
    found.put_user(teb + 0x1488, struct.pack("<Q", CPU_AREA))
    rows = found.rows()
    assert [row.ring for row in rows] == sorted((row.ring for row in rows), key=["kernel", "user", "wow64"].index)
    assert {row.ring for row in rows} == {"kernel", "user", "wow64"}
    narrow = [row for row in rows if row.ring == "wow64"]
    assert [(row.ip, row.child_sp) for row in narrow][: len(found.truth)] == found.truth
    assert narrow[0].trust == "wow64-context"
    assert {row.trust for row in narrow[1 : len(found.truth)]} == {"frame-pointer"}
    assert all(row.symbol.startswith("target+") for row in narrow[: len(found.truth)])


def test_a_thread_interrupted_in_32_bit_code_has_its_context_in_the_trap_frame(dumps, tmp_path, deep):
    """The code selector of the trap frame says so; the saved 32-bit context is stale then."""
    found = Wow64(dumps, tmp_path, deep)
    at = found.scene.layouts.thread.members["TrapFrame"][0]
    trap = int.from_bytes(found.scene.memory.read(found.thread["ethread"] + at, 8), "little")
    for offset, value in ((0x168, deep[1]), (0x170, 0x23), (0x180, deep[2][4]), (0x158, deep[2][5])):
        found.kernel_write(trap + offset, struct.pack("<Q", value))
    teb = found.teb()
    found.put_user(teb, struct.pack("<Q", TEB32))
    stale = bytearray(0x2CC)
    struct.pack_into("<III", stale, 0xB8, IMAGE + 0x1000, 0x23, 0)
    struct.pack_into("<I", stale, 0xC4, STACK + 0x100)
    found.put(CPU_AREA, struct.pack("<HH", 0, 0x14C) + stale)
    found.put_user(teb + 0x1488, struct.pack("<Q", CPU_AREA))
    rows = found.rows()
    assert {row.ring for row in rows} == {"kernel", "wow64"}
    narrow = [row for row in rows if row.ring == "wow64"]
    assert narrow[0].trust == "trap-frame"
    assert [(row.ip, row.child_sp) for row in narrow][: len(found.truth)] == found.truth
