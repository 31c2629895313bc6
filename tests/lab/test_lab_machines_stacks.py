"""Stacks of the made-up machines: what the truth lists is what lies in memory and what unwinding finds."""

from __future__ import annotations

from itertools import pairwise

import pytest

from tests.lab.machine_memory import kernel_bytes, made, pointer
from tests.lab.unwinding import as_registers, unwind
from tests.sampling import in_turn
from volplugins.lab.code.functions import parse_functions
from volplugins.lab.machine.image_sources import machine_images
from volplugins.lab.machines.catalogue import MACHINES, faults_of

EVERY = [(machine, fault) for machine in MACHINES for fault in faults_of(machine)]
EVERY_X64 = [(machine, fault) for machine, fault in EVERY if machine.endswith("x64")]


def _is_kernel(address: int, bits: int) -> bool:
    return address >= (0xFFFF800000000000 if bits == 64 else 0x80000000)


@pytest.mark.parametrize(("machine", "fault"), in_turn(EVERY))
def test_return_addresses_lie_on_the_stack_and_follow_calls(machine: str, fault: str) -> None:
    snapshot = made(machine, fault, 1, 1)
    width = snapshot.bits // 8
    frames = [frame for frame in snapshot.truth["stack"] if _is_kernel(frame["ip"], snapshot.bits)]
    assert frames[0]["kind"] == "entry"
    for inner, frame in pairwise(frames):
        if frame["kind"]:
            continue
        assert inner["ret"] == frame["ip"]
        assert pointer(snapshot, frame["sp"] - width) == frame["ip"], frame
        before = kernel_bytes(snapshot, frame["ip"] - 6, 6)
        calls = before[1] == 0xE8 or before[:2] == b"\xff\x15" or before[-5] == 0xFF or 0xFF in before[-4:-1]
        assert calls, (frame, before.hex())


@pytest.mark.parametrize(("machine", "fault"), in_turn(EVERY))
def test_trap_frames_hold_the_interrupted_code(machine: str, fault: str) -> None:
    snapshot = made(machine, fault, 1, 1)
    interrupted = [frame for frame in snapshot.truth["stack"] if frame["kind"] == "interrupted"]
    assert bool(interrupted) == bool(snapshot.truth["trap_frame"])
    if interrupted:
        at = 0x168 if snapshot.bits == 64 else 0x68
        assert pointer(snapshot, snapshot.truth["trap_frame"] + at) == interrupted[0]["ip"]
        if snapshot.truth["fault_ip"]:
            assert snapshot.truth["fault_ip"] == interrupted[0]["ip"]


@pytest.mark.parametrize(("machine", "fault"), in_turn(EVERY_X64))
def test_x64_stacks_unwind_as_listed(machine: str, fault: str) -> None:
    snapshot = made(machine, fault, 1, 1)
    images = [(module["base"], module["base"] + module["size"]) for module in snapshot.truth["modules"]]

    def read(address: int, size: int) -> bytes:
        return kernel_bytes(snapshot, address, size)

    frames = snapshot.truth["stack"]
    ip, registers = frames[0]["ip"], as_registers(frames[0])
    for frame in frames[1:]:
        ip, registers = unwind(read, images, ip, registers)
        assert (ip, registers["rsp"]) == (frame["ip"], frame["sp"]), frame["symbol"]
        if not _is_kernel(ip, 64):
            return
        if frame["kind"] != "interrupted":  # a trap handler's own frame register is of no use to the code below it
            kept = {name: value for name, value in frame["registers"].items() if name != "rbp"}
            assert kept == {name: registers[name] for name in kept}, frame["symbol"]


@pytest.mark.parametrize("fault", ["driver-read", "page-fault", "kmode-exception", "system-thread"])
@pytest.mark.parametrize("machine", ["win7-x86-pae", "xp-x86"])
def test_x86_frame_pointers_reach_the_faulting_code_and_the_driver(machine: str, fault: str) -> None:
    snapshot = made(machine, fault, 1, 1)
    frame = snapshot.truth["stack"][0]
    ebp, seen = frame["registers"]["ebp"], []
    while _is_kernel(ebp, 32) and len(seen) < 64:
        seen.append(pointer(snapshot, ebp + 4))
        following = pointer(snapshot, ebp)
        assert following == 0 or following > ebp or not _is_kernel(following, 32)
        ebp = following
    assert snapshot.truth["fault_ip"] in seen
    driver = next(module for module in snapshot.truth["modules"] if module["name"] == "acmedrv")
    assert sum(driver["base"] <= ip < driver["base"] + driver["size"] for ip in seen) >= 2


@pytest.mark.parametrize("machine", ["win10-x64", "win7-x64"])
def test_x64_functions_keep_the_stack_aligned(machine: str) -> None:
    for image in machine_images(machine).values():
        for function in parse_functions(image.source.code):
            if function.kind == "normal":
                assert (8 * len(function.saves) + function.frame) % 16 == 8, function.name
                five_arguments = any(item.label == "KeBugCheckEx" for item in function.items)
                assert function.frame >= (0x28 if five_arguments else 0), function.name


def test_a_waiting_thread_can_be_resumed_from_its_switch_frame() -> None:
    snapshot = made("win10-x64")
    images = [(module["base"], module["base"] + module["size"]) for module in snapshot.truth["modules"]]
    process = next(each for each in snapshot.truth["processes"] if each["name"] == "lsass.exe")
    ethread = process["threads"][0]["ethread"]
    kernel_stack = pointer(snapshot, ethread + 0x58)
    ip = pointer(snapshot, kernel_stack + 0x38)
    registers = dict.fromkeys(("rbx", "rbp", "rsi", "rdi", *(f"r{n}" for n in range(8, 16))), 0)
    registers |= {"rsp": kernel_stack + 0x40, "rbp": pointer(snapshot, kernel_stack + 0x30)}
    depth = 0
    while _is_kernel(ip, 64):
        ip, registers = unwind(lambda a, n: kernel_bytes(snapshot, a, n), images, ip, registers)
        depth += 1
    assert depth == 6
    assert pointer(snapshot, pointer(snapshot, ethread + 0x90) + 0x168) == ip
