"""Reads the tables of this room: one line per bugcheck, four cells, in a form that a person can check against a page.

    0xd1 | {address} address that was accessed | {irql} IRQL at the time | {access} how [0=read; 1=write] | {ip} who
    0x9f:3 | …      the meanings where parameter 1 is 3
    0x77@2:5 | …    the meanings where parameter 2 is 5

A tag in braces is the role (ROLES); brackets list values that mean something of their own; a cell ``-`` is reserved.
"""

from __future__ import annotations

from volplugins.bugcheck.parameters.parameter import RESERVED, BugcheckParameters, Four, Parameter, Role

ROLES = {
    "address": Role.ADDRESS_REFERENCED,
    "ip": Role.INSTRUCTION_POINTER,
    "trap": Role.TRAP_FRAME,
    "context": Role.CONTEXT_RECORD,
    "exception": Role.EXCEPTION_RECORD,
    "code": Role.EXCEPTION_CODE,
    "access": Role.ACCESS_KIND,
    "irql": Role.IRQL,
    "pool": Role.POOL_ADDRESS,
    "device": Role.DEVICE_OBJECT,
    "driver": Role.DRIVER_OBJECT,
    "irp": Role.IRP,
    "process": Role.PROCESS,
    "thread": Role.THREAD,
    "subcode": Role.SUBCODE,
    "status": Role.STATUS,
    "pfn": Role.PFN,
    "pte": Role.PTE,
    "count": Role.COUNT,
    "cpu": Role.CPU_INDEX,
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
        four = (_parameter(cells[0]), _parameter(cells[1]), _parameter(cells[2]), _parameter(cells[3]))
        code_text, _, value = key.partition(":")
        code_text, _, selector = code_text.partition("@")
        code = int(code_text, 16)
        if value:
            variants.setdefault(code, []).append((int(value, 16), four))
            selectors[code] = int(selector or 1)
        else:
            common[code] = four
    return tuple(
        BugcheckParameters(code, four, selectors.get(code, 1), tuple(variants.get(code, ())))
        for code, four in common.items()
    )


def _parameter(cell: str) -> Parameter:
    if cell == "-":
        return RESERVED
    role = Role.NONE
    if cell.startswith("{"):
        tag, _, cell = cell[1:].partition("}")
        role = ROLES[tag]
    meaning, _, listed = cell.strip().partition("[")
    return Parameter(meaning.strip(), role, tuple(_value(each) for each in listed.rstrip("] ").split(";") if each))


def _value(text: str) -> tuple[int, str]:
    number, _, meaning = text.partition("=")
    return int(number.strip(), 0), meaning.strip()
