"""What the call before a return address says of the function below it: stubs, tail jumps, dispatchers, padding."""

from __future__ import annotations

import struct

import pytest

from tests.stack.made_code import MadeCode
from volplugins.stack.functions import FunctionMap, NamedFunctions
from volplugins.stack.links import Link, Links

CALLEE, CALLER, OTHER = 0x1000, 0x2000, 0x3000
# push rbx; sub rsp, 20h; nops
BODY = b"\x53\x48\x83\xec\x20" + b"\x90" * 40 + b"\xc3"


def links_of(made: MadeCode, names: NamedFunctions | None = None, without: int | None = None) -> Links:
    memory = made.memory({}, without=without)
    return Links(FunctionMap(memory, made, made.bits, names or (lambda _address: None)))


@pytest.fixture(params=[64, 32])
def made(request: pytest.FixtureRequest) -> MadeCode:
    code = MadeCode(request.param)
    for place in (CALLEE, CALLER, OTHER):
        code.put(code.first + place, BODY)
    return code


def judged(made: MadeCode, target: int, **how) -> Link:
    """A call from the first image's caller, judged against a return address in its callee."""
    back = made.call(made.first + CALLER + 0x10, target)
    links = links_of(made, **how)
    return links.link(back, True, links.callee(made.first + CALLEE + 0x20, True))


def test_a_call_of_the_function_proves(made: MadeCode) -> None:
    assert judged(made, made.first + CALLEE) is Link.PROVES


def test_a_call_of_another_function_disproves(made: MadeCode) -> None:
    assert judged(made, made.first + OTHER) is Link.DISPROVES


def test_a_call_within_another_image_disproves_in_the_same_way(made: MadeCode) -> None:
    made.put(made.second + OTHER, BODY)
    back = made.call(made.second + 0x800, made.second + OTHER)
    links = links_of(made)
    assert links.link(back, True, links.callee(made.first + CALLEE + 0x20, True)) is Link.DISPROVES


def test_a_stub_that_jumps_there_proves(made: MadeCode) -> None:
    made.jump(made.first + 0x3800, made.first + CALLEE)
    assert judged(made, made.first + 0x3800) is Link.PROVES


def test_an_import_stub_proves_across_images(made: MadeCode) -> None:
    stub, slot = made.second + 0x3800, made.second + 0x3900
    shown = slot - stub - 6 if made.bits == 64 else slot
    made.put(stub, b"\xff\x25" + struct.pack("<i" if made.bits == 64 else "<I", shown))
    made.put(slot, (made.first + CALLEE).to_bytes(made.bits // 8, "little"))
    back = made.call(made.second + 0x800, stub)
    links = links_of(made)
    assert links.link(back, True, links.callee(made.first + CALLEE + 0x20, True)) is Link.PROVES


def test_a_call_through_an_import_slot_is_followed(made: MadeCode) -> None:
    slot, at = made.second + 0x3900, made.second + 0x800
    shown = slot - at - 6 if made.bits == 64 else slot
    back = made.put(at, b"\xff\x15" + struct.pack("<i" if made.bits == 64 else "<I", shown))
    for target, wanted in ((CALLEE, Link.PROVES), (OTHER, Link.DISPROVES)):
        made.put(slot, (made.first + target).to_bytes(made.bits // 8, "little"))
        links = links_of(made)
        assert links.link(back, True, links.callee(made.first + CALLEE + 0x20, True)) is wanted


def test_a_function_that_may_jump_on_says_nothing(made: MadeCode) -> None:
    made.jump(made.first + OTHER + 0x18, made.first + CALLEE)
    assert judged(made, made.first + OTHER) is Link.NEUTRAL


@pytest.mark.parametrize("jump", ["ffe0", "48ffe0", "48890424c3"])
def test_dispatchers_say_nothing(made: MadeCode, jump: str) -> None:
    """Control flow guard's icall and the retpolines of drivers: called directly, they go where a register says."""
    made.put(made.first + OTHER + 0x18, bytes.fromhex(jump))
    assert judged(made, made.first + OTHER) is Link.NEUTRAL


def test_calls_through_pointers_and_unread_code_say_nothing(made: MadeCode) -> None:
    back = made.put(made.first + CALLER + 0x10, b"\xff\xd0")
    links = links_of(made)
    callee = links.callee(made.first + CALLEE + 0x20, True)
    assert links.link(back, True, callee) is Link.NEUTRAL
    assert links.link(back, None, callee) is Link.UNREAD


def test_an_unread_target_is_doubtful_and_a_symbol_settles_it(made: MadeCode) -> None:
    back = made.call(made.first + CALLER + 0x10, made.second + OTHER)
    for dispatches, wanted in ((None, Link.DOUBTFUL), (False, Link.DISPROVES), (True, Link.NEUTRAL)):
        names = NamedFunctions(lambda _address: None, lambda _address, said=dispatches: said)
        links = links_of(made, names, without=made.second)
        assert links.link(back, True, links.callee(made.first + CALLEE + 0x20, True)) is wanted


def test_far_behind_its_symbol_an_address_may_be_in_moved_code(made: MadeCode) -> None:
    start = made.first + 0x100
    names = NamedFunctions(lambda address: start if start <= address < start + 0x1F00 else None, lambda _address: False)
    back = made.call(made.first + CALLER + 0x10, made.first + OTHER)
    links = links_of(made, names)
    assert links.link(back, True, links.callee(made.first + 0x180, True)) is Link.DISPROVES
    assert links.link(back, True, links.callee(made.first + 0x1F00, True)) is Link.DOUBTFUL


def test_code_without_padding_in_between_fits() -> None:
    made = MadeCode(64)
    made.put(made.first, b"\x90" * 0x3000)  # no padding, no return, no prolog: where functions start nothing tells
    back = made.call(made.first + 0x2000, made.first + 0x1000)
    links = links_of(made)
    assert links.link(back, True, links.callee(made.first + 0x1080, True)) is Link.FITS
    assert links.link(back, True, links.callee(made.first + 0xF80, True)) is Link.DISPROVES


def test_jumps_in_a_circle_end(made: MadeCode) -> None:
    made.jump(made.first + 0x3800, made.first + 0x3A00)
    made.jump(made.first + 0x3A00, made.first + 0x3800)
    assert judged(made, made.first + 0x3800) in (Link.DISPROVES, Link.NEUTRAL)
