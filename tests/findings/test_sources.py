"""What rows of each command become: made-up rows, one for each kind that a sound machine does not have."""

from __future__ import annotations

from itertools import chain
from types import SimpleNamespace
from typing import Any

import pytest

from volplugins.dumpfile.note import Note
from volplugins.findings.collection import Collection
from volplugins.findings.finding import Finding
from volplugins.vol.commands.address.row import ADDRESS
from volplugins.vol.commands.findings.directories import DirectoryFindings
from volplugins.vol.commands.findings.modules import by_process, of_modules
from volplugins.vol.commands.findings.processes import ProcessFindings
from volplugins.vol.commands.findings.regions import of_region
from volplugins.vol.commands.findings.sources import Source
from volplugins.vol.commands.findings.stacks import StackFindings
from volplugins.vol.commands.findings.target import of_analysis, of_target
from volplugins.vol.commands.lm.row import LM
from volplugins.vol.commands.pagedirs.row import PAGEDIRS
from volplugins.vol.commands.process.row import PROCESS, ThreadRow
from volplugins.vol.commands.stacks.row import STACKS

WHO: dict[str, Any] = {"pid": 8, "process": "a.exe"}
HIDDEN = "hidden: in no list of processes, not exited, found by a scan"


def names(findings: Any) -> list[str]:
    found: list[Finding] = list(findings)
    assert all(each.evidence and each.next.startswith("windows.kd.") for each in found)
    return [each.kind.name for each in found]


def module(**cells: Any) -> Any:
    usual = {**WHO, "start": 0x1000, "end": 0x2000, "module": "b.dll", "in_load": True, "in_memory": True,
             "in_init": True, "mapped": True}  # fmt: skip
    return LM.failure("")._replace(**{**usual, **cells})


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        ({}, []),
        ({"in_load": False, "in_memory": False, "in_init": False}, ["module-not-listed"]),
        ({"in_load": None, "in_memory": None, "in_init": None}, []),
        ({"mapped": False}, ["module-not-mapped"]),
        ({"mapped": None}, []),
        ({"note": "not in InLoadOrder", "in_load": False}, ["module-partly-listed"]),
        ({"note": r"SizeOfImage is 0x1 in the header; the file mapped there is \c.dll"}, ["module-other-file"]),
        ({"pid": None, "mapped": False}, []),
    ],
)
def test_modules(cells: dict[str, Any], expected: list[str]) -> None:
    assert names(chain.from_iterable(map(of_modules, by_process([module(**cells)])))) == expected


def test_nothing_is_unlisted_where_lists_are_broken() -> None:
    rows = [
        module(in_load=False, in_memory=False, in_init=False),
        LM.failure("ldr InLoadOrderModuleList: loop at 0x10")._replace(**WHO),
        LM.failure("ldr InMemoryOrderModuleList: loop at 0x20")._replace(**WHO),
    ]
    (found,) = of_modules(rows)
    assert found.kind.name == "list-broken" and "0x10" in found.evidence and "0x20" in found.evidence
    absent = LM.failure("ldr InLoadOrderModuleList: tail not reached: Flink 0x10 cannot be read (pagefile)")
    assert not names(of_modules([rows[0], absent._replace(**WHO)])), "a page that is paged out is no damage"


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        ({"protect": "PAGE_READWRITE"}, []),
        ({"protect": "PAGE_EXECUTE_READ"}, ["private-executable"]),
        ({"protect": "PAGE_EXECUTE_READ", "state": "MEM_RESERVE"}, []),
        ({"protect": "PAGE_EXECUTE_READ", "type": "MEM_MAPPED"}, []),
        ({"note": "made executable after the range was made: PAGE_EXECUTE_READ at 0x0-0x1"}, ["made-executable"]),
        ({"note": "protection changed after the range was made: PAGE_READONLY at 0x0-0x1"}, []),
        ({"type": "MEM_IMAGE", "note": "writable and executable: 0x0-0x1"}, ["writable-image-code"]),
        ({"type": "MEM_IMAGE", "note": "executable where the image's headers have no code: 0x0-0x1"},
         ["code-outside-sections"]),
        ({"start": None, "note": "VAD 0x10 cannot be read (not-mapped)"}, ["list-broken"]),
        ({"start": None, "note": "VAD 0x10 cannot be read (not-in-dump)"}, []),
        ({"start": None, "note": "page-directory:not-in-dump"}, []),
    ],
)  # fmt: skip
def test_regions(cells: dict[str, Any], expected: list[str]) -> None:
    usual = {**WHO, "start": 0x1000, "size": 0x1000, "resident": 0, "type": "MEM_PRIVATE", "state": "MEM_COMMIT"}
    assert names(of_region(ADDRESS.failure("")._replace(**{**usual, **cells}))) == expected


def thread(note: str = "", **cells: Any) -> ThreadRow:
    known = (8, "a.exe", 0x10, "list", note, 12, 0x20, "Waiting", "", None, 0x3000, "")
    usual = ThreadRow(*known, *(None,) * (len(ThreadRow._fields) - len(known)))
    return usual._replace(**cells)


