"""A program of 32-bit code on an x64 machine: its two PEBs, two sets of loader lists, two TEBs and stacks per thread.

EPROCESS.WoW64Process is the 32-bit PEB itself on Windows 7 (public symbol table: a pointer to void, which volatility3
takes for the PEB) and leads to an _EWOW64PROCESS on Windows 10. TEB.NtTib.ExceptionList is the 32-bit TEB, and
TEB.TlsSlots[1] leads to the CPU area: two 16-bit words (flags, machine), then the x86 CONTEXT. What is 32 bits wide
has the layouts of the x86 machine's structure table, on both machines.
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import Any

from volplugins.lab.code.image_record import Image, ImageSource
from volplugins.lab.code.listings_drivers_x86 import PROGRAM
from volplugins.lab.code.listings_wow64 import LEAVE_WINDOWS_7, LEAVE_WINDOWS_10, NTDLL32, WOW64, WOW64CPU
from volplugins.lab.code.pe_image import lay_out
from volplugins.lab.kernel.processes import Process, Thread
from volplugins.lab.machine.image_sources import machine_images
from volplugins.lab.machine.machine import Machine
from volplugins.lab.machine.profiles import PROFILES, Profile
from volplugins.lab.machine.ranges import private_range
from volplugins.lab.user.heaps import add_heaps
from volplugins.lab.user.images import load_user_image
from volplugins.lab.user.structures import write_user_structures
from volplugins.lab.world.process_creation import (
    PAGE,
    STACK,
    STACK_RESERVE,
    create_process,
    create_thread,
    map_block,
    map_stack,
    write_peb,
)

PROGRAM_NAME, THREADS = "legacy32.exe", 2
PROGRAM_BASE, REGION = 0x00400000, 0x00D20000
_NATIVE, _NARROW = "C:\\Windows\\System32\\", "C:\\Windows\\SysWOW64\\"
_PATH = f"C:\\Program Files (x86)\\Legacy\\{PROGRAM_NAME}"
I386, _X86_SYSTEM_DLL = 0x14C, 1  # IMAGE_FILE_MACHINE_I386; _SYSTEM_DLL_TYPE.PsWowX86SystemDll
_TEB32_AT = 0x2000  # from the 64-bit TEB
_VARIABLES = {"PROCESSOR_ARCHITECTURE": "x86", "PROCESSOR_ARCHITEW6432": "AMD64"}


def narrow(machine: Machine) -> Machine:
    """The same machine with pointers of 32 bits and the x86 machine's structures."""
    profile = PROFILES["win7-x86-pae"]
    return replace(machine, profile=profile, structures=profile.structures)


def leaving_call(profile: Profile) -> str:
    """The instruction by which this Windows leaves 32-bit code, in hexadecimal."""
    return LEAVE_WINDOWS_10 if profile.build >= 10240 else LEAVE_WINDOWS_7


@lru_cache(maxsize=2)
def _images(name: str) -> tuple[dict[str, Image], dict[str, Image]]:
    """The images of 64 and of 32 bits that only such a process has, by stem."""
    profile = PROFILES[name]
    version = (*profile.version, profile.build, 1)
    wide = [
        ImageSource(f"{stem}.dll", f"{stem}.pdb", code, version=version, user=True)
        for stem, code in (("wow64", WOW64), ("wow64cpu", WOW64CPU))
    ]
    low = [
        ImageSource("ntdll.dll", "wntdll.pdb", NTDLL32.format(leave=leaving_call(profile)), version=version, user=True),
        ImageSource(PROGRAM_NAME, "legacy32.pdb", PROGRAM, version=version, user=True),
    ]
    return (
        {image.stem: image for image in (lay_out(source, name, 64) for source in wide)},
        {image.stem: image for image in (lay_out(source, f"{name} x86", 32) for source in low)},
    )


def start_32_bit_program(machine: Machine, parent: Process, pid: int, created: int) -> Process:
    """The process with its threads; its stacks and lists are written later, as every process's are."""
    process = create_process(machine, PROGRAM_NAME, pid, parent.pid, parent.session, created, load=_load)
    for number in range(THREADS):
        thread = create_thread(machine, process, pid + 4 * (number + 1))
        _add_teb32(machine, thread)
    return process


