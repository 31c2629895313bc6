"""Interrupt objects of the lab's machines as volatility3 reads them by its symbol tables, against our own reader."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from volatility3.framework import contexts, interfaces
from volatility3.framework.layers.physical import BufferDataLayer
from volatility3.framework.symbols.intermed import IntermediateSymbolTable

from tests.vol.test_irps import dump_of, scene
from volplugins.descriptors.interrupts import Interrupt, InterruptReader
from volplugins.kernel.descriptor_layouts import built_in_descriptors
from volplugins.lab.machines.catalogue import MACHINES

SYMBOLS = Path(__file__).parents[2] / "symbols" / "windows"
MEMBERS = {
    "ServiceRoutine": "service", "MessageServiceRoutine": "message", "ServiceContext": "context",
    "DispatchAddress": "dispatch", "Vector": "vector", "Irql": "irql", "DispatchCount": "count",
    "ShareVector": "shared",
}  # fmt: skip


def table_of(truth: dict[str, Any], context: interfaces.context.ContextInterface) -> str:
    """Name of volatility3's symbol table of the kernel in ``context``."""
    kernel = next(each for each in truth["modules"] if each["name"] == "nt")
    file = SYMBOLS / kernel["pdb"] / f"{kernel['guid']}-{kernel['age']}.json.xz"
    context.symbol_space.append(IntermediateSymbolTable(context, "judge", "judge", file.as_uri(), validate=False))
    return "judge"


def members_of(found: Any, names: dict[str, str]) -> dict[str, int]:
    """Values by our names; a pointer's whole value, which volatility3 cuts to the width of its layer."""
    values = {}
    for theirs, ours in names.items():
        if not found.has_member(theirs):
            continue
        member = getattr(found, theirs)
        if hasattr(member, "get_raw_value"):
            values[ours] = member.get_raw_value()
        else:
            values[ours] = member[0] if isinstance(member, (list, tuple)) else int(member)
    return values


@pytest.mark.parametrize("machine", MACHINES)
def test_both_read_the_same(machine: str) -> None:
    data, truth = dump_of(machine, "driver-read")
    at = scene(data)
    readers = [
        InterruptReader(at.memory, layouts, at.bits)
        for layouts in (at.layouts.descriptors, built_in_descriptors(at.bits, at.target.build))
    ]
    seen = 0
    for processor in truth["descriptors"]["processors"]:
        for made in processor["interrupts"]:
            found = [reader.read(made["object"], "") for reader in readers]
            assert found[0] is not None and found[0] == found[1], "the built-in row is that of the table"
            _compare(at.memory.read(made["object"], readers[0].layouts.interrupt.size), truth, found[0])
            seen += 1
    assert seen >= 8


def _compare(block: bytes, truth: dict[str, Any], ours: Interrupt) -> None:
    context = contexts.Context()
    table = table_of(truth, context)
    context.add_layer(BufferDataLayer(context, "block", "block", block))
    theirs = context.object(f"{table}!_KINTERRUPT", "block", 0)
    assert theirs.vol.size == len(block) and int(theirs.Type) == 22
    for name, value in members_of(theirs, MEMBERS).items():
        assert int(getattr(ours, name) or 0) == value, name
