"""The matrix: sound machines have nothing above ``info``; what a defect gives is in all five places, as text."""

from __future__ import annotations

import json
import re
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from tests.findings.five_places import Places, everywhere
from tests.findings.test_lab_findings import OF_USERS
from tests.io.test_damaged import FINDINGS as OF_DEVICES
from tests.report.hostile import RUN
from tests.report.hostile_dump import hostile_dump
from tests.report.page_parser import PageParser
from tests.sampling import sampled
from tests.triage.conftest import silent
from volplugins.lab.damage.directories import DIRECTORY_DEFECTS, with_directory_defect
from volplugins.lab.damage.gates import GATE_HOOKS, gate_hooks_of, with_gate_hook
from volplugins.lab.damage.io import IO_DEFECTS, with_io_defect
from volplugins.lab.damage.user import USER_DEFECTS, user_defects_of, with_user_defect
from volplugins.lab.machine.snapshot import Snapshot
from volplugins.lab.machines.catalogue import MACHINES, build
from volplugins.lab.writers import write
from volplugins.report import write_index
from volplugins.triage import TriageOptions, run_triage
from volplugins.vol.commands.findings import heard

SOUND = [(machine, kind) for machine in MACHINES for kind in ("full", "bitmap-kernel", "triage", "raw", "lime")]
# verdicts of windows.kd.pagedirs that are sound, or say that the dump leaves something out
_NO_DAMAGE = ("", "ok", "tables-paged-out", "outswapped", "not-in-dump")
_MODES = {"xp-x86": "x86", "win7-x86-pae": "pae"}


@pytest.mark.parametrize(("machine", "kind"), [*sampled(SOUND, 6), ("win11-24h2-x64", "full")])
def test_sound_machines_have_nothing_above_info(machine: str, kind: str, tmp_path: Path) -> None:
    places = everywhere(write(build(machine), kind, tmp_path / "a.dmp"), tmp_path / "corpus")
    for place, pairs in places.pairs().items():
        assert {severity for severity, _ in pairs} <= {"info"}, (place, pairs)
    count = len(places.rows)
    assert places.on_screen() == (f"Findings       {count} info" if count else "")
    assert "Nothing suspicious, odd or damaged was found." in places.in_head()
    assert places.of_index() == ("", [])
    assert not [process for process in places.report.data["processes"] if process["findings"]]


def _cases() -> list[tuple[str, str, str]]:
    """Machine, room and defect: each defect on one machine or more."""
    cases = []
    for machine in MACHINES:
        bits, mode = 64 if "x64" in machine else 32, _MODES.get(machine, "x64")
        cases += [(machine, "user", name) for name in user_defects_of(bits)]
        cases += [(machine, "directories", name) for name, each in DIRECTORY_DEFECTS.items() if mode in each.modes]
        cases += [(machine, "io", name) for name in IO_DEFECTS]
        cases += [(machine, "gates", name) for name in gate_hooks_of(bits)]
    return cases


def _damaged(machine: str, room: str, name: str) -> tuple[Snapshot, str, set[str]]:
    """The machine, the kind of dump, and kinds of findings that it has to give."""
    sound = build(machine)
    if room == "user":
        expected = OF_USERS.get(name)
        return with_user_defect(sound, name), USER_DEFECTS[name].kind or "full", {expected[0]} if expected else set()
    if room == "directories":
        defect = DIRECTORY_DEFECTS[name]
        bad = defect.verdict not in _NO_DAMAGE
        return with_directory_defect(sound, name), defect.kind or "full", {"page-directory"} if bad else set()
    if room == "gates":
        return with_gate_hook(sound, name), "full", {GATE_HOOKS[name].finding} - {""}
    return with_io_defect(sound, name), "full", OF_DEVICES.get(name, set())


@pytest.mark.parametrize(("machine", "room", "name"), sampled(_cases(), 61))
def test_what_a_defect_gives_is_in_all_places(machine: str, room: str, name: str, tmp_path: Path) -> None:
    snapshot, kind, expected = _damaged(machine, room, name)
    places = everywhere(write(snapshot, kind, tmp_path / "a.dmp"), tmp_path / "corpus")
    pairs = places.pairs()
    severe = [pair for pair in pairs["rows"] if pair[0] != "info"]
    assert expected <= {kind for _, kind in severe}
    assert all(of_place == pairs["rows"] for of_place in pairs.values()), pairs
    _at_once(places, severe)


def _at_once(places: Places, severe: list[tuple[str, str]]) -> None:
    """What is above ``info`` stands in the head of the page, in the index and on the screen."""
    screen, head, (told, listed) = places.on_screen(), places.in_head(), places.of_index()
    assert listed == sorted(severe, key=lambda pair: ("suspicious", "odd", "damage").index(pair[0]))
    for severity, kind in severe:
        assert f"{sum(pair[0] == severity for pair in severe)} {severity}" in screen
        assert kind in head and kind in told and kind in screen
    if severe:
        assert severe[0][1] in screen.split("\n")[1]


