"""What each value of a parameter says: facts of Microsoft's bug check pages, of the SDK and of the Intel SDM."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from volplugins.bugcheck.fault.exceptions import meaning
from volplugins.bugcheck.words.access import Access, access_code, access_of_exception, access_of_parameters
from volplugins.bugcheck.words.fast_fail import FAST_FAIL_NAMES, fast_fail_name
from volplugins.bugcheck.words.parameter_values import describe, value_text
from volplugins.bugcheck.words.parameters import PARAMETER_CODES, Encoding, Parameter, Role, parameters_for
from volplugins.dumpfile.context import AMD64, ARM64, I386

WIN7, WIN8_1, TH1, WIN10 = 7601, 9600, 10240, 19041
IP = 0xFFFFF80012345678
BAD = 0xFFFF8A8F7C673880

Four = tuple[int, int, int, int]


def access(code: int, values: Four, build: int = WIN10, machine: int = AMD64) -> tuple[Access | None, str]:
    four = parameters_for(code, values)
    assert four is not None
    return access_of_parameters(tuple(zip(four, values, strict=True)), machine, build)


def kind(code: int, values: Four, build: int = WIN10, machine: int = AMD64) -> str:
    found, note = access(code, values, build, machine)
    assert (found is None) == bool(note), "either an access or a reason why not"
    return found.kind if found else "?"


@pytest.mark.parametrize(
    ("build", "machine", "value", "wanted"),
    [
        *((WIN10, AMD64, value, "read") for value in (0, 1, 4, 5, 9, 0x21)),
        *((WIN10, AMD64, value, "write") for value in (2, 3, 6, 7, 0xB, 0x23)),
        *((WIN10, AMD64, value, "execute") for value in (0x10, 0x11, 0x14, 0x15, 0x19)),
        (TH1, I386, 2, "write"),
        (TH1, AMD64, 1, "read"),
        *((WIN10, AMD64, value, "?") for value in (8, 0xA, 0x18, 0x100, BAD)),
        # before Windows 10, and on ARM still, the numbers are those of exceptions
        *((build, AMD64, value, word) for build in (WIN7, WIN8_1, TH1 - 1) for value, word in
          ((0, "read"), (1, "write"), (8, "execute"), (2, "?"), (3, "?"), (0x10, "?"))),
        *((WIN10, ARM64, value, word) for value, word in
          ((0, "read"), (1, "write"), (8, "execute"), (2, "?"), (0x11, "?"))),
    ],
)  # fmt: skip
def test_0x50_by_build_and_machine(build: int, machine: int, value: int, wanted: str) -> None:
    assert kind(0x50, (BAD, value, IP, 2), build, machine) == wanted


def test_0x50_says_whether_the_page_was_there() -> None:
    assert access(0x50, (BAD, 3, IP, 2))[0] == Access("write", BAD, ("page present: a protection violation",))
    assert access(0x50, (BAD, 2, IP, 2))[0] == Access("write", BAD, ("page not present",))
    facts = access(0x50, (BAD, 0xF, IP, 2))[0]
    assert facts == Access("write", BAD, ("reserved bits set in a page table entry", "in user mode"))
    assert access(0x50, (BAD, 1, IP, 2), WIN7)[0] == Access("write", BAD), "old builds say the kind alone"


def test_both_bits_are_settled_by_the_instruction() -> None:
    assert kind(0x50, (BAD, 0x13, IP, 2)) == "write", "fetched elsewhere"
    assert kind(0x50, (IP, 0x13, IP, 2)) == "execute"
    assert kind(0x50, (BAD, 0x13, 0, 2)) == "execute", "the instruction is not known"
    assert kind(0xD1, (BAD, 2, 9, IP)) == "write"
    assert kind(0xD1, (IP, 2, 9, IP)) == "execute"


@pytest.mark.parametrize("code", [0xA, 0xD1, 0xC5, 0xD0, 0xD3, 0xD4, 0xDB])
@pytest.mark.parametrize(
    ("value", "wanted"),
    [(0, "read"), (1, "write"), (8, "execute"), (0x85, "write"), (0x84, "read"), (0x88, "execute"), (2, "execute"),
     (1 << 32, "?"), (BAD, "?")],
)  # fmt: skip
def test_the_bit_field_of_raised_irql(code: int, value: int, wanted: str) -> None:
    assert kind(code, (BAD, 2, value, IP)) == wanted
    assert kind(code, (BAD, 2, value, IP), WIN7, I386) == wanted


def test_address_0_is_an_address() -> None:
    assert access(0xD1, (0, 2, 8, 0))[0] == Access("execute", 0)
    assert access(0xA, (0, 2, 1, IP))[0] == Access("write", 0)
    assert access(0x1E, (0xFFFFFFFFC0000005, IP, 0, 0))[0] == Access("read", 0)
    assert access(0x1E, (0xFFFFFFFFC0000005, 0, 8, 0))[0] == Access("execute", 0)
    found, _ = access(0xD1, (0, 2, 0, 0))
    assert found is not None
    assert (found.kind, found.address) == ("execute", 0), "an instruction at 0 that was not fetched cannot read"


@pytest.mark.parametrize("code", [0xCC, 0xCD, 0xCE, 0xCF, 0xD5, 0xD6])
def test_kinds_of_0x50_where_the_page_lists_two(code: int) -> None:
    assert [kind(code, (BAD, value, IP, 0)) for value in (0, 1, 2, 3, 0x10)] == "read write write write execute".split()
    assert [kind(code, (BAD, value, IP, 0), WIN7) for value in (0, 1, 8, 2, 0x10)] == "read write execute ? ?".split()


def test_bugchecks_of_one_kind_of_access() -> None:
    assert access(0xBE, (BAD, 0x8000000012345121, IP, 0xA))[0] == Access("write", BAD)
    assert access(0xFC, (BAD, 0x8000000012345121, IP, 2))[0] == Access("execute", BAD)
    assert access(0x11C, (BAD, 1, 0, 0))[0] == Access("write", BAD)
    assert access(0xEF, (BAD, 0, 0, 0)) == (None, "")
    assert access(0x1E, (0xFFFFFFFF80000003, IP, 0, BAD)) == (None, ""), "a breakpoint accesses nothing"


def test_kasan() -> None:
    assert access(0x1F2, (BAD, 8, IP, 0x183))[0] == Access("write", BAD, ("shadow code 0x83",))
    assert access(0x1F2, (BAD, 8, IP, 0x3))[0] == Access("read", BAD, ("3 of 8 bytes are valid",))


def test_exceptions() -> None:
    assert access_of_exception((0, 0x28)) == Access("read", 0x28)
    assert access_of_exception((8, 0)) == Access("execute", 0)
    fetched = access_of_exception((0, 0), 0)
    assert fetched is not None and fetched.kind == "execute", "as processors without no-execute pages report it"
    assert access_of_exception((1, 0), 0) == Access("write", 0)
    unknown = access_of_exception((0, (1 << 64) - 1))
    assert unknown is not None and unknown.kind == "read" and "not known" in unknown.facts[0]
    assert access_of_exception((2, 0x28)) is None and access_of_exception((0,)) is None
    assert meaning(0xC0000005, (1, 0x28)) == "write of 0x28"
    assert meaning(0xC0000006, (0, 0x28, 0xFFFFFFFFC000009C)) == "read of 0x28: STATUS_DEVICE_DATA_ERROR"
    assert meaning(0xC0000006, (0, 0x28, 0xC0FFEE00)) == "read of 0x28: status 0xc0ffee00"
    assert meaning(0xC0000409, (3,)) == "FAST_FAIL_CORRUPT_LIST_ENTRY"
    assert meaning(0xC0000409, ()) == "" and meaning(0x80000003, (0,)) == ""
    assert meaning(0xC0000005, (77, 0x28)) == "no kind of access that is known"


def test_fast_fails() -> None:
    facts = {0: "LEGACY_GS_VIOLATION", 2: "STACK_COOKIE_CHECK_FAILURE", 3: "CORRUPT_LIST_ENTRY",
             10: "GUARD_ICALL_CHECK_FAILURE", 14: "INVALID_REFERENCE_COUNT", 18: "INVALID_JUMP_BUFFER",
             21: "INVALID_EXCEPTION_CHAIN", 29: "INVALID_BALANCED_TREE", 37: "GUARD_JUMPTABLE",
             50: "HEAP_METADATA_CORRUPTION", 64: "GUARD_ICALL_CHECK_FAILURE_XFG",
             70: "INVALID_FLS_DATA", 0xFFFFFFFF: "INVALID_FAST_FAIL_CODE"}  # fmt: skip
    assert {code: fast_fail_name(code) for code in facts} == {code: f"FAST_FAIL_{name}" for code, name in facts.items()}
    assert fast_fail_name(15) is None and fast_fail_name(5000) is None
    assert len(FAST_FAIL_NAMES) == len(set(FAST_FAIL_NAMES.values()))


@pytest.mark.parametrize(
    ("code", "values", "number", "said"),
    [
        (0xD1, (BAD, 2, 0x85, IP), 2, "IRQL at the time: DISPATCH_LEVEL"),
        (0xD1, (BAD, 15, 0x85, IP), 2, "IRQL at the time: HIGH_LEVEL"),
        (0xD1, (BAD, 5, 0x85, IP), 2, "IRQL at the time"),
        (0xD1, (BAD, 2, 0x85, IP), 3, "kind of access: write, other bits 0x84 of no known meaning"),
        (0x50, (BAD, 3, IP, 2), 2, "kind of access: write, page present: a protection violation"),
        (0x50, (BAD, 8, IP, 2), 2, "kind of access: no kind of access that is known"),
        (0x50, (BAD, 3, IP, 4), 4, "what kind of address it was (Windows 10 and later): not canonical"),
        (0x50, (BAD, 3, IP, 0xF), 4, "what kind of address it was (Windows 10 and later): "
                                     "a user address that the kernel may not touch here"),
        (0x1E, (0xFFFFFFFFC0000005, IP, 1, 0x18), 1,
         "code of the exception that nobody handled: STATUS_ACCESS_VIOLATION"),
        (0x1E, (0xFFFFFFFFC0000005, IP, 1, 0x18), 3, "kind of access, first parameter of the exception: write"),
        (0x1E, (0xFFFFFFFFC0000094, IP, 1, 0x18), 3, "first parameter of the exception"),
        (0x7A, (BAD, 0xFFFFFFFFC000000E, 0, BAD), 2, "status of the read: STATUS_NO_SUCH_DEVICE"),
        (0x77, (0xFFFFFFFFC000009C, 0xC0000185, 0, 0), 2, "status of the I/O: STATUS_IO_DEVICE_ERROR"),
        (0x77, (BAD, 0, 0, 0), 1, "status of the read"),
        (0x139, (3, IP, IP, 0), 1, "check that failed: FAST_FAIL_CORRUPT_LIST_ENTRY (list entry damaged)"),
        (0x139, (42, IP, IP, 0), 1, "check that failed: FAST_FAIL_INVALID_FILE_OPERATION"),
        (0x18D, (6, BAD, IP, IP), 1, "what the secure kernel refused by its own page tables: read, write"),
        (0xC4, (0x7C, BAD, 0x803, 0), 3, "its flags: mapped to a system address, pages locked, I/O space"),
        (0xC4, (0x7C, BAD, 0x1001, 0), 3, "its flags: mapped to a system address, other bits 0x1000"),
        (0xC4, (0x20005, BAD, 0, 0), 1, "rule that the verifier saw broken: IrqlExApcLte1"),
        (0x139, (3, 0, 0, 0), 2, "trap frame of the failed check: none"),
        (0x9F, (3, BAD, BAD, BAD), 1, "what went wrong: a device held a power IRP for too long"),
        (0x4D, (5, 6, 7, 0xC000007F), 4, "status of the last write that failed: STATUS_DISK_FULL"),
        (0x1DA, (5, 1, 13, BAD), 1,
         "what failed in the hypervisor's start of processors: fatal exception of a blocked processor"),
    ],
)  # fmt: skip
def test_what_a_value_says(code: int, values: Four, number: int, said: str) -> None:
    four = parameters_for(code, values)
    assert four is not None
    assert describe(four[number - 1], values[number - 1], AMD64, WIN10) == said


R = Role


@pytest.mark.parametrize(
    ("code", "values", "roles"),
    [
        (0x108, (1, BAD, BAD, 0), (R.SUBCODE, R.EXCEPTION_RECORD, R.CONTEXT_RECORD, R.NONE)),
        (0x18D, (1, BAD, BAD, BAD), (R.FLAGS, R.NONE, R.EXCEPTION_RECORD, R.CONTEXT_RECORD)),
        (0x151, (IP, BAD, 0, 0), (R.INSTRUCTION_POINTER, R.TRAP_FRAME, R.NONE, R.NONE)),
        (0x1DA, (5, 1, 13, BAD), (R.SUBCODE, R.CPU_INDEX, R.NONE, R.TRAP_FRAME)),
        (0x1EA, (1, 2, 3, IP), (R.NONE, R.NONE, R.NONE, R.INSTRUCTION_POINTER)),
        (0x101, (0x30, 0, BAD, 3), (R.NONE, R.NONE, R.NONE, R.CPU_INDEX)),
        (0x112, (1, 0xC0000005, 0, 0), (R.SUBCODE, R.EXCEPTION_CODE, R.NONE, R.NONE)),
        (0x1AA, (BAD, 3, BAD, BAD), (R.NONE, R.NONE, R.CONTEXT_RECORD, R.EXCEPTION_RECORD)),
        (0x1D2, (0, BAD, 0, 0), (R.SUBCODE, R.THREAD, R.NONE, R.NONE)),
        (0x1A3, (BAD, BAD, 9, BAD), (R.PROCESS, R.THREAD, R.NONE, R.NONE)),
        (0xC4, (0xF6, 0x20, BAD, IP), (R.SUBCODE, R.NONE, R.PROCESS, R.CODE_ADDRESS)),
        (0xC4, (0x111, IP, 2, 0), (R.SUBCODE, R.CODE_ADDRESS, R.LEVEL, R.IRQL)),
        (0xC4, (0x13, 0, BAD, BAD), (R.SUBCODE, R.NONE, R.NONE, R.NONE)),
        (0xC9, (0x203, IP, BAD, 0), (R.SUBCODE, R.CODE_ADDRESS, R.IRP_CONCERNED, R.NONE)),
        (0xC9, (5, BAD, 0, 2), (R.SUBCODE, R.DEVICE_CONCERNED, R.LEVEL, R.LEVEL)),
        (0x9A, (0x17, 0xC0000022, 0, 0), (R.SUBCODE, R.STATUS, R.NONE, R.NONE)),
        (0xA0, (0x607, BAD, 0xC0000001, 0), (R.SUBCODE, R.NONE, R.STATUS, R.NONE)),
        (0x7C, (0xA, BAD, BAD, 3), (R.SUBCODE, R.NONE, R.DRIVER_OBJECT, R.COUNT)),
        (0x1A, (0x403, BAD, 1, 3), (R.SUBCODE, R.NONE, R.PTE, R.PTE)),
        (0x122, (6, 0xC0000001, 1, 4), (R.SUBCODE, R.STATUS, R.NONE, R.NONE)),
        (0xF0, (1, BAD, BAD, BAD), (R.SUBCODE, R.NONE, R.NONE, R.DEVICE_OBJECT)),
        (0x134, (1, 2, 3, 4), (R.NONE, R.NONE, R.NONE, R.NONE)),
    ],
)  # fmt: skip
def test_roles_of_further_codes(code: int, values: Four, roles: tuple[Role, ...]) -> None:
    four = parameters_for(code, values)
    assert four is not None
    assert tuple(parameter.role for parameter in four) == roles


def test_nothing_is_said_of_what_is_not_known() -> None:
    assert value_text(Parameter("x", Role.STATUS), 0xC0FFEE00) == ""
    assert value_text(Parameter("x", Role.FLAGS, ((1, "a"),)), 6) == "", "none of its bits is known"
    assert value_text(Parameter("x"), 5) == ""
    assert access_code(Encoding.PLAIN, 0, AMD64, WIN10) is None


WORDS = st.integers(0, (1 << 64) - 1) | st.sampled_from([0, 1, 3, 0x11, 0x139, 0xC0000005, 0xFFFFFFFFC0000005, IP])


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from(sorted(PARAMETER_CODES)),
    st.tuples(WORDS, WORDS, WORDS, WORDS),
    st.sampled_from([AMD64, I386, ARM64, 0]),
    st.integers(0, 1 << 32),
)
def test_any_values_are_described(code: int, values: Four, machine: int, build: int) -> None:
    four = parameters_for(code, values)
    assert four is not None
    for parameter, value in zip(four, values, strict=True):
        assert describe(parameter, value, machine, build).startswith(parameter.meaning)
    found, note = access_of_parameters(tuple(zip(four, values, strict=True)), machine, build)
    assert found is None or (found.kind in ("read", "write", "execute") and found.address in values and not note)