def process(note: str = "", **cells: Any) -> Any:
    return PROCESS.failure(note)._replace(**{"pid": 8, "name": "a.exe", "eprocess": 0x10, "life": "running", **cells})


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([process(), thread()], []),
        ([process(HIDDEN, source="scan")], ["hidden-process"]),
        ([process("not reached by the list of processes, which is broken: found by a scan", source="scan")], []),
        ([process("hidden or not yet started: in no list of processes, found by a scan", source="scan")], []),
        ([process("VadCount says 3; thread list: loop at 0x10")], ["list-broken"]),
        ([PROCESS.failure("process list: loop at 0x10")], ["list-broken"]),
        ([process(), thread("hidden: not in its process's list of threads, found by a scan")], ["hidden-thread"]),
        ([process(), thread("no name for its start: in no module")], ["thread-outside-modules"]),
        ([process(), thread("no name for its start: in no module", state="Terminated")], []),
        ([process(), thread("no name for its start: page-directory:no-directory")], []),
        ([process(life="exited"), thread(), thread(state="Terminated")], ["exited-with-threads"]),
        ([process(life="exited"), process(), thread()], []),
    ],
)
def test_processes_and_threads(rows: list[Any], expected: list[str]) -> None:
    assert names(chain.from_iterable(map(ProcessFindings().take, rows))) == expected


def frame(symbol: str, trust: str = "unwind-info", **cells: Any) -> Any:
    usual = {**WHO, "tid": 12, "ethread": 0x20, "state": "Waiting", "wait": "Executive", "ring": "kernel", "ip": 0x99}
    return STACKS.failure("")._replace(**{**usual, "symbol": symbol, "trust": trust, **cells})


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([frame("nt!KeWait", "switch-frame"), frame("acme+0x10"), frame("acme+0x90")], ["foreign-wait"]),
        ([frame("nt!KeWait", "switch-frame"), frame("acme+0x10", "scan")], []),
        ([frame("acme+0x10", state="Running")], []),
        ([frame("nt!A", stop="loop")], ["stack-broken"]),
        ([frame("nt!A", stop="out-of-bounds")], ["stack-broken"]),
        ([frame("nt!A", stop="stack-not-resident")], []),
        ([STACKS.failure("stacks of this kind of machine are not walked")], []),
    ],
)
def test_stacks(rows: list[Any], expected: list[str]) -> None:
    found = StackFindings(lambda name: "a driver of Acme" if name == "acme" else "")
    assert names(chain.from_iterable(map(found.take, rows))) == expected


def directory(verdict: str, life: str = "running", process: str = "a.exe", **cells: Any) -> Any:
    eprocess = None if process == "*" else 0x10
    row = PAGEDIRS.failure("why")._replace(process=process, verdict=verdict, life=life, eprocess=eprocess)
    return row._replace(**cells)


@pytest.mark.parametrize(
    ("rows", "whole", "count"),
    [
        ([directory("ok"), directory("tables-paged-out"), directory("outswapped")], True, 0),
        ([directory("tables-missing")] * 3, False, 0),
        ([directory("tables-missing")], True, 1),
        ([directory("tables-missing", "secure")], True, 0),
        ([directory("not-a-directory", "exited"), directory("no-directory", "exited")], True, 0),
        ([directory("not-a-directory")], False, 1),
        ([directory("not-a-directory", process="*"), *[directory("not-a-directory")] * 9], True, 1),
        ([directory("not-a-directory", process="*"), directory("user-shadow")], True, 2),
        ([directory("self-map-mismatch", depth=1)], True, 0),
    ],
)
def test_directories(rows: list[Any], whole: bool, count: int) -> None:
    found = DirectoryFindings(whole)
    assert names(chain.from_iterable(map(found.take, rows))) == ["page-directory"] * count


def test_the_target_and_the_analysis() -> None:
    target: Any = SimpleNamespace(notes=(Note("file", "cut short"), Note("file", "as usual", "info")))
    assert names(of_target(target)) == ["container"]
    error = SimpleNamespace(kind="pointer", confidence=SimpleNamespace(value="low"), evidence="bit 3 differs")
    scene = SimpleNamespace(process=None)
    crashed: Any = SimpleNamespace(bit_error=error, scene=scene)
    assert names(of_analysis(crashed)) == ["memory-error"]
    sound: Any = SimpleNamespace(bit_error=None, scene=scene)
    assert names(of_analysis(sound)) == []


def test_only_rows_about_nothing_say_what_could_not_be_looked_at() -> None:
    """A small dump's process and thread have addresses where their ids are not known."""
    told = dict[str, None]()
    source = Source("process", list, lambda _: (), says=True)
    of_nothing = [PROCESS.failure("no list"), STACKS.failure("not walked"), ADDRESS.failure("not there")]
    real = [
        PROCESS.failure("# caused the event")._replace(eprocess=0xFFFF8000),
        STACKS.failure("|. current")._replace(ethread=0xFFFF9000),
        ADDRESS.failure("of no process")._replace(start=0x1000),
        PROCESS.failure("a process")._replace(pid=8),
    ]
    for row in (*of_nothing, *real):
        source.hand_on(row, Collection(), told)
    assert list(told) == [row.note for row in of_nothing]
