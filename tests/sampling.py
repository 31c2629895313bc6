"""Long tables of cases: `make test` takes a sample of each, `make test-all` every one."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest


def sampled(cases: Iterable[Any], every: int) -> list[Any]:
    """All of the cases; but for the first and every so many after it, they are marked ``slow``."""
    return [case if number % every == 0 else _slow(case) for number, case in enumerate(cases)]


def in_turn(pairs: Iterable[tuple[str, str]]) -> list[Any]:
    """All of the pairs of machine and fault; each fault on one 64-bit and one 32-bit machine, others for the next one,
    the rest marked ``slow``.
    """
    listed = list(pairs)
    faults = list(dict.fromkeys(fault for _, fault in listed))
    machines: dict[tuple[bool, str], list[str]] = {}
    for machine, fault in listed:
        machines.setdefault(("x64" in machine, fault), []).append(machine)
    chosen = {(alike[faults.index(fault) % len(alike)], fault) for (_, fault), alike in machines.items()}
    return [pair if pair in chosen else _slow(pair) for pair in listed]


def _slow(case: Any) -> Any:
    values = case if isinstance(case, tuple) else (case,)
    return pytest.param(*values, marks=pytest.mark.slow)
