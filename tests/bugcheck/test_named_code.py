"""Bugchecks that name a routine: the driver it belongs to is blamed as surely as Microsoft's page of the code says."""

from __future__ import annotations

import pytest

from tests.bugcheck.edited_crashes import edited, machine, said
from volplugins.bugcheck.analysis import Analysis
from volplugins.bugcheck.scene.modules import is_carrier, is_core
from volplugins.bugcheck.words.codes import bugcheck_name
from volplugins.vol.commands.analyze.rows import analyze_rows

CRASH = "critical-process"  # no driver is on its stack, and none is named
ROUTINE, KERNEL = "acmedrv.sys", "ntoskrnl.exe"


def inside(image: str) -> int:
    modules = machine(CRASH).truth["modules"]
    return int(next(each["base"] for each in modules if each["file"].lower() == image)) + 0x1200


def crashed(code: int, *parameters: int) -> Analysis:
    values = dict(zip(("p1", "p2", "p3", "p4"), (*parameters, 0, 0, 0, 0), strict=False))
    return edited(CRASH, code=code, **values)


# page by page: (code, parameter 1 where it selects, number of the routine's parameter, how sure)
BLAMED = [
    (0xE1, None, 1, "high"), (0xDF, None, 1, "high"), (0x39, None, 1, "high"), (0x128, None, 1, "high"),
    (0x129, None, 1, "high"), (0x15B, None, 1, "high"), (0x19A, None, 1, "high"), (0x1D6, None, 1, "high"),
    (0xC7, 4, 2, "high"), (0xC7, 5, 2, "high"), (0xC7, 2, 2, "medium"), (0x135, None, 3, "high"),
    (0x11B, None, 2, "high"), (0xA0, 0x900, 2, "high"), (0xF1, 0x1002, 2, "high"), (0x142, None, 2, "high"),
    (0xC2, 0x9B, 4, "high"), (0xC4, 0x111, 2, "high"), (0x10D, 0xF, 2, "high"),
    (0x48, None, 2, "medium"), (0x96, None, 4, "medium"), (0xE4, 2, 3, "medium"), (0xDA, 0x100, 4, "medium"),
    (0x1A0, 1, 4, "medium"),
]  # fmt: skip


@pytest.mark.parametrize(("code", "subcode", "number", "sure"), BLAMED, ids=lambda value: f"{value}")
def test_the_routine_s_driver_is_blamed(code: int, subcode: int | None, number: int, sure: str) -> None:
    assert bugcheck_name(code)
    parameters = [subcode or 0, 0, 0, 0]
    parameters[number - 1] = inside(ROUTINE)
    image, confidence, reason = said(crashed(code, *parameters))
    assert (image, confidence) == (ROUTINE, sure) and f"parameter {number} of the bugcheck" in reason


@pytest.mark.parametrize(("shared", "sure"), [(1, "high"), (2, "low"), (0, "medium")])
def test_an_interrupt_routine_that_shares_its_vector_is_hardly_blamed(shared: int, sure: str) -> None:
    assert said(crashed(0xF2, inside(ROUTINE), 0, 0, shared))[:2] == (ROUTINE, sure)


@pytest.mark.parametrize(
    ("code", "parameters"),
    [
        (0x4A, (inside(ROUTINE), 2)),  # the service that was called: who raised the IRQL is not said
        (0xE1, (inside(KERNEL), 2)),
        (0xE1, (0, 2, inside(ROUTINE), inside(ROUTINE))),  # a work item and its parameter are no code
        (0xC7, (0, inside(ROUTINE))),  # a timer
        (0xE4, (0, 0, inside(ROUTINE))),  # the end of a pool block
        (0x12345, (inside(ROUTINE),)),
    ],
)
def test_what_names_nobody_blames_nobody(code: int, parameters: tuple[int, ...]) -> None:
    assert said(crashed(code, *parameters))[:2] == (KERNEL, "low")


def test_analyze_names_the_routine() -> None:
    address = inside(ROUTINE)
    found = crashed(0xE1, address, 2)
    (row,) = [row for row in analyze_rows(found) if row.field == "NAMED_CODE"]
    assert row.section == "context" and row.value.startswith("acmedrv")
    assert row.evidence == f"{address:#x}; BUGCHECK_P1: worker routine"
    symbol = next(row for row in analyze_rows(found) if row.field == "SYMBOL_NAME")
    assert symbol.value == row.value
    none = crashed(0xE1, 0, 2)
    assert not [row for row in analyze_rows(none) if row.field == "NAMED_CODE"]


def test_a_driver_that_was_unloaded_is_named_too() -> None:
    left = [each for each in crashed(0xE1).scene.unloaded if not is_core(each) and not is_carrier(each)]
    for each in left:
        assert said(crashed(0xE1, each.base + 0x10, 2))[:2] == (each.image_name, "high")
    assert left
