"""NTVDM on an x86 machine: a process whose first megabyte is a DOS machine's, with an LDT.

One of its threads was in virtual-8086 mode, one in 16-bit protected mode, when each touched a page that was not there.
Low memory begins at 0 in the process (public descriptions of NTVDM); KPROCESS.LdtDescriptor is what the GDT gets when
the process runs. Trap frames from virtual-8086 mode are four words longer (public symbol table of _KTRAP_FRAME).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from volplugins.lab.kernel.kernel_stack_x86 import KernelStack32
from volplugins.lab.kernel.process_records import write_thread
from volplugins.lab.kernel.processes import WAITING, WR_PAGE_IN, Process, Thread
from volplugins.lab.machine.machine import Machine
from volplugins.lab.machine.ranges import private_range
from volplugins.lab.machine.real_mode import low_page
from volplugins.lab.machine.segment_records import segment
from volplugins.lab.world.process_creation import create_process, create_thread, load_images
from volplugins.lab.world.segmented_code import Routine, SegmentedStack
from volplugins.lab.world.thread_stacks import leave_processor, stack_of

PROGRAM_NAME, THREADS = "ntvdm.exe", 3
REGION = 0x120000  # of the PEB's lists: low memory takes the usual place
LOW_END = 0x110000  # FFFF:FFFF is 10FFEF
_TIB = 0x118000  # what TEB.Vdm leads to, in a page of its own
_EXECUTABLE = 6  # MM_EXECUTE_READWRITE
_MAPPED = (0, 0xA000, 0xB000, 0xC000, 0x13000, 0x15000, 0x16000, 0x17000, 0xF0000)
_VIRTUAL_8086, _INTERRUPTS = 1 << 17, 0x3202
_CODE_16, _DATA, _DOWN = 0xFA, 0xF2, 0xF6
# selector: base, limit, access
LOCAL_SEGMENTS = {
    0xA7: (0x13000, 0xFFF, _CODE_16), 0xAF: (0x30000, 0x1FFF, _DATA), 0xB7: (0x15000, 0xFFF, _DATA),
    0xBF: (0x16000, 0x7FF, _CODE_16), 0xC7: (0x17000, 0x3FF, _DOWN), 0xCF: (0x17000, 0xFF, _DATA & ~0x80),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Scene:
    """What a thread does: its code, its stack's segment and first offset, its data segment, and where it stumbles."""

    mode: str
    routines: tuple[Routine, ...]
    stack: tuple[int, int]
    data: int
    touched: int


SCENES = (
    Scene("v86", (Routine(0x0A30, 0x100, 8, False), Routine(0x0A30, 0x220, 6, False), Routine(0x0B00, 0x40, 4, True)),
          (0x0C00, 0xFFE), 0x2000, 0x1234),
    Scene("16-bit", (Routine(0xA7, 0x20, 6, False), Routine(0xBF, 0x30, 8, True), Routine(0xBF, 0x190, 4, False)),
          (0xB7, 0xFF0), 0xAF, 0x1800),
)  # fmt: skip


def start_ntvdm(machine: Machine, parent: Process, pid: int, created: int) -> Process:
    """The process with its threads; the first one is a thread of 32-bit code like any other."""
    process = create_process(machine, PROGRAM_NAME, pid, parent.pid, parent.session, created, load=_load)
    process.region = REGION
    for number in range(THREADS):
        create_thread(machine, process, pid + 4 * (number + 1))
    size = max(LOCAL_SEGMENTS) + 1
    table = machine.pool.allocate(size, "Ldt ")
    for selector, (base, limit, access) in LOCAL_SEGMENTS.items():
        machine.write(table + (selector & ~7), segment(base, limit, access))
    process.local_table = table, size - 1
    process.virtual_machine = machine.pool.allocate(0x98, "Vdm ")
    return process


def _load(machine: Machine, process: Process) -> None:
    load_images(machine, process)
    for page in _MAPPED:
        process.space.map(page, 0x1000, "rwx")
    process.space.write(0, low_page(machine))
    process.add(private_range(0, LOW_END, "Unknown", _EXECUTABLE))
    process.space.map(_TIB, 0x1000, "data")
    process.add(private_range(_TIB, 0x1000))


def write_segmented_threads(machine: Machine, process: Process, done: set[int]) -> None:
    """Give the threads of 16-bit code their stacks, and write their records."""
    truth: dict[int, dict[str, Any]] = machine.truth.setdefault("segmented", {})
    for thread, scene in zip(process.threads[1:], SCENES, strict=True):
        truth[thread.tid] = _write(machine, thread, scene)
        done.add(thread.address)
    _write_ldt_truth(machine, process)


def _write(machine: Machine, thread: Thread, scene: Scene) -> dict[str, Any]:
    real, space = scene.mode == "v86", thread.process.space

    def linear(selector: int, offset: int) -> int:
        return selector * 16 + offset if real else LOCAL_SEGMENTS[selector][0] + offset

    user = SegmentedStack(space.write, linear, *scene.stack)
    code, ip = user.run(scene.routines)
    stack = stack_of(machine, thread, f"segmented {thread.tid}")
    assert isinstance(stack, KernelStack32)
    stack.registers.update(ebx=scene.touched, ebp=user.bp, eax=0)
    segments = {"cs": code, "ss": user.segment, "ds": scene.data, "es": scene.data}
    flags = _INTERRUPTS | (_VIRTUAL_8086 if real else 0)
    row = {
        "mode": scene.mode, "segments": segments, "ip": ip, "sp": user.sp, "bp": user.bp, "flags": flags,
        "registers": {name: stack.registers[name] for name in ("eax", "ebx", "ecx", "edx", "esi", "edi", "ebp")},
        "frames": list(reversed(user.frames)), "touched": linear(scene.data, scene.touched),
    }  # fmt: skip
    stack.fault_from_segments(segments, ip, user.sp, flags, "nt!KiTrap0E")
    for function in ("nt!MmAccessFault", "nt!KeWaitForSingleObject"):
        stack.call(function)
    leave_processor(machine, stack)
    thread.frames = stack.listing()
    program = next(reversed(thread.process.images.values()))
    write_thread(machine, thread, WAITING, program.base + program.image.entry, stack.sp, stack.trap_frame, WR_PAGE_IN)
    space.write(thread.teb + machine.structures.offset("_TEB", "Vdm"), machine.pointer(_TIB))
    return {**row, "trap_frame": stack.trap_frame}


def _write_ldt_truth(machine: Machine, process: Process) -> None:
    base, limit = process.local_table or (0, 0)
    entries = {
        selector: {"base": each[0], "limit": each[1], "access": each[2]} for selector, each in LOCAL_SEGMENTS.items()
    }
    ldts = machine.truth.setdefault("descriptors", {}).setdefault("ldts", {})
    ldts[process.pid] = {"base": base, "limit": limit, "entries": entries}
