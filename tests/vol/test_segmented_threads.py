"""NTVDM of the lab: threads in virtual-8086 mode and in 16-bit protected mode, its LDT, and addresses of both kinds."""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from tests.vol.test_irps import scene
from volplugins.bugcheck.scene.crash_scene import CrashScene
from volplugins.lab.machines.catalogue import build
from volplugins.lab.writers import write
from volplugins.stack.registers import from_names
from volplugins.stack.segmented import segmented_of
from volplugins.vol.commands.segments.address_rows import Asked, address_rows
from volplugins.vol.commands.segments.rows import Wanted as SegmentsWanted
from volplugins.vol.commands.segments.rows import segment_rows
from volplugins.vol.commands.stacks.row import StackRow
from volplugins.vol.commands.stacks.rows import Wanted, stacks_rows
from volplugins.vol.commands.stacks.starts import Typed
from volplugins.vol.output.table import Detailed
from volplugins.vol.scene.directory_verdicts import judge_of
from volplugins.vol.scene.owned_structures import threads_in_list
from volplugins.vol.scene.process_selection import gather
from volplugins.vol.scene.stack_scene import StackScene

EVERY = pytest.mark.parametrize("machine", ["xp-x86", "win7-x86-pae"])
MODES = pytest.mark.parametrize("mode", ["v86", "16-bit"])
RINGS = {"v86": "v86", "16-bit": "ldt"}


@lru_cache(maxsize=2)
def made(machine: str) -> tuple[CrashScene, str]:
    snapshot = build(machine, vdm=True)
    with TemporaryDirectory() as folder:
        data = write(snapshot, "full", Path(folder) / "made.dmp").read_bytes()
    return scene(data), json.dumps({name: snapshot.truth[name] for name in ("segmented", "descriptors")})


def told(machine: str, mode: str) -> tuple[int, dict[str, Any]]:
    threads = json.loads(made(machine)[1])["segmented"]
    return next((int(tid), each) for tid, each in threads.items() if each["mode"] == mode)


def stack(machine: str, mode: str, **more: Any) -> list[StackRow | Detailed]:
    tid, _ = told(machine, mode)
    return list(stacks_rows(made(machine)[0], Wanted(["ntvdm.exe"], [str(tid)], **more)))


@EVERY
@MODES
def test_the_stack_goes_on_in_16_bit_code_to_its_end(machine: str, mode: str) -> None:
    _, truth = told(machine, mode)
    rows = [row for row in stack(machine, mode) if isinstance(row, StackRow)]
    assert {row.ring for row in rows} == {"kernel", RINGS[mode]}
    seen = [row for row in rows if row.ring == RINGS[mode]]
    assert [(row.symbol, row.ip) for row in seen] == [
        (f"{each['cs']:04x}:{each['ip']:04x}", each["linear"]) for each in truth["frames"]
    ]
    assert [row.trust for row in seen] == ["trap-frame", *["frame-pointer"] * (len(seen) - 1)]
    kinds = ["far" if each["far"] else "near" for each in truth["frames"][:-1]]
    assert [row.note.partition(";")[0] for row in seen[1:]] == [f"a {kind} call ends there" for kind in kinds]
    assert (seen[-1].stop, "are zero" in seen[-1].note) == ("end-of-stack", True)


@EVERY
@MODES
def test_the_first_frame_shows_the_registers_as_segment_and_offset(machine: str, mode: str) -> None:
    _, truth = told(machine, mode)
    first = next(row for row in stack(machine, mode) if isinstance(row, StackRow) and row.ring == RINGS[mode])
    digits, e = (4, "") if mode == "v86" else (8, "e")
    segments = truth["segments"]
    for text in (
        {"v86": "virtual-8086 mode: ", "16-bit": "code of the LDT: "}[mode],
        f"cs:{e}ip={segments['cs']:04x}:{truth['ip']:0{digits}x}",
        f"ss:{e}sp={segments['ss']:04x}:{truth['sp']:0{digits}x}",
        f"ss:{e}bp={segments['ss']:04x}:{truth['bp']:0{digits}x}",
        f"ds={segments['ds']:04x}",
    ):
        assert text in first.note
    detailed = [row for row in stack(machine, mode, registers=True) if isinstance(row, Detailed)]
    (registers,) = [each.details[0] for each in detailed if each.row[7] == RINGS[mode] and each.details[0]]
    assert registers in first.note


@EVERY
def test_the_ldt_is_the_one_that_was_written(machine: str) -> None:
    at, truth = made(machine)
    (wanted,) = json.loads(truth)["descriptors"]["ldts"].values()
    head, *rows = segment_rows(at, SegmentsWanted(["ntvdm.exe"]))
    assert (head.type, head.processor) == ("table", None)
    shown = {(row.selector or 0) | 3: (row.base, row.limit) for row in rows}
    assert shown == {int(selector): (each["base"], each["limit"]) for selector, each in wanted["entries"].items()}


@EVERY
def test_addresses_of_its_code_lead_to_the_same_bytes(machine: str) -> None:
    """The linear addresses of both kinds are those that the stacks have; what faulted is not there."""
    at = made(machine)[0]
    _, wide = told(machine, "16-bit")
    _, real = told(machine, "v86")
    linear = [f"{each['cs']:x}:{each['ip']:x}" for each in wide["frames"]]
    physical = [f"{each['cs']:x}:{each['ip']:x}" for each in real["frames"]]
    touched = f"{real['segments']['ds']:x}:{real['registers']['ebx']:x}"
    rows = list(address_rows(at, Asked(linear, [*physical, touched], ["ntvdm.exe"])))
    shown = {row.address: row for row in rows if row.step == "linear"}
    for text, each in zip([*linear, *physical], [*wide["frames"], *real["frames"]], strict=True):
        assert (shown[text].value, shown[text].state) == (f"{each['linear']:#x}", "valid")
        assert any(row.address == text and row.step == "fileoffset" for row in rows)
    assert shown[touched].value == f"{real['touched']:#x}"
    assert not any(row.address == touched and row.step == "fileoffset" for row in rows)
    assert all("16-bit protected mode" in row.note for row in rows if row.address in linear)


@EVERY
@MODES
def test_a_stack_begins_at_such_a_trap_frame(machine: str, mode: str) -> None:
    _, truth = told(machine, mode)
    start = Typed(trap=f"{truth['trap_frame']:x}")
    rows = list(stacks_rows(made(machine)[0], Wanted(["ntvdm.exe"], start=start)))
    shown = [row for row in rows if isinstance(row, StackRow)]
    assert [row.symbol for row in shown] == [f"{each['cs']:04x}:{each['ip']:04x}" for each in truth["frames"]]
    assert shown[0].trust == "trap-frame"


@EVERY
@MODES
def test_a_thread_that_ran_there_is_walked_from_its_context(machine: str, mode: str) -> None:
    """A processor that was stopped in 16-bit code has that code's registers in its context."""
    _, truth = told(machine, mode)
    values = {"eip": truth["ip"], "esp": truth["sp"], "efl": truth["flags"], **truth["segments"], **truth["registers"]}
    found = segmented_of(values)
    assert found is not None and found.virtual == (mode == "v86")
    at = made(machine)[0]
    process = next(each for each in gather(at, False).processes if each.name == "ntvdm.exe")
    thread = next(threads_in_list(at, process))
    walk = StackScene(at, judge_of(at, [process])).walk(process, thread, from_names(32, values), False, found)
    assert [each.frame.ip for each in walk.frames()] == [each["linear"] for each in truth["frames"]]
