"""NTVDM on the x86 machines: LDT, trap frames of 16-bit code, and stacks of it, read back by the manual's rules."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import pytest

from tests.lab.machine_memory import kernel_bytes, translate, user_bytes
from volplugins.lab.machine.snapshot import Snapshot
from volplugins.lab.machines.catalogue import build

MACHINES = ("xp-x86", "win7-x86-pae")
EVERY = pytest.mark.parametrize("machine", MACHINES)
# EPROCESS: LdtDescriptor, VdmObjects; KTRAP_FRAME members are alike (public symbol tables)
PROCESS = {"xp-x86": (0x20, 0x158), "win7-x86-pae": (0x1C, 0x148)}
EIP, CS, FLAGS, ESP, SS, V86_DS, EBP, DS = 0x68, 0x6C, 0x70, 0x74, 0x78, 0x80, 0x60, 0x38


@lru_cache(maxsize=2)
def made(machine: str) -> Snapshot:
    return build(machine, vdm=True)


def process(snapshot: Snapshot) -> dict[str, Any]:
    (found,) = [each for each in snapshot.truth["processes"] if each["name"] == "ntvdm.exe"]
    return found


def number(snapshot: Snapshot, address: int, size: int = 4) -> int:
    return int.from_bytes(kernel_bytes(snapshot, address, size), "little")


def descriptor(data: bytes) -> tuple[int, int, int]:
    """Access byte, base and limit in bytes of the eight."""
    word = int.from_bytes(data, "little")
    base = word >> 16 & 0xFFFFFF | word >> 56 << 24
    return word >> 40 & 0xFF, base, word & 0xFFFF | word >> 32 & 0xF0000


def local(snapshot: Snapshot) -> dict[int, tuple[int, int, int]]:
    """The LDT by selector, as KPROCESS leads to it."""
    access, base, limit = descriptor(
        kernel_bytes(snapshot, process(snapshot)["eprocess"] + PROCESS[snapshot.machine][0], 8)
    )
    assert access == 0x82
    return {at | 7: descriptor(kernel_bytes(snapshot, base + at, 8)) for at in range(0, limit, 8)
            if number(snapshot, base + at + 4)}  # fmt: skip


@EVERY
def test_the_process_has_an_ldt(machine: str) -> None:
    snapshot = made(machine)
    told = snapshot.truth["descriptors"]["ldts"][process(snapshot)["pid"]]
    expected = {at: (each["access"], each["base"], each["limit"]) for at, each in told["entries"].items()}
    assert local(snapshot) == expected and len(expected) == 6
    assert number(snapshot, process(snapshot)["eprocess"] + PROCESS[machine][1]) > 0x80000000
    plain = build(machine).truth["processes"]
    assert not [each for each in plain if each["name"] == "ntvdm.exe"]


@EVERY
@pytest.mark.parametrize("mode", ["v86", "16-bit"])
def test_trap_frame_and_stack_of_16_bit_code(machine: str, mode: str) -> None:
    snapshot, table = made(machine), local(made(machine))
    (told,) = [each for each in snapshot.truth["segmented"].values() if each["mode"] == mode]
    frame = told["trap_frame"]
    cs, ss = number(snapshot, frame + CS), number(snapshot, frame + SS)
    assert (number(snapshot, frame + FLAGS) >> 17 & 1) == (mode == "v86")
    assert number(snapshot, frame + (V86_DS if mode == "v86" else DS)) == told["segments"]["ds"]

    def linear(segment: int, offset: int) -> int:
        return segment * 16 + offset if mode == "v86" else table[segment][1] + offset

    def word(address: int) -> int:
        return int.from_bytes(user_bytes(snapshot, process(snapshot)["dtb"], address, 2), "little")

    ip, sp, bp = (number(snapshot, frame + at) for at in (EIP, ESP, EBP))
    seen = []
    for each in told["frames"]:
        seen.append((cs, ip, bp))
        code = user_bytes(snapshot, process(snapshot)["dtb"], linear(cs, ip) - 5, 5)
        if len(seen) > 1:
            assert code[0] == 0x9A or code[2] == 0xE8
        assert (each["sp"], each["linear"]) == (sp, linear(cs, ip))
        far = each["far"]
        ip, cs, sp = word(linear(ss, bp + 2)), word(linear(ss, bp + 4)) if far else cs, bp + (6 if far else 4)
        bp = word(linear(ss, bp))
    assert seen == [(each["cs"], each["ip"], each["bp"]) for each in told["frames"]] and (ip, bp) == (0, 0)
    assert {each["far"] for each in told["frames"]} == {True, False}
    assert translate(snapshot, process(snapshot)["dtb"], told["touched"]) is None


@EVERY
def test_low_memory_has_the_vectors_of_real_mode(machine: str) -> None:
    snapshot = made(machine)
    data = user_bytes(snapshot, process(snapshot)["dtb"], 0, 0x400)
    words = [int.from_bytes(data[at : at + 2], "little") for at in range(0, 0x400, 2)]
    assert list(zip(words[1::2], words[::2], strict=True)) == [
        tuple(each) for each in snapshot.truth["descriptors"]["ivt"]
    ]


def test_x64_has_no_ntvdm() -> None:
    with pytest.raises(ValueError, match="runs no 16-bit code"):
        build("win10-x64", vdm=True)
