"""Meanings of bugcheck parameters: tables by family, in our own words.

May enter: one table file per family of bugchecks, one row per code. Source of every row: Microsoft's bug check code
reference, the page of that code. May not: what is made of the values (bugcheck/words/parameter_values.py says them in words,
bugcheck/fault/fault.py follows them).
"""

from __future__ import annotations

from volplugins.bugcheck.words.codes import base_code
from volplugins.bugcheck.words.parameters import (
    cluster,
    devices,
    display,
    drivers,
    exceptions,
    file_systems,
    hardware,
    integrity,
    kernel,
    manual,
    memory,
    memory_manager,
    network,
    pool,
    power,
    process,
    secure,
    start,
    storage,
    verifier,
    watchdog,
    without,
)
from volplugins.bugcheck.words.parameters.parameter import BugcheckParameters, Encoding, Four, Parameter, Role

_TABLES = tuple(
    module.TABLE
    for module in (
        cluster,
        devices,
        display,
        drivers,
        exceptions,
        file_systems,
        hardware,
        integrity,
        kernel,
        manual,
        memory,
        memory_manager,
        network,
        pool,
        power,
        process,
        secure,
        start,
        storage,
        verifier,
        watchdog,
        without,
    )
)
_BY_CODE: dict[int, BugcheckParameters] = {row.code: row for table in _TABLES for row in table}

PARAMETER_CODES = frozenset(_BY_CODE)


def parameters_for(code: int, values: tuple[int, int, int, int]) -> Four | None:
    """What the four parameters of ``code`` mean with these values, or None where the code is not in the tables."""
    row = _BY_CODE.get(base_code(code))
    return row.choose(values) if row else None


__all__ = ["PARAMETER_CODES", "BugcheckParameters", "Encoding", "Four", "Parameter", "Role", "parameters_for"]
