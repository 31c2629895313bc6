"""windows.kd.stacks from a trap frame, a context record or registers; registers at every frame."""

from __future__ import annotations

import pytest

from tests.vol.damaged import PAE, VICTIM, X64, X86, Machine
from volplugins.kernel.thread import read_thread
from volplugins.vol.commands.stacks.row import WITH_REGISTERS, StackRow
from volplugins.vol.commands.stacks.rows import Wanted, stacks_rows
from volplugins.vol.commands.stacks.starts import Typed
from volplugins.vol.output.table import Detailed
from volplugins.vol.scene.crash_scene import scene_of

EVERY = pytest.mark.parametrize("machine", [X64, PAE, X86])


def rows_of(found: Machine, *who: str, **more) -> list:
    return list(stacks_rows(scene_of(found.dump), Wanted(who, **more), scan=False))


def begun(found: Machine, *who: str, **typed: str) -> list[StackRow]:
    return rows_of(found, *who, start=Typed(**typed))


def calls(rows: list[StackRow]) -> list[tuple]:
    return [(row.ring, row.ip, row.child_sp, row.symbol) for row in rows if row.frame is not None]


def usual(found: Machine, ethread: int) -> list[StackRow]:
    return [row for row in rows_of(found) if row.ethread == ethread]


@EVERY
def test_the_header_s_registers_give_the_crashing_stack(dumps, machine):
    found = Machine(dumps, machine)
    context, thread = found.scene.target.context, found.scene.thread
    rows = begun(found, registers=f"{context.ip:x},{context.sp:#x},{context.fp:x}")
    assert {row.ethread for row in rows} == {thread.ethread} and {row.pid for row in rows} == {found.scene.process.pid}
    assert rows[0].trust == "context" and rows[0].ip == context.ip
    own = calls(usual(found, thread.ethread))
    start = next(number for number, each in enumerate(own) if each[1] == context.ip)
    # a frame pointer alone may lead past what other saved registers unwind
    assert calls(rows)[:2] == own[start : start + 2]
    assert rows[-1].note.endswith("from registers that were given")


@EVERY
def test_a_context_record_gives_the_stack_of_its_processor(dumps, machine):
    found = Machine(dumps, machine)
    thread = found.scene.thread
    prcb = next(each.prcb for each in found.scene.processors if each.current_thread == thread)
    address = prcb + found.scene.layouts.processor.offset("ContextFrame")
    rows = begun(found, context=f"{address:#x}")
    assert calls(rows) == calls(usual(found, thread.ethread)) and len(rows) > 3
    assert rows[-1].note.endswith(f"from the context record at {address:#x}") and rows[-1].stop == "end-of-stack"


@EVERY
def test_a_trap_frame_leads_into_user_mode_of_the_process_that_is_named(dumps, machine):
    found = Machine(dumps, machine)
    threads = [t for t in found.victim["threads"] if t["stack"]]
    for thread in threads:
        frame = read_thread(found.scene.memory, thread["ethread"], found.scene.layouts.thread).trap_frame
        if not frame:
            continue
        rows = begun(found, VICTIM, trap=f"{frame:x}")
        user = [each for each in calls(usual(found, thread["ethread"])) if each[0] == "user"]
        assert calls(rows)[0] == user[0] and {row.ring for row in rows} == {"user"}
        assert rows[0].trust == "trap-frame" and rows[0].pid == found.victim["pid"]
        assert rows[0].ethread == thread["ethread"], "its user stack tells the thread"
        break
    else:
        pytest.fail("no thread of the victim has a trap frame")


@EVERY
def test_what_is_not_there_is_said(dumps, machine):
    found = Machine(dumps, machine)
    ethread = found.scene.thread.ethread
    for typed, word in (
        ({"trap": f"{ethread:x}"}, "no trap frame is there"),
        ({"trap": "zebra"}, "no address"),
        ({"trap": "10"}, "cannot be read (not-mapped)"),
        ({"context": f"{ethread:x}"}, "no context record is there"),
        ({"context": "fffff000" if machine != X64 else "ffffa00000000000"}, "cannot be read"),
        ({"registers": "1"}, "not IP,SP or IP,SP,BP"),
        ({"registers": "1,2,3,4"}, "not IP,SP or IP,SP,BP"),
        ({"registers": "1,x"}, "not IP,SP or IP,SP,BP"),
    ):
        (row,) = begun(found, **typed)
        assert row.process == "error" and word in row.note, (typed, row.note)
    (row,) = begun(found, "nobody.exe", trap=f"{ethread:x}")
    assert row.note.startswith("nobody.exe: fits no PID")


@EVERY
def test_registers_into_nowhere_end_at_once(dumps, machine):
    found = Machine(dumps, machine)
    for text in ("0,0", "1000,2000,3000", "ffffffff,fffffffc,fffffff8"):
        rows = begun(found, registers=text)
        assert 1 <= len(rows) < 8 and rows[-1].stop, (text, rows)


def test_several_starts_at_once_give_a_stack_each(dumps):
    found = Machine(dumps, X64)
    context = found.scene.target.context
    rows = begun(found, registers=f"{context.ip:x} {context.sp:x}", trap="8")
    assert rows[0].ip == context.ip and rows[-1].process == "error"


@EVERY
def test_registers_are_shown_on_request_only(dumps, machine):
    found = Machine(dumps, machine)
    plain = rows_of(found, VICTIM)
    rows = rows_of(found, VICTIM, registers=True)
    assert [row.row if isinstance(row, Detailed) else row for row in rows] == plain
    shown = [row for row in rows if isinstance(row, Detailed)]
    name, width = ("rip", 16) if machine == X64 else ("eip", 8)
    for row in shown:
        values = dict(part.split("=") for part in row.details.registers.split())
        assert int(values[name], 16) == row.row.ip and {len(value) for value in values.values()} == {width}
    assert len(shown) == sum(row.frame is not None for row in plain)
    ((_, cells), *_) = WITH_REGISTERS.grid_rows(rows)
    assert cells[-1] == shown[0].details.registers


def test_a_small_dump_s_stack_begins_where_it_is_asked_to(dumps):
    found = Machine(dumps, X64, kind="triage")
    context = found.scene.target.context
    rows = begun(found, registers=f"{context.ip:x},{context.sp:x},{context.fp:x}")
    assert rows[0].ip == context.ip and "a small dump" in rows[-1].note


def test_through_plain_vol(dumps, rows):
    path, _ = dumps(X64, kind="full")
    context = Machine(dumps, X64).scene.target.context
    option = ("--registers", f"{context.ip:x},{context.sp:x}", "--frame-registers")
    found = rows(path, "windows.kd.stacks", plugin_options=option)
    assert int(found[0]["IP"], 16) == context.ip and f"rip={context.ip:016x}" in found[0]["Registers"]
    assert "Registers" not in rows(path, "windows.kd.stacks", plugin_options=("--thread", "1"))[0]


@pytest.mark.parametrize("machine", [PAE, X86])
def test_a_scanned_frame_has_no_registers_but_its_place(dumps, machine):
    """On x86 the search goes on with what EBP was below, which is not known to be this function's."""
    found = Machine(dumps, machine)
    rows = [row for row in rows_of(found, registers=True) if isinstance(row, Detailed)]
    scanned = [row.details.registers for row in rows if row.row.trust == "scan"]
    assert scanned and all({part.split("=")[0] for part in text.split()} == {"eip", "esp"} for text in scanned)
