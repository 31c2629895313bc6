"""KeBugCheckEx is never the failing place: not of the instruction, not of the signature, whatever symbols there are."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.bugcheck.labelled import Labelled, analysed
from volplugins.bugcheck.analysis import analyse
from volplugins.bugcheck.scene.crash_scene import build_scene
from volplugins.bugcheck.suspects.crash_path import is_crash_path
from volplugins.dumpfile.dump import open_dump
from volplugins.dumpfile.source import BytesSource
from volplugins.lab.machine.snapshot import Snapshot
from volplugins.lab.machines.catalogue import MACHINES, build
from volplugins.lab.writers import write
from volplugins.vol.commands.analyze.rows import AnalyzeRow, later_rows

ONLY_THE_KERNEL = 0x12B  # a bugcheck that names nothing


def kernel_only(machine: str, base: int = 0) -> Snapshot:
    """A crash whose stack holds the kernel's functions alone: no driver can be named."""
    snapshot = build(machine, "critical-process", base)
    parameters = {f"BugCheckParameter{number}": 0 for number in range(1, 5)}
    return replace(snapshot, header={**snapshot.header, "BugCheckCode": ONLY_THE_KERNEL, **parameters})


def row(labelled: Labelled, field: str) -> AnalyzeRow | None:
    return next((each for each in later_rows(labelled.analysis) if each.field == field), None)


@pytest.mark.parametrize("machine", MACHINES)
def test_the_place_is_below_the_crash_path(machine: str, tmp_path: Path) -> None:
    for kind in ("full", "triage"):
        found = analysed(kernel_only(machine), kind, tmp_path)
        assert found.analysis.signature == "0x12b_ntoskrnl.exe"
        assert found.analysis.culprit is not None and found.analysis.culprit.confidence.value == "low"
        failing, symbol = row(found, "FAULTING_IP"), row(found, "SYMBOL_NAME")
        assert failing is not None and "KeBugCheck" not in str(failing.value)
        assert symbol is None or "KeBugCheck" not in str(symbol.value)
        assert failing.confidence in ("", "low", "medium"), "a call is no failing instruction"


def test_symbols_and_load_addresses_change_nothing(tmp_path: Path) -> None:
    signatures = set()
    for base in range(2):
        path = write(kernel_only("win10-x64", base), "full", tmp_path / f"{base}.dmp")
        signatures |= {analyse(build_scene(open_dump(BytesSource(path.read_bytes())))).signature}
        signatures |= {analysed(kernel_only("win10-x64", base), kind, tmp_path).analysis.signature
                       for kind in ("full", "triage")}  # fmt: skip
    assert signatures == {"0x12b_ntoskrnl.exe"}


def test_with_symbols_the_caller_is_named(tmp_path: Path) -> None:
    found = analysed(kernel_only("win10-x64"), "full", tmp_path)
    failing, instruction = row(found, "FAULTING_IP"), row(found, "FAULTING_INSTRUCTION")
    assert failing is not None and str(failing.value).startswith("nt!PspTerminateProcess+")
    assert failing.confidence == "medium"
    assert instruction is not None and not isinstance(instruction.value, str), "no instruction failed"


def test_a_faulting_kernel_has_no_offset(tmp_path: Path) -> None:
    """The kernel's own instruction failed and no driver is there: the offset would be another in the next update."""
    snapshot = kernel_only("win10-x64")
    ip = next(each["base"] for each in snapshot.truth["modules"] if each["file"] == "ntoskrnl.exe") + 0x21A8
    header = {**snapshot.header, "BugCheckCode": 0xA, "BugCheckParameter2": 2, "BugCheckParameter4": ip}
    found = analysed(replace(snapshot, header=header), "full", tmp_path)
    failing = row(found, "FAULTING_IP")
    assert failing is not None and failing.value == "nt!KeSetEvent+0x18"
    assert found.analysis.signature == "0xa_ntoskrnl.exe"


@pytest.mark.parametrize(
    ("symbol", "kind", "displacement", "always", "dispatching"),
    [
        ("KeBugCheckEx", "pdb", 0x107, True, True),
        ("_KeBugCheckEx@20", "pdb", 0x1B, True, True),
        ("KiBugCheckDispatch", "pdb", 0x69, True, True),
        ("KiFastFailDispatch", "pdb", 0xD0, True, True),
        ("DbgBreakPointWithStatus", "pdb", 0, True, True),
        ("KeBugCheckEx", "export", 0x20, True, True),
        ("KeBugCheckEx", "export", 0x900, False, False),
        ("KiPageFault", "pdb", 0x260, False, True),
        ("KiTrap0E", "pdb", 0xDC, False, True),
        ("__C_specific_handler", "pdb", 0x96, False, True),
        ("PspSystemThreadStartup$filt$0", "pdb", 0x3A, False, True),
        ("KeSetEvent", "pdb", 0x18, False, False),
        ("IofCallDriver", "pdb", 0x59, False, False),
    ],
)
def test_names_of_the_crash_path(symbol: str, kind: str, displacement: int, always: bool, dispatching: bool) -> None:
    from types import SimpleNamespace

    location = SimpleNamespace(module=object(), symbol=symbol, kind=kind, displacement=displacement)
    scene = SimpleNamespace(symbolizer=SimpleNamespace(locate=lambda _: location))
    assert is_crash_path(scene, 0x1000, dispatching=False) is always  # type: ignore[arg-type]
    assert is_crash_path(scene, 0x1000, dispatching=True) is dispatching  # type: ignore[arg-type]
