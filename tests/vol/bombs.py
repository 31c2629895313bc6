"""Small dumps that would grow without end: many owners of one structure of a machine with many processes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from volplugins.lab.damage.directory_subject import FRAME, Patient
from volplugins.lab.damage.user_subject import UserPatient
from volplugins.lab.machine.profiles import PROFILES
from volplugins.lab.machine.snapshot import PAGE, Snapshot
from volplugins.lab.machines.populous import build_populous

MACHINE, PROCESSES = "win10-x64", 40
_KERNEL, _KERNEL_SLOT = 0xFFFFD00000000000, 0x1A0  # addresses of the kernel's half that nothing is mapped at
_USER, _USER_SLOT = 0x400000000000, 0x80
_KNOWN = PROFILES[MACHINE].structures
VADS, THREADS, MODULES = 20_000, 2_000, 3_000
MODULE_BASE = 0x7F0000000000


def crowd() -> Snapshot:
    """The sound machine."""
    return build_populous(PROCESSES, 4, 60, MACHINE)


def copied(sound: Snapshot) -> Snapshot:
    """One to be changed."""
    return replace(sound, pages=dict(sound.pages), runs=list(sound.runs), virtual=dict(sound.virtual))


def patients(made: Snapshot) -> list[UserPatient]:
    """Every process with user memory."""
    return [UserPatient(made, each) for each in made.truth["processes"] if each["peb"]]


def one_table(sound: Snapshot) -> Snapshot:
    """Every entry of the user halves leads to one table, which maps every other page."""
    made = copied(sound)
    for patient in patients(made):
        below = [_spare(patient) for _ in range(3)]
        for table, following, count in zip((patient.top >> 12, *below), below, (256, 512, 512), strict=False):
            _fill(made, table, 0, [following << 12 | 0x67] * count)
        _fill(made, below[-1], 0, [0 if slot % 2 else 0x100867 for slot in range(512)])
    return made


def one_environment(sound: Snapshot) -> Snapshot:
    """The environment of every process is the same MiB of short strings, of one page mapped again and again."""
    made = copied(sound)
    chosen = patients(made)
    page, table, directory, pointers = (_spare(chosen[0]) for _ in range(4))
    made.pages[page] = ("A=1\0".encode("utf-16-le")) * (PAGE // 8)
    _fill(made, table, 0, [page << 12 | 0x867] * 512)
    for above, below in ((directory, table), (pointers, directory)):
        _fill(made, above, 0, [below << 12 | 0x67])
    for patient in chosen:
        _fill(made, patient.top >> 12, _USER_SLOT, [pointers << 12 | 0x67])
        patient.set_pointer(patient.parameters + _KNOWN.offset("_RTL_USER_PROCESS_PARAMETERS", "Environment"), _USER)
    return made


def one_list_of_threads(sound: Snapshot) -> Snapshot:
    """Every process's list of threads leads into one ring, whose threads say that they are the first one's."""
    made = copied(sound)
    chosen = patients(made)
    size, at = PAGE, _KNOWN.offset("_ETHREAD", "ThreadListEntry")
    assert _KNOWN.size("_ETHREAD") <= PAGE
    ring = bytearray(THREADS * size)
    for number in range(THREADS):
        start = number * size
        ring[start] = 6  # ThreadObject
        _put(ring, start + at, _KERNEL + (number + 1) % THREADS * size + at)
        _put(ring, start + at + 8, _KERNEL + (number - 1) % THREADS * size + at)
        _put(ring, start + _KNOWN.offset("_ETHREAD", "Cid.UniqueThread"), 0x20000 + 4 * number)
        _put(ring, start + _KNOWN.offset("_ETHREAD", "Tcb.Process"), chosen[0].process["eprocess"])
    map_kernel(made, bytes(ring))
    for number, patient in enumerate(chosen):
        head = patient.eprocess("ThreadListHead")
        for link in range(2):
            patient.put(head + 8 * link, _KERNEL + 7 * number * size + at, 8)
    return made


def one_chain_of_vads(sound: Snapshot) -> Snapshot:
    """One tree that is a chain of nodes; every process's root is another node of it."""
    made = copied(sound)
    size = _KNOWN.size("_MMVAD_SHORT")
    private = _KNOWN.locate("_MMVAD_SHORT", "u.VadFlags.PrivateMemory")
    bit = int(private.type.split(":")[1])
    chain = bytearray(VADS * size)
    for number in range(VADS):
        start, page = number * size, 0x10000 + 2 * number
        if number + 1 < VADS:
            _put(chain, start + _KNOWN.offset("_MMVAD_SHORT", "VadNode.Children[1]"), _KERNEL + start + size)
        for name in ("StartingVpn", "EndingVpn"):
            _put(chain, start + _KNOWN.offset("_MMVAD_SHORT", name), page, 4)
        _put(chain, start + private.offset, 1 << bit, 4)
    map_kernel(made, bytes(chain))
    for number, patient in enumerate(patients(made)):
        patient.put(patient.vad_root(), _KERNEL + 11 * number * size, 8)
    return made


