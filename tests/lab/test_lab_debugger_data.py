"""A damaged debugger data block: one member of it is wrong in every kind of dump, and nothing else of the file."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.lab.dump_bytes import DumpBytes
from tests.lab.machine_memory import made
from tests.lab.test_lab_writers_triage import read_small
from volplugins.lab.damage.files import apply
from volplugins.lab.machines.catalogue import MACHINES
from volplugins.lab.writers import write

_MODULES, _PROCESSORS = 0x48, 0x218


def _pair(machine: str, kind: str, defect: str, folder: Path) -> tuple[bytes, bytes]:
    path = write(made(machine), kind, folder / "a.dmp")
    before = path.read_bytes()
    apply(defect, path)
    after = path.read_bytes()
    path.unlink()
    return before, after


@pytest.mark.parametrize(("defect", "wanted"), [("kdbg-processors-at-modules", True), ("kdbg-no-processors", False)])
@pytest.mark.parametrize("machine", MACHINES)
def test_a_complete_dump(machine: str, defect: str, wanted: bool, tmp_path: Path) -> None:
    before, after = _pair(machine, "full", defect, tmp_path)
    block = made(machine).header["KdDebuggerDataBlock"]
    old, new = DumpBytes(before), DumpBytes(after)
    modules = old.number(block + _MODULES, 8)
    assert modules & ((1 << made(machine).bits) - 1) == made(machine).header["PsLoadedModuleList"]
    assert new.number(block + _PROCESSORS, 8) == (modules if wanted else 0) != old.number(block + _PROCESSORS, 8)
    assert sum(one != other for one, other in zip(before[::8], after[::8], strict=True)) <= 1
    assert len(before) == len(after)


@pytest.mark.parametrize("machine", MACHINES)
def test_a_small_dump(machine: str, tmp_path: Path) -> None:
    before, after = _pair(machine, "triage", "kdbg-processors-at-modules", tmp_path)
    at = read_small(after, made(machine).bits).fields["DebuggerDataOffset"]
    changed = [index for index, (old, new) in enumerate(zip(before, after, strict=True)) if old != new]
    assert changed and set(changed) <= set(range(at + _PROCESSORS, at + _PROCESSORS + 8))
    assert after[at + _PROCESSORS : at + _PROCESSORS + 8] == after[at + _MODULES : at + _MODULES + 8]
