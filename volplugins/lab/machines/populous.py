"""A made-up machine with many processes, each with many modules and ranges, for measuring how fast they are read.

All modules of that crowd are one library at many addresses: their pages lead to the same page frames, while each has a
file, a control area and prototype entries of its own, shared by all processes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from volplugins.lab.code.image_record import Image
from volplugins.lab.crashes.scenarios_x64 import SCENARIOS_X64
from volplugins.lab.kernel.processes import Process
from volplugins.lab.kernel.sections import Content, create_section
from volplugins.lab.machine.image_sources import machine_images
from volplugins.lab.machine.machine import LoadedImage, Machine, new_machine
from volplugins.lab.machine.profiles import PROFILES
from volplugins.lab.machine.ranges import private_range, reserved_range
from volplugins.lab.machine.snapshot import Snapshot
from volplugins.lab.machines.catalogue import finish
from volplugins.lab.user.images import image_contents, map_image
from volplugins.lab.world.process_creation import create_process, create_thread
from volplugins.lab.world.world import populate

PAGE = 0x1000
_MORE_RAM = 0x8000  # page frame behind the machine's own memory
_FIRST_PID, _CREATED = 0x4000, 10_000_000
_PRIVATE, _STEP = 0x20000000000, 0x10000
_LOW, _HIGH = 0x7FE00000000, 0x7FFA00000000  # libraries, on Windows 7 and 10


def build_populous(
    processes: int = 100, modules: int = 200, vads: int = 300, machine: str = "win10-x64", fault: str = "driver-read"
) -> Snapshot:
    """An x64 machine with ``processes`` more processes, app000.exe and so on.

    Args:
        modules: images that each has mapped and listed, its program and ntdll among them.
        vads: ranges of each in all.

    Raises:
        ValueError: not x64, fewer than two modules, fewer VADs than the modules and a process's own memory need, or
            more modules than a process can list.
    """
    if PROFILES[machine].bits != 64 or modules < 2 or processes < 1:
        raise ValueError("a populous machine is x64 and has a process with two modules at least")
    profile = replace(PROFILES[machine], runs=(*PROFILES[machine].runs, _memory(processes, modules, vads)))
    made = new_machine(profile, 0, 0)
    world = populate(made, False)
    libraries = _libraries(made, modules - 2)
    parent = world.process("explorer.exe")
    for number in range(processes):
        pid, name = _FIRST_PID + 8 * number, f"app{number:03d}.exe"
        created = parent.created + (number + 1) * _CREATED
        process = create_process(made, name, pid, parent.pid, parent.session, created)
        create_thread(made, process, pid + 4)
        _map_libraries(made, process, libraries)
        _map_private(process, vads - len(process.ranges) - 1)  # one more describes what the loader writes
        world.processes.append(process)
    return finish(world, SCENARIOS_X64[fault](world), fault)


def _memory(processes: int, modules: int, vads: int) -> tuple[int, int]:
    """The run of RAM that they need: tables, lists of modules, a page per private range, the kernel's records."""
    each = 96 + modules // 4 + max(vads - modules, 0) + vads // 12
    return _MORE_RAM, processes * each + modules + 0x800


def _libraries(machine: Machine, count: int) -> list[LoadedImage]:
    """Load them, so to speak: sections at addresses of their own, with the pages of one library."""
    image = machine_images(machine.profile.name)["acmeshl"]
    base = _LOW if machine.profile.build < 9200 else _HIGH
    contents = image_contents(machine, image, base, None, {})
    return [_library(machine, image, contents, base + number * _STEP, number) for number in range(count)]


def _library(
    machine: Machine, image: Image, contents: Sequence[Sequence[Content]], base: int, number: int
) -> LoadedImage:
    path = f"C:\\Program Files\\ACME\\Libraries\\module{number:03d}.dll"
    section = create_section(machine, contents, ("Image", "File", "UserReference"), path.partition(":")[2])
    section.base = base
    machine.sections[path] = section
    return LoadedImage(image, base, path)


def _map_libraries(machine: Machine, process: Process, libraries: Sequence[LoadedImage]) -> None:
    """Map every page of every library; the program and ntdll stay the last that were loaded."""
    for each in libraries:
        map_image(process, machine.sections[each.path])
    process.images = {**{each.path: each for each in libraries}, **process.images}


def _map_private(process: Process, count: int) -> None:
    """Private memory of three kinds, a page of each touched: committed whole, mostly reserved, open to everything."""
    if count < 0:
        raise ValueError(f"{-count} VADs more are needed for the modules and a process's own memory")
    for number in range(count):
        start = _PRIVATE + number * _STEP
        kind = number % 3
        process.space.map(start, PAGE, "rwx" if kind == 2 else "data")
        each = reserved_range(start, _STEP, 1) if kind == 1 else private_range(start, (1 if kind == 2 else 4) * PAGE)
        process.add(replace(each, protection=6) if kind == 2 else each)
