"""Damage to one process's own structures, by name: PEB, loader lists, process parameters, VADs, threads.

A defect works on a finished snapshot of any machine; truth["user_defect"] says who was hit, where, and what each plugin
must say of it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from itertools import pairwise

from volplugins.lab.damage.user_subject import LISTS, UserPatient
from volplugins.lab.machine.snapshot import Snapshot

PROGRAM, NTDLL = 0, 1  # places in the load order


@dataclass(frozen=True, slots=True)
class UserDefect:
    """One kind of damage.

    Attributes:
        harm: does it; gives the address that a report has to name.
        says: plugin to the words that one of the victim's rows must hold; ``{at}`` stands for that address.
        kernel: whether it is in a structure of the kernel, which has no 32-bit twin.
        kind: the kind of dump that shows it; any that holds user memory, where it is empty.
    """

    harm: Callable[[UserPatient], int]
    says: Mapping[str, str]
    kernel: bool = False
    kind: str = ""


def with_user_defect(snapshot: Snapshot, name: str, victim: str = "explorer.exe", narrow: bool = False) -> Snapshot:
    """The same machine with one process's structures damaged.

    Args:
        narrow: those of its 32-bit side, of a 32-bit program on x64.

    Raises:
        ValueError: no such defect, no such process, or no 32-bit side.
    """
    if name not in user_defects_of(snapshot.bits):
        raise ValueError(f"no user defect {name} on {snapshot.machine}")
    defect = USER_DEFECTS[name]
    chosen = [each for each in snapshot.truth["processes"] if each["peb"] and each["name"] == victim]
    if not chosen or (narrow and (defect.kernel or not chosen[0]["wow64"])):
        raise ValueError(f"no process {victim} on {snapshot.machine} that could have it")
    made = replace(
        snapshot, pages=dict(snapshot.pages), runs=list(snapshot.runs), truth=dict(snapshot.truth),
        kernel_pfns=set(snapshot.kernel_pfns),
    )  # fmt: skip
    at = defect.harm(UserPatient(made, chosen[0], narrow))
    says = {plugin: text.format(at=f"{at:#x}") for plugin, text in defect.says.items()}
    made.truth["user_defect"] = {"name": name, "pid": chosen[0]["pid"], "at": at, "says": says}
    return made


def _unlinked(*names: str) -> Callable[[UserPatient], int]:
    """ntdll is taken out of some lists."""

    def harm(patient: UserPatient) -> int:
        for links in [patient.links(NTDLL, name) for name in names]:
            patient.unlink(links)
        return int(patient.modules[NTDLL]["base"])

    return harm


def _looped(patient: UserPatient) -> int:
    first, last = patient.links(PROGRAM, LISTS[0]), patient.links(len(patient.modules) - 1, LISTS[0])
    patient.set_pointer(last, first)
    return first


def _wrong_back_link(patient: UserPatient) -> int:
    links = patient.links(NTDLL, LISTS[0])
    patient.set_pointer(links + patient.width, patient.wild)
    return links


def _wild_forward_link(patient: UserPatient) -> int:
    patient.set_pointer(patient.links(PROGRAM, LISTS[0]), patient.wild)
    return patient.wild


def _image_size(size: int) -> Callable[[UserPatient], int]:
    def harm(patient: UserPatient) -> int:
        entry = patient.module(NTDLL)
        patient.put(entry + patient.layouts.offset("_LDR_DATA_TABLE_ENTRY", "SizeOfImage"), size, 4)
        return int(patient.modules[NTDLL]["base"]) if size >> 31 == 0 else entry

    return harm


def _wild_name(patient: UserPatient) -> int:
    member = patient.layouts.offset("_LDR_DATA_TABLE_ENTRY", "FullDllName.Buffer")
    patient.set_pointer(patient.module(NTDLL) + member, patient.wild)
    return int(patient.modules[NTDLL]["base"])


def _wild_parameters(patient: UserPatient) -> int:
    patient.set_pointer(patient.peb + patient.layouts.offset("_PEB", "ProcessParameters"), patient.wild)
    return patient.wild


def _endless_environment(patient: UserPatient) -> int:
    """Letters up to the end of the pages that are mapped."""
    at = patient.pointer(patient.parameters + patient.layouts.offset("_RTL_USER_PROCESS_PARAMETERS", "Environment"))
    while patient.entry(patient.leaf(at)) & 1:
        end = (at & ~0xFFF) + 0x1000
        for place in range(at, end, 2):
            patient.put(place, ord("A"), 2)
        at = end
    return at


def _wild_root(patient: UserPatient) -> int:
    patient.put(patient.vad_root(), patient.wild_kernel, patient.native_width)
    return patient.wild_kernel


def _looped_tree(patient: UserPatient) -> int:
    root = patient.number(patient.vad_root(), patient.native_width)
    left, _ = patient.vad_children(patient.vads()[0])
    patient.put(left, root, patient.native_width)
    return root


def _wild_child(patient: UserPatient) -> int:
    root = patient.number(patient.vad_root(), patient.native_width)
    _, right = patient.vad_children(root)
    patient.put(right, patient.wild_kernel, patient.native_width)
    return patient.wild_kernel


def _overlap(patient: UserPatient) -> int:
    """A private range is made to cover the next one too."""
    nodes = patient.vads()
    node, following = next(pair for pair in pairwise(nodes) if patient.is_private(pair[0]))
    patient.set_vpn(node, "EndingVpn", patient.vpn(following, "EndingVpn") + 1)
    return node


def _inverted(patient: UserPatient) -> int:
    node = next(node for node in patient.vads() if patient.is_private(node))
    patient.set_vpn(node, "EndingVpn", patient.vpn(node, "StartingVpn") - 1)
    return node


def _looped_threads(patient: UserPatient) -> int:
    """The last thread leads back to the first."""
    at = patient.profile.structures.offset("_ETHREAD", "ThreadListEntry")
    first, last = (patient.process["threads"][number]["ethread"] + at for number in (0, -1))
    patient.put(last, first, patient.native_width)
    return int(first)


def _both(text: str) -> dict[str, str]:
    return {"peb": text, "lm": text}


USER_DEFECTS = {
    # the loader's lists
    "module-in-no-list": UserDefect(_unlinked(*LISTS), _both("mapped, in none of the lists")),
    "module-not-in-load-order": UserDefect(
        _unlinked(LISTS[0]), {"peb": "{at} ntdll.dll is in another list", "lm": "not in InLoadOrder"}
    ),
    "load-order-loops": UserDefect(_looped, _both("loop at {at}")),
    "load-order-back-link-wrong": UserDefect(_wrong_back_link, _both("back link mismatch at {at}")),
    "load-order-breaks": UserDefect(_wild_forward_link, _both("tail not reached: Flink {at} cannot be read")),
    "image-size-too-large": UserDefect(_image_size(0x7FFFF000), _both("the list says 0x7ffff000 bytes")),
    "image-size-absurd": UserDefect(_image_size(0xFFFFF000), _both("bad entry at {at}: it is no module")),
    "module-name-wild": UserDefect(_wild_name, _both("FullDllName cannot be read")),
    "image-headers-paged-out": UserDefect(
        lambda patient: patient.page_out(int(patient.modules[NTDLL]["base"])), {"lm": "headers are not in memory"}
    ),
    # pages
    "peb-paged-out": UserDefect(lambda patient: patient.page_out(patient.peb), _both("page {at} pagefile")),
    "peb-outside-memory": UserDefect(lambda patient: patient.lose_page(patient.peb), _both("page {at} outside-memory")),
    "peb-not-in-dump": UserDefect(
        lambda patient: patient.forget_page(patient.peb), _both("page {at} not-in-dump"), kind="active"
    ),
    "ldr-paged-out": UserDefect(lambda patient: patient.page_out(patient.ldr), _both("page {at} pagefile")),
    # process parameters
    "parameters-wild": UserDefect(_wild_parameters, {"peb": "ProcessParameters cannot be read: page {at}"}),
    "environment-endless": UserDefect(_endless_environment, {"peb": "environment breaks at {at}"}),
    # the kernel's structures of a process
    "vad-root-wild": UserDefect(_wild_root, _both("VAD {at} cannot be read"), kernel=True),
    "vad-tree-loops": UserDefect(_looped_tree, _both("VAD {at} is reached twice"), kernel=True),
    "vad-child-wild": UserDefect(_wild_child, _both("VAD {at} cannot be read"), kernel=True),
    "vads-overlap": UserDefect(_overlap, _both("VAD {at} ("), kernel=True),
    "vad-inverted": UserDefect(_inverted, _both("VAD {at} holds no range"), kernel=True),
    "thread-list-loops": UserDefect(
        _looped_threads, dict.fromkeys(("process", "peb"), "thread list: loop at {at}"), kernel=True
    ),
}


def user_defects_of(bits: int) -> tuple[str, ...]:
    """Those that a machine can have: dumps of active memory are of 64-bit ones."""
    return tuple(name for name, each in USER_DEFECTS.items() if bits == 64 or not each.kind)
