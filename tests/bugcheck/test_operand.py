"""The operand that gave the bad address: by instruction bytes, checked against the Intel manual's encodings."""

import pytest

from volplugins.bugcheck.fault.operand import called_operand, faulting_operand

ALL_ONES = (1 << 64) - 1
POOL = 0xFFFF8A8F7C673880


@pytest.mark.parametrize(
    ("code", "registers", "accessed", "text", "value"),
    [
        ("8b4310", {"rbx": POOL - 0x10}, POOL, "dword ptr [rbx + 0x10]", ("rbx", POOL - 0x10)),
        ("458b4910", {"r9": 0}, 0x10, "dword ptr [r9 + 0x10]", ("r9", 0)),
        ("488b04cb", {"rbx": 0, "rcx": 4}, 0x20, "qword ptr [rbx + rcx*8]", ("rcx", 4)),
        # of two operands the one that was accessed
        ("f3a4", {"rsi": 0x20, "rdi": POOL}, 0x20, "byte ptr [rsi]", ("rsi", 0x20)),
        ("f3a4", {"rsi": 0x20, "rdi": POOL}, POOL, "byte ptr [rdi]", ("rdi", POOL)),
        # a word that begins before the address that was accessed
        ("488b03", {"rbx": POOL - 4}, POOL, "qword ptr [rbx]", ("rbx", POOL - 4)),
        ("50", {"rsp": POOL + 8}, POOL, "[rsp]", ("rsp", POOL + 8)),
        # a general protection fault names no address
        ("4c8b00", {"rax": 0x8000000000000000}, ALL_ONES, "qword ptr [rax]", ("rax", 0x8000000000000000)),
    ],
)
def test_the_operand_is_named_with_its_registers(
    code: str, registers: dict[str, int], accessed: int, text: str, value: tuple[str, int]
) -> None:
    found = faulting_operand(bytes.fromhex(code), 0xFFFFF80000001000, 64, registers, accessed)
    assert found is not None
    assert found.text == text
    assert value in found.values
    assert not found.inferred


def test_a_register_that_no_record_holds_follows_from_the_address() -> None:
    found = faulting_operand(bytes.fromhex("8b4310"), 0x1000, 64, {"rcx": 1}, POOL)
    assert found is not None
    assert (found.values, found.inferred) == ((("rbx", POOL - 0x10),), "rbx")
    # two unknown registers, or one that is scaled, cannot be told
    assert faulting_operand(bytes.fromhex("488b04cb"), 0x1000, 64, {}, POOL) is None
    assert faulting_operand(bytes.fromhex("488b04cb"), 0x1000, 64, {"rbx": 0}, POOL) is None


def test_no_operand_is_made_up() -> None:
    assert faulting_operand(bytes.fromhex("8b4310"), 0x1000, 64, {"rbx": POOL}, 0x44) is None
    assert faulting_operand(bytes.fromhex("cc"), 0x1000, 64, {"rbx": POOL}, 0x44) is None
    assert faulting_operand(b"", 0x1000, 64, {"rbx": POOL}, 0x44) is None
    assert faulting_operand(b"\x06" * 16, 0x1000, 64, {"rbx": POOL}, 0x44) is None  # no instruction of x64
    # the base of GS is in no record
    assert faulting_operand(bytes.fromhex("65488b042588010000"), 0x1000, 64, {}, 0x188) is None


def test_a_divisor_of_zero() -> None:
    found = faulting_operand(bytes.fromhex("f7f1"), 0x1000, 64, {"rcx": 0}, None, divided=True)
    assert found is not None
    assert found.values == (("rcx", 0),)


@pytest.mark.parametrize(
    ("code", "bits", "registers", "values", "address"),
    [
        ("ffd0", 64, {"rax": 0}, (("rax", 0),), 0),
        ("41ffd0", 64, {"r8": 5}, (("r8", 5),), 5),
        ("ff5010", 64, {"rax": POOL}, (("rax", POOL),), POOL + 0x10),
        ("ff15f0ffffff", 64, {}, (("rip", 0x1006),), 0xFF6),
        ("ff15f0ff0000", 32, {}, (), 0xFFF0),
        ("ff5608", 32, {"esi": 0x80001000}, (("esi", 0x80001000),), 0x80001008),
    ],
)
def test_what_a_call_went_through(
    code: str, bits: int, registers: dict[str, int], values: tuple[tuple[str, int], ...], address: int
) -> None:
    found = called_operand(bytes.fromhex(code), 0x1000, bits, registers)
    assert found is not None
    assert (found.values, found.address) == (values, address)


def test_a_direct_call_has_no_operand() -> None:
    assert called_operand(bytes.fromhex("e800000000"), 0x1000, 64, {}) is None