def stack32_of(user_stack: int) -> tuple[int, int]:
    """Limit and base of the 32-bit stack of the thread whose 64-bit stack has that base."""
    base = user_stack + 0x80000
    return base - STACK, base


def write_user_structures32(machine: Machine, process: Process) -> dict[str, Any]:
    """The 32-bit lists and parameters; gives what was written, in plain types."""
    return write_user_structures(narrow(machine), _low(process), REGION, _VARIABLES)


def _low(process: Process) -> Process:
    """The process as its 32-bit side sees it."""
    return replace(process, peb=process.peb32, images=process.images32)


def _load(machine: Machine, process: Process) -> None:
    """Both sets of images, the 32-bit PEB, and what the EPROCESS holds of it."""
    _load_images(machine, process)
    new = machine.profile.build >= 9200
    process.peb, process.peb32, process.highest_teb = (
        (0x00F9D000, 0x00F9E000, 0x00F98000) if new else (0x7EFDF000, 0x7EFDE000, 0x7EFDB000)
    )
    write_peb(machine, narrow(machine), process, process.peb32, "PEB32")
    add_heaps(narrow(machine), _low(process))
    process.wow64 = process.peb32
    if machine.structures.has("_EWOW64PROCESS"):
        record = machine.record("_EWOW64PROCESS")
        record.fill(Peb=process.peb32, Machine=I386, NtdllType=_X86_SYSTEM_DLL)
        process.wow64 = machine.pool.store(bytes(record.data), "Wow6")


def _load_images(machine: Machine, process: Process) -> None:
    wide, low = _images(machine.profile.name)
    new, step = machine.profile.build >= 9200, machine.base_index
    images, images32, other = process.images, process.images32, _low(process)
    for image, base, path in (
        (low["ntdll"], 0x77A00000 + step * 0x40000, _NARROW + "ntdll.dll"),
        (low["legacy32"], PROGRAM_BASE, _PATH),
    ):
        images32[image.stem] = load_user_image(machine, other, image, base, path)
    native = machine_images(machine.profile.name)["ntdll"]
    for image, base in (
        (native, (0x7FFB20000000 if new else 0x76F00000) + step * 0x170000),
        (wide["wow64"], 0x7FFB1FE00000 if new else 0x74E20000),
        (wide["wow64cpu"], 0x77890000 if new else 0x74E10000),
    ):
        images[image.stem] = load_user_image(machine, process, image, base, f"{_NATIVE}{image.name}")
    images["legacy32"] = images32["legacy32"]
    # the loader's lists are written from the last to the first
    for stem in ("wow64", "ntdll", "legacy32"):
        images[stem] = images.pop(stem)


def _add_teb32(machine: Machine, thread: Thread) -> None:
    """The 32-bit TEB and stack, the CPU area above the 64-bit stack, and what leads to them."""
    process, view = thread.process, narrow(machine)
    limit, base = stack32_of(thread.user_stack)
    thread.teb32 = thread.teb + _TEB32_AT
    map_block(machine, process, thread.teb32, view.structures.size("_TEB"), "TEB32")
    map_stack(machine, process, base, "Stack32")
    process.space.map(thread.user_stack, PAGE, "data")
    process.add(private_range(thread.user_stack, PAGE))
    record = view.record("_TEB").fill(ProcessEnvironmentBlock=process.peb32, DeallocationStack=base - STACK_RESERVE)
    for path, value in {
        "NtTib.ExceptionList": 0xFFFFFFFF, "NtTib.StackBase": base, "NtTib.StackLimit": limit,
        "NtTib.Self": thread.teb32, "ClientId.UniqueProcess": process.pid, "ClientId.UniqueThread": thread.tid,
    }.items():  # fmt: skip
        record.set(path, value)
    process.space.write(thread.teb32, bytes(record.data))
    _lead_to_teb32(machine, thread)


def _lead_to_teb32(machine: Machine, thread: Thread) -> None:
    space, structures = thread.process.space, machine.structures
    for path, value in {"NtTib.ExceptionList": thread.teb32, "TlsSlots[1]": thread.user_stack}.items():
        space.write(thread.teb + structures.offset("_TEB", path), machine.pointer(value))
    if structures.has("_TEB", "WowTebOffset"):
        space.write(thread.teb + structures.offset("_TEB", "WowTebOffset"), _TEB32_AT.to_bytes(4, "little"))