def test_each_defect_of_the_lab_is_in_the_matrix() -> None:
    cases = {(room, name) for _, room, name in _cases()}
    assert {name for room, name in cases if room == "io"} == set(IO_DEFECTS)
    assert {name for room, name in cases if room == "gates"} == set(GATE_HOOKS)
    assert {name for room, name in cases if room == "user"} == set(USER_DEFECTS)
    assert {name for room, name in cases if room == "directories"} == set(DIRECTORY_DEFECTS)


def test_hostile_evidence_stays_text(tmp_path: Path) -> None:
    damaged = with_user_defect(build("win10-x64"), "module-in-no-list")
    places = everywhere(hostile_dump(tmp_path / "a.dmp", damaged), tmp_path / "corpus")
    found = [one for one in places.summary if one["kind"] == "module-not-listed"]
    assert found and any(RUN[:8] in one["evidence"] or "\\x" in one["evidence"] for one in places.summary)
    assert all(line.isprintable() for line in places.screen)
    assert places.report.names().count("script") == places.index.names().count("script") == 2
    assert [row["evidence"] for row in places.corpus] == [one["evidence"] for one in places.summary]


def test_quotes_and_commands_stay_text_in_the_database(tmp_path: Path) -> None:
    dump = write(with_user_defect(build("win10-x64"), "load-order-loops"), "full", tmp_path / "a.dmp")
    corpus = tmp_path / "corpus"
    everywhere(dump, corpus)
    evil = "'); DROP TABLE findings; --</script><img src=x onerror=alert(1)>"
    with closing(sqlite3.connect(corpus / "corpus.sqlite")) as connection, connection:
        connection.execute("UPDATE findings SET evidence = ?, kind = ?, process = ?", (evil, evil, b"\xff"))
        connection.execute("INSERT INTO findings (dump, severity, kind) VALUES (x'00', 'damage', 7)")
        connection.execute("INSERT INTO findings (dump, severity, kind) VALUES ('none', x'01', NULL)")
    page = PageParser(write_index(corpus))
    assert "img" not in page.names() and page.names().count("script") == 2
    assert any(evil in row for row in page.data["findings"]["rows"])


def test_redaction_covers_evidence(tmp_path: Path) -> None:
    damaged = with_user_defect(build("win10-x64"), "module-in-no-list")
    sound, private = r"\Windows\System32\ntdll.dll", r"\Users\Jane Roe\s\ntdll.dll"
    pages = {
        pfn: page.replace(sound.encode("utf-16-le"), private.encode("utf-16-le")) for pfn, page in damaged.pages.items()
    }
    dump = write(replace(damaged, pages=pages), "full", tmp_path / "a.dmp")
    plain = everywhere(dump, tmp_path / "plain")
    assert "Jane Roe" in json.dumps(plain.summary), "the evidence has it"
    places = everywhere(dump, tmp_path / "redacted", redact=True)
    told = [json.dumps(each) for each in (places.rows, places.summary, places.screen, places.corpus)]
    told += [page.text + json.dumps(page.data) for page in (places.report, places.index)]
    assert not [text for text in told if "jane" in text.casefold() or "roe" in text.casefold().split()]
    assert [row["kind"] for row in places.corpus] == [row["kind"] for row in plain.corpus]


@pytest.mark.parametrize(
    "name", sampled(["module-in-no-list", "load-order-loops", "thread-list-loops", "vad-tree-loops"], 4)
)
def test_what_was_heard_is_what_would_have_been_asked(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dump = write(with_user_defect(build("win7-x64"), name), "full", tmp_path / "a.dmp")
    listening = run_triage(dump, tmp_path / "one", TriageOptions(), silent)
    monkeypatch.setattr(heard.Ear, "end", lambda self, sound: None)  # nobody heard the whole
    asking = run_triage(dump, tmp_path / "two", TriageOptions(), silent)
    one, two = (each.folder / "rows" / "findings.jsonl" for each in (listening, asking) if each.folder)
    assert one.read_text() == two.read_text() and listening.summary["findings"]


def test_commands_that_were_heard_are_not_asked_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def asked(*_: object, **__: object) -> None:
        raise AssertionError("asked again")

    for name in ("pagedirs_rows", "process_rows", "stacks_rows", "lm_rows", "address_rows"):
        monkeypatch.setattr(f"volplugins.vol.commands.findings.sources.{name}", asked)
    dump = write(with_user_defect(build("win10-x64"), "module-in-no-list"), "full", tmp_path / "a.dmp")
    summary = run_triage(dump, tmp_path / "out", TriageOptions(), silent).summary
    assert summary["faults"] == 0 and "module-not-listed" in {each["kind"] for each in summary["findings"]}


def test_the_queries_of_the_page_run(tmp_path: Path) -> None:
    page = (Path(__file__).parents[2] / "docs" / "corpus.md").read_text(encoding="utf-8")
    queries = re.findall(r"```sql\n(.+?)```", page, re.S)
    dump = write(with_io_defect(build("win7-x86-pae"), "dispatch-hook"), "full", tmp_path / "a.dmp")
    everywhere(dump, tmp_path / "corpus")
    with closing(sqlite3.connect(tmp_path / "corpus" / "corpus.sqlite")) as connection:
        found = {query: connection.execute(query).fetchall() for query in queries}
    (rows,) = (rows for query, rows in found.items() if "f.kind" in query)
    assert [row[:2] for row in rows] == [("a.dmp", "routine-outside-modules")]
