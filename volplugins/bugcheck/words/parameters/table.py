"""Reads the tables of this room: one line per bugcheck, four cells, in a form that a person can check against a page.

    0xd1 | {address} address that was accessed | {irql} IRQL at the time | {irql-access} kind of access | {ip} who
    0x9f:3 | …      the meanings where parameter 1 is 3
    0x77@2:5 | …    the meanings where parameter 2 is 5 (one selector a code)

``=`` in a variant is what the code's first line says of that parameter; values may be joined by commas (``0xd4:1,2``).
A tag in braces is the role and how its number is read (ROLES); brackets list values that mean something of their own,
or single bits after ``{flags}``; a cell ``-`` is reserved.
"""

from __future__ import annotations

from collections.abc import Mapping

from volplugins.bugcheck.words.parameters.parameter import RESERVED, BugcheckParameters, Encoding, Four, Parameter, Role

ROLES: Mapping[str, tuple[Role, Encoding]] = {
    "address": (Role.ADDRESS_REFERENCED, Encoding.PLAIN),
    "written": (Role.ADDRESS_REFERENCED, Encoding.WRITTEN),
    "executed": (Role.ADDRESS_REFERENCED, Encoding.EXECUTED),
    "ip": (Role.INSTRUCTION_POINTER, Encoding.PLAIN),
    "routine": (Role.CODE_ADDRESS, Encoding.PLAIN),
    "some-routine": (Role.CODE_CONCERNED, Encoding.PLAIN),
    "trap": (Role.TRAP_FRAME, Encoding.PLAIN),
    "context": (Role.CONTEXT_RECORD, Encoding.PLAIN),
    "exception": (Role.EXCEPTION_RECORD, Encoding.PLAIN),
    "code": (Role.EXCEPTION_CODE, Encoding.PLAIN),
    "kasan-access": (Role.ACCESS_KIND, Encoding.KASAN),
    "access": (Role.ACCESS_KIND, Encoding.READ_WRITE),
    "irql-access": (Role.ACCESS_KIND, Encoding.IRQL_ACCESS),
    "fault-error": (Role.ACCESS_KIND, Encoding.FAULT_ERROR),
    "exception-access": (Role.ACCESS_KIND, Encoding.EXCEPTION_ACCESS),
    "irql": (Role.IRQL, Encoding.PLAIN),
    "level": (Role.LEVEL, Encoding.PLAIN),
    "pool": (Role.POOL_ADDRESS, Encoding.PLAIN),
    "device": (Role.DEVICE_OBJECT, Encoding.PLAIN),
    "driver": (Role.DRIVER_OBJECT, Encoding.PLAIN),
    "irp": (Role.IRP, Encoding.PLAIN),
    "some-device": (Role.DEVICE_CONCERNED, Encoding.PLAIN),
    "some-driver": (Role.DRIVER_CONCERNED, Encoding.PLAIN),
    "some-irp": (Role.IRP_CONCERNED, Encoding.PLAIN),
    "process": (Role.PROCESS, Encoding.PLAIN),
    "thread": (Role.THREAD, Encoding.PLAIN),
    "subcode": (Role.SUBCODE, Encoding.PLAIN),
    "fast-fail": (Role.SUBCODE, Encoding.FAST_FAIL),
    "flags": (Role.FLAGS, Encoding.PLAIN),
    "status": (Role.STATUS, Encoding.PLAIN),
    "pfn": (Role.PFN, Encoding.PLAIN),
    "pte": (Role.PTE, Encoding.PLAIN),
    "count": (Role.COUNT, Encoding.PLAIN),
    "cpu": (Role.CPU_INDEX, Encoding.PLAIN),
}


def read_table(text: str) -> tuple[BugcheckParameters, ...]:
    """The bugchecks of a table; raises ValueError for a line that is not of the form above."""
    common: dict[int, Four] = {}
    variants: dict[int, list[tuple[int, Four]]] = {}
    selectors: dict[int, int] = {}
    for line in filter(str.strip, text.strip().split("\n")):
        key, *cells = (cell.strip() for cell in line.split("|"))
        if len(cells) != 4:
            raise ValueError(f"four cells are needed: {line}")
        code_text, _, value = key.partition(":")
        code_text, _, selector = code_text.partition("@")
        code = int(code_text, 16)
        four = _four(cells, common.get(code) if value else None)
        if value:
            variants.setdefault(code, []).extend((int(each, 16), four) for each in value.split(","))
            if selectors.setdefault(code, int(selector or 1)) != int(selector or 1):
                raise ValueError(f"two selectors for one code: {line}")
        else:
            common[code] = four
    return tuple(
        BugcheckParameters(code, four, selectors.get(code, 1), tuple(variants.get(code, ())))
        for code, four in common.items()
    )


def _four(cells: list[str], common: Four | None) -> Four:
    if common is None and "=" in cells:
        raise ValueError(f"the code's own line must come first: {cells}")
    given = [common[number] if common and cell == "=" else _parameter(cell) for number, cell in enumerate(cells)]
    return given[0], given[1], given[2], given[3]


def _parameter(cell: str) -> Parameter:
    if cell == "-":
        return RESERVED
    role, encoding = Role.NONE, Encoding.PLAIN
    if cell.startswith("{"):
        tag, _, cell = cell[1:].partition("}")
        role, encoding = ROLES[tag]
    meaning, _, listed = cell.strip().partition("[")
    values = tuple(_value(each) for each in listed.rstrip("] ").split(";") if each)
    return Parameter(meaning.strip(), role, values, encoding)


def _value(text: str) -> tuple[int, str]:
    number, _, meaning = text.partition("=")
    return int(number.strip(), 0), meaning.strip()
