"""What overwrites a thread's usual stack while its shadow stack says where it came from, by name.

A defect works on a finished snapshot whose threads have shadow stacks. truth["shadow_defect"] says which thread, which
stack, from which address on (``at``), which return address the shadow stack has there (``true``) and what the usual
stack says instead (``false``).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from volplugins.lab.damage.user_subject import UserPatient
from volplugins.lab.machine.snapshot import Snapshot

_VICTIM = "explorer.exe"
_SMASHED = int.from_bytes(b"AAAAAAAA", "little")
_FRAMES = 2  # how many of the innermost return addresses a smashed stack keeps
_CHAIN = 4  # links of a chain: a gadget's address, then what it takes from the stack
_MARK = 0x4141414142424242
_NONE: Mapping[str, Any] = {"kernel": {"returns": ()}}
_STEP = 0x11  # bytes from one gadget to the next


class ShadowPatient:
    """A snapshot one of whose threads' stacks is to be overwritten.

    Args:
        victim: whose thread: the image's name. Empty: of stacks in the kernel the crashing thread, where it has calls
            enough under way, else one of the usual process.
    """

    def __init__(self, snapshot: Snapshot, ring: str, victim: str = "") -> None:
        if not snapshot.truth.get("shadow_stacks"):
            raise ValueError(f"no thread of {snapshot.machine} has a shadow stack")
        self.snapshot = replace(snapshot, pages=dict(snapshot.pages), truth=dict(snapshot.truth))
        crashed = (snapshot.truth.get("thread") or {}).get("ethread") if ring == "kernel" and not victim else None
        threads = [
            (process, thread)
            for process in snapshot.truth["processes"]
            for thread in process["threads"]
            if len(snapshot.truth["shadow_stacks"].get(thread["ethread"], _NONE)["kernel"]["returns"]) > _FRAMES + 1
        ]
        chosen = [each for each in threads if each[1]["ethread"] == crashed]
        chosen += [each for each in threads if each[0]["name"] == (victim or _VICTIM)]
        if not chosen:
            raise ValueError(f"no thread of {victim or _VICTIM} has calls enough under way")
        self.process: dict[str, Any]
        self.thread: dict[str, Any]
        self.process, self.thread = chosen[0]

    def stacks(self) -> dict[str, Any]:
        """Both shadow stacks of the thread."""
        found: dict[str, Any] = self.snapshot.truth["shadow_stacks"][self.thread["ethread"]]
        return found

    def write(self, address: int, words: list[int]) -> None:
        """Store words of the usual stack, in the kernel or in the process."""
        processes = (self.process, *self.snapshot.truth["processes"])  # System has no user mode; all have the kernel
        owner = next(each for each in processes if each["pid"] in self.snapshot.truth["user"])
        memory = UserPatient(self.snapshot, owner)
        for number, word in enumerate(words):
            memory.put(address + 8 * number, word, 8)

    def code(self, ring: str) -> int:
        """Where gadgets are: code of the kernel, or of ntdll."""
        if ring == "kernel":
            return next(int(each["base"]) for each in self.snapshot.truth["modules"] if each["name"] == "nt") + 0x1000
        modules = self.snapshot.truth["user"][self.process["pid"]]["modules"]
        return next(int(each["base"]) for each in modules if each["path"].endswith("ntdll.dll")) + 0x1000


def _smashed(patient: ShadowPatient, ring: str) -> dict[str, Any]:
    """Everything from a return address on is overwritten with a text."""
    kept = _FRAMES if ring == "kernel" else 1
    place = patient.stacks()[ring]["returns"][kept]
    patient.write(place["slot"], [_SMASHED] * 6)
    return {"at": place["slot"], "true": place["address"], "false": _SMASHED}


def _chain(patient: ShadowPatient, ring: str) -> dict[str, Any]:
    """A return address and what lies above it are a chain: addresses of gadgets, each with the word that it pops."""
    kept = _FRAMES if ring == "kernel" else 1
    place = patient.stacks()[ring]["returns"][kept]
    gadgets = [patient.code(ring) + _STEP * (number + 1) for number in range(_CHAIN)]
    words = [word for gadget in gadgets for word in (gadget, _MARK)]
    patient.write(place["slot"], words)
    return {"at": place["slot"], "true": place["address"], "false": gadgets[0], "gadgets": gadgets}


#: Every defect by name: what does it, and on which stack.
SHADOW_DEFECTS: Mapping[str, tuple[Callable[[ShadowPatient, str], dict[str, Any]], str]] = {
    "smashed-stack": (_smashed, "user"),
    "smashed-kernel-stack": (_smashed, "kernel"),
    "rop-chain": (_chain, "user"),
    "rop-chain-kernel": (_chain, "kernel"),
}


def with_shadow_defect(snapshot: Snapshot, name: str, victim: str = "") -> Snapshot:
    """The same machine with one thread's usual stack overwritten; its shadow stacks are as they were.

    Args:
        victim: the image whose thread it is; empty: the crashing thread, or one of the usual process.

    Raises:
        ValueError: there is no such defect or thread, or the machine has no shadow stacks.
    """
    if name not in SHADOW_DEFECTS:
        raise ValueError(f"no defect of stacks {name}")
    make, ring = SHADOW_DEFECTS[name]
    patient = ShadowPatient(snapshot, ring, victim)
    told = make(patient, ring)
    about = {"name": name, "ring": ring, "pid": patient.process["pid"], "tid": patient.thread["tid"],
             "ethread": patient.thread["ethread"]}  # fmt: skip
    patient.snapshot.truth["shadow_defect"] = {**about, **told}
    return patient.snapshot
