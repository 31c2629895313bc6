"""What a lock or object in a module's own data is called: by a PDB, by the exports alone, and outside of modules."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest

from tests.waits.locks import made
from volplugins.loader.module import Module, ModuleTable
from volplugins.loader.symbolizer import Symbolizer
from volplugins.waits.objects import DispatcherObjects

BASE, RVA = 0xFFFFF800_00400000, 0x3210


@dataclass(frozen=True, slots=True)
class OneName:
    """A table whose only name is KeLoaderBlock."""

    kind: str

    def lookup(self, name: str) -> int | None:
        return RVA if name == "KeLoaderBlock" else None

    def nearest(self, rva: int) -> tuple[str, int] | None:
        return ("KeLoaderBlock", rva - RVA) if rva >= RVA else None


@pytest.mark.parametrize(
    ("kind", "address", "name"),
    [
        ("export", BASE + RVA, "nt!KeLoaderBlock"), ("export", BASE + RVA + 0x210, "nt+0x3420"),
        ("export", BASE + RVA - 8, "nt+0x3208"), ("pdb", BASE + RVA, "nt!KeLoaderBlock"),
        ("pdb", BASE + RVA + 0x210, "nt!KeLoaderBlock+0x210"), ("pdb", BASE - 8, ""), ("export", 0, ""),
    ],
)  # fmt: skip
def test_an_export_names_what_lies_there_alone(kind: str, address: int, name: str) -> None:
    modules = ModuleTable([Module(BASE, 0x10000, "ntoskrnl.exe", "", 0, 0, "test")])
    survey = made().survey()
    system = survey.objects.system
    io = replace(system.io, modules=modules, symbolizer=Symbolizer(modules, lambda _: OneName(kind)))
    objects = DispatcherObjects(replace(system, io=io), survey.objects.names)
    assert objects.symbol(address) == objects.name(address) == name