def one_list_of_modules(sound: Snapshot) -> Snapshot:
    """The loader's lists of every process are the same pages, mapped at the same address."""
    made = copied(sound)
    chosen = patients(made)
    size, ldr = _KNOWN.size("_LDR_DATA_TABLE_ENTRY"), _KNOWN.size("_PEB_LDR_DATA")
    ring, first = bytearray(ldr + MODULES * size), _USER + ldr
    links = [("InLoadOrder", "InLoadOrderLinks"), ("InMemoryOrder", "InMemoryOrderLinks"),
             ("InInitializationOrder", "InInitializationOrderLinks")]  # fmt: skip
    for head, member in links:
        at = _KNOWN.offset("_LDR_DATA_TABLE_ENTRY", member)
        places = [_USER + _KNOWN.offset("_PEB_LDR_DATA", f"{head}ModuleList")]
        places += [first + number * size + at for number in range(MODULES)]
        for number, place in enumerate(places):
            _put(ring, place - _USER, places[(number + 1) % len(places)])
            _put(ring, place - _USER + 8, places[number - 1])
    for number in range(MODULES):
        start = ldr + number * size
        _put(ring, start + _KNOWN.offset("_LDR_DATA_TABLE_ENTRY", "DllBase"), MODULE_BASE + (number << 16))
        _put(ring, start + _KNOWN.offset("_LDR_DATA_TABLE_ENTRY", "SizeOfImage"), PAGE, 4)
    pointers = _shared_pages(made, chosen[0], bytes(ring))
    for patient in chosen:
        _fill(made, patient.top >> 12, _USER_SLOT, [pointers << 12 | 0x67])
        patient.set_pointer(patient.peb + _KNOWN.offset("_PEB", "Ldr"), _USER)
    return made


def one_directory(sound: Snapshot) -> Snapshot:
    """Every process has the first one's page directory."""
    made = copied(sound)
    chosen = patients(made)
    for patient in chosen[1:]:
        patient.set_dirbase(chosen[0].top)
    return made


def _shared_pages(made: Snapshot, patient: Patient, data: bytes) -> int:
    """``data`` in pages of its own, with the tables that map it at _USER; gives the frame of the upper one."""
    pages = [data[start : start + PAGE].ljust(PAGE, b"\0") for start in range(0, len(data), PAGE)]
    first = max(base + count for base, count in made.runs) + 0x100
    made.runs.append((first, len(pages)))
    made.pages.update({first + number: page for number, page in enumerate(pages)})
    table, directory, pointers = (_spare(patient) for _ in range(3))
    _fill(made, table, 0, [first + number << 12 | 0x867 for number in range(len(pages))])
    for above, below in ((directory, table), (pointers, directory)):
        _fill(made, above, 0, [below << 12 | 0x67])
    return pointers


BOMBS: dict[str, Callable[[Snapshot], Snapshot]] = {
    "one table": one_table, "one environment": one_environment, "one list of threads": one_list_of_threads,
    "one chain of VADs": one_chain_of_vads, "one list of modules": one_list_of_modules,
    "one directory": one_directory,
}  # fmt: skip


def map_kernel(made: Snapshot, data: bytes) -> None:
    """Map ``data`` at _KERNEL in every directory."""
    subject = patients(made)[0]
    pages = [data[start : start + PAGE].ljust(PAGE, b"\0") for start in range(0, len(data), PAGE)]
    first = max(base + count for base, count in made.runs) + 0x100
    made.runs.append((first, len(pages) + 64))
    made.pages.update({first + number: page for number, page in enumerate(pages)})
    frames = iter(range(first + len(pages), first + len(pages) + 64))
    pointers, directory = next(frames), next(frames)
    _fill(made, pointers, 0, [directory << 12 | 0x63])
    for start in range(0, len(pages), 512):
        table = next(frames)
        _fill(made, table, 0, [first + number << 12 | 0x963 for number in range(start, min(start + 512, len(pages)))])
        _fill(made, directory, start // 512, [table << 12 | 0x63])
    tops = {each["dtb"] & FRAME for each in made.truth["processes"] if each["dtb"]}
    for top in tops | {made.header["DirectoryTableBase"] & FRAME, subject.top}:
        _fill(made, top >> 12, _KERNEL_SLOT, [pointers << 12 | 0x63])
    for number in range(len(pages)):
        made.virtual[_KERNEL + number * PAGE] = first + number


def _fill(made: Snapshot, frame: int, slot: int, entries: list[int]) -> None:
    page = bytearray(made.pages.get(frame, bytes(PAGE)))
    page[8 * slot : 8 * (slot + len(entries))] = b"".join(entry.to_bytes(8, "little") for entry in entries)
    made.pages[frame] = bytes(page)


def _put(data: bytearray, at: int, value: int, size: int = 8) -> None:
    data[at : at + size] = value.to_bytes(size, "little")


def _spare(patient: Patient) -> int:
    frame = patient.spare_frame()
    patient.snapshot.pages[frame] = bytes(PAGE)
    return frame
