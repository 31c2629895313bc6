"""The tables of bugchecks: every documented name, meanings of parameters, roles that the analysis follows."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from volplugins.bugcheck.words import parameters
from volplugins.bugcheck.words.codes import BUGCHECK_NAMES, LIVE_DUMP_CODES, base_code, bugcheck_name
from volplugins.bugcheck.words.parameter_values import describe
from volplugins.bugcheck.words.parameters import PARAMETER_CODES, Role, parameters_for
from volplugins.bugcheck.words.parameters.parameter import Encoding, Four, Parameter
from volplugins.bugcheck.words.parameters.table import read_table
from volplugins.bugcheck.words.status import STATUS_NAMES, status_name

ACCESS_ENCODINGS = {
    Encoding.READ_WRITE,
    Encoding.IRQL_ACCESS,
    Encoding.FAULT_ERROR,
    Encoding.EXCEPTION_ACCESS,
    Encoding.KASAN,
}
DOCUMENTED = 425  # counted in Microsoft's two code references and the pages of single codes


def test_every_documented_code_has_a_name() -> None:
    assert len(BUGCHECK_NAMES) == DOCUMENTED
    assert all(re.fullmatch(r"[A-Z][A-Z0-9_]+", name) for name in BUGCHECK_NAMES.values())
    assert set(BUGCHECK_NAMES) >= LIVE_DUMP_CODES


@pytest.mark.parametrize(
    ("code", "name", "base"),
    [
        (0xD1, "DRIVER_IRQL_NOT_LESS_OR_EQUAL", 0xD1),
        (0x1000007E, "SYSTEM_THREAD_EXCEPTION_NOT_HANDLED_M", 0x7E),
        (0x1000008E, "KERNEL_MODE_EXCEPTION_NOT_HANDLED_M", 0x8E),
        (0x100000EA, "THREAD_STUCK_IN_DEVICE_DRIVER_M", 0xEA),
        (0x10000050, "PAGE_FAULT_IN_NONPAGED_AREA_M", 0x50),
        (0xDEADDEAD, "MANUALLY_INITIATED_CRASH1", 0xDEADDEAD),
        (0xC000021A, "WINLOGON_FATAL_ERROR", 0xC000021A),
        (0x10001234, None, 0x10001234),
        (0xFFFFFFFF, None, 0xFFFFFFFF),
    ],
)
def test_names_and_the_mark_of_small_dumps(code: int, name: str | None, base: int) -> None:

    assert bugcheck_name(code) == name
    assert base_code(code) == base


def test_every_code_with_documented_parameters_has_four_meanings() -> None:
    assert len(PARAMETER_CODES) >= 345
    for code in PARAMETER_CODES:
        assert code in BUGCHECK_NAMES, hex(code)
        four = parameters_for(code, (0, 0, 0, 0))
        assert four is not None
        assert all(parameter.meaning for parameter in four), hex(code)


@pytest.mark.parametrize(
    ("code", "values", "roles"),
    [
        (0x0A, (0, 0, 0, 0), (Role.ADDRESS_REFERENCED, Role.IRQL, Role.ACCESS_KIND, Role.INSTRUCTION_POINTER)),
        (0xD1, (0, 0, 0, 0), (Role.ADDRESS_REFERENCED, Role.IRQL, Role.ACCESS_KIND, Role.INSTRUCTION_POINTER)),
        (0x50, (0, 0, 0, 0), (Role.ADDRESS_REFERENCED, Role.ACCESS_KIND, Role.INSTRUCTION_POINTER, Role.NONE)),
        (0x1E, (0, 0, 0, 0), (Role.EXCEPTION_CODE, Role.INSTRUCTION_POINTER, Role.NONE, Role.NONE)),
        (
            0x1E,
            (0xFFFFFFFFC0000005, 0, 0, 0),
            (Role.EXCEPTION_CODE, Role.INSTRUCTION_POINTER, Role.ACCESS_KIND, Role.ADDRESS_REFERENCED),
        ),
        (0x3B, (0, 0, 0, 0), (Role.EXCEPTION_CODE, Role.INSTRUCTION_POINTER, Role.CONTEXT_RECORD, Role.NONE)),
        (
            0x1000007E,
            (0, 0, 0, 0),
            (Role.EXCEPTION_CODE, Role.INSTRUCTION_POINTER, Role.EXCEPTION_RECORD, Role.CONTEXT_RECORD),
        ),
        (0x8E, (0, 0, 0, 0), (Role.EXCEPTION_CODE, Role.INSTRUCTION_POINTER, Role.TRAP_FRAME, Role.NONE)),
        (0x24, (0, 0, 0, 0), (Role.NONE, Role.EXCEPTION_RECORD, Role.CONTEXT_RECORD, Role.NONE)),
        (0x9F, (3, 1, 2, 3), (Role.SUBCODE, Role.DEVICE_OBJECT, Role.NONE, Role.IRP)),
        (0x9F, (0x77, 1, 2, 3), (Role.SUBCODE, Role.NONE, Role.NONE, Role.NONE)),
        (0xEF, (0, 0, 0, 0), (Role.PROCESS, Role.NONE, Role.NONE, Role.NONE)),
        (0x139, (3, 0, 0, 0), (Role.SUBCODE, Role.TRAP_FRAME, Role.EXCEPTION_RECORD, Role.NONE)),
        (
            0x7E,
            (0, 0, 0, 0),
            (Role.EXCEPTION_CODE, Role.INSTRUCTION_POINTER, Role.EXCEPTION_RECORD, Role.CONTEXT_RECORD),
        ),
        (0xD4, (0, 0, 0, 0), (Role.ADDRESS_REFERENCED, Role.IRQL, Role.ACCESS_KIND, Role.INSTRUCTION_POINTER)),
        (0x135, (0, 0, 0, 0), (Role.EXCEPTION_CODE, Role.CONTEXT_RECORD, Role.CODE_ADDRESS, Role.NONE)),
        (0xCA, (2, 0, 0, 0), (Role.SUBCODE, Role.NONE, Role.DRIVER_OBJECT, Role.NONE)),
        (0xCA, (0xA, 0, 0, 0), (Role.SUBCODE, Role.DRIVER_OBJECT, Role.IRQL, Role.NONE)),
        (0xCA, (0xFF, 0, 0, 0), (Role.SUBCODE, Role.NONE, Role.NONE, Role.NONE)),
        (0xC7, (3, 0, 0, 0), (Role.SUBCODE, Role.NONE, Role.CPU_INDEX, Role.COUNT)),
    ],
)
def test_roles_that_the_analysis_follows(code: int, values: tuple[int, int, int, int], roles: tuple[Role, ...]) -> None:
    four = parameters_for(code, values)
    assert four is not None
    assert tuple(parameter.role for parameter in four) == roles


def test_no_code_is_in_two_tables() -> None:
    folder = Path(parameters.__file__).parent
    keys = [
        key for path in folder.glob("*.py") for key in re.findall(r"(?m)^(0x\S+) *\|", path.read_text(encoding="utf-8"))
    ]
    assert sorted({key for key in keys if keys.count(key) > 1}) == []


def test_values_are_described() -> None:
    four = parameters_for(0xD1, (0, 2, 1, 0))
    assert four is not None
    assert describe(four[2], 1) == "kind of access: write"
    assert describe(four[1], 77) == "IRQL at the time"
    assert describe(Parameter("x"), 1) == "x"


def test_a_table_line_needs_four_cells_and_known_roles() -> None:
    with pytest.raises(ValueError, match="four cells"):
        read_table("0x1 | a | b | c")
    with pytest.raises(KeyError):
        read_table("0x1 | {nonsense} a | b | c | d")
    (row,) = read_table("0x5 | a | b | c | d\n0x5@2:7 | e | f | g | h")
    assert row.choose((0, 7, 0, 0))[0].meaning == "e"
    assert row.choose((7, 0, 0, 0))[0].meaning == "a"


def test_status_names() -> None:
    assert status_name(0xC0000005) == "STATUS_ACCESS_VIOLATION"
    assert status_name(0xFFFFFFFF80000003) == "STATUS_BREAKPOINT"
    assert status_name(0x12345678) is None
    assert all(re.fullmatch(r"[A-Z][A-Z0-9_]+", name) for name in STATUS_NAMES.values())
    assert status_name(0xC0000222) == "STATUS_LOST_WRITEBEHIND_DATA"
    assert len(STATUS_NAMES) >= 150


def every_variant() -> Iterator[tuple[str, Four]]:
    for code, row in parameters._BY_CODE.items():
        yield f"{code:#x}", row.common
        yield from ((f"{code:#x}:{value:#x}", four) for value, four in row.variants)


def test_an_address_and_the_kind_of_access_come_together() -> None:
    for name, four in every_variant():
        roles = [parameter.role for parameter in four]
        implied = any(parameter.encoding in (Encoding.WRITTEN, Encoding.EXECUTED) for parameter in four)
        assert roles.count(Role.ACCESS_KIND) <= 1 and roles.count(Role.ADDRESS_REFERENCED) <= 1, name
        assert (Role.ADDRESS_REFERENCED in roles) == (Role.ACCESS_KIND in roles or implied), name
        assert all((p.role is Role.ACCESS_KIND) == (p.encoding in ACCESS_ENCODINGS) for p in four), name
        assert not any(p.values for p in four if p.role is Role.ACCESS_KIND), (
            f"{name}: bugcheck/words/access.py numbers them"
        )


def test_the_form_of_every_row() -> None:
    for code, row in parameters._BY_CODE.items():
        chosen = [value for value, _ in row.variants]
        assert len(chosen) == len(set(chosen)), f"{code:#x}: a variant twice"
        assert row.selector in (1, 2, 3, 4)
        for name, four in ((f"{code:#x}", row.common), *((f"{code:#x}:{v:#x}", f) for v, f in row.variants)):
            for parameter in four:
                assert parameter.meaning and not set(parameter.meaning) & set("[]{}|="), name
                numbers = [number for number, _ in parameter.values]
                assert len(numbers) == len(set(numbers)), f"{name}: a value twice"
                assert all(text and not set(text) & set("[]{}|=") for _, text in parameter.values), name
                if parameter.role is Role.FLAGS:
                    assert all(number.bit_count() == 1 for number in numbers), f"{name}: flags are single bits"
            assert sum(p.role is Role.SUBCODE for p in four) <= 1, f"{name}: one subcode, for the signature"
            assert sum(p.role is Role.IRQL for p in four) <= 1, f"{name}: one IRQL at the time"
            assert sum(p.role in (Role.TRAP_FRAME, Role.CONTEXT_RECORD) for p in four) <= 1, name


def test_variants_say_which_they_are() -> None:
    """A subcode that has meanings of its own is among the subcodes that the code's own line, or its own, names."""
    unnamed = []
    for code, row in parameters._BY_CODE.items():
        for value, four in row.variants:
            chooser = four[row.selector - 1]
            if chooser.role is Role.SUBCODE and value not in [number for number, _ in chooser.values]:
                unnamed.append(f"{code:#x}:{value:#x}")
    assert unnamed == []
