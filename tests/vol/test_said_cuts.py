"""What is left out because there is too much of it is said in a row."""

from __future__ import annotations

import re

import pytest
from volatility3.framework.contexts import Context

from tests.vol.damaged import Machine
from tests.vol.test_directory_owners import Owners
from volplugins.bugcheck.scene import pieces
from volplugins.dumpfile.dump import open_dump
from volplugins.dumpfile.source import FileSource
from volplugins.image import exception_directory, exports
from volplugins.kernel.directories import candidates, ownership
from volplugins.lab.machines.catalogue import MACHINES, build
from volplugins.lab.writers import write
from volplugins.stack import found_starts
from volplugins.threads import user_modules
from volplugins.vol.commands.analyze.rows import analyze_rows
from volplugins.vol.commands.stacks.rows import Wanted, stacks_rows
from volplugins.vol.scene import directory_verdicts, shared_work, stack_scene
from volplugins.vol.scene.crash_scene import analysis_of, scene_of

X64, X86 = "win10-x64", "win7-x86-pae"


def said(scene, *who: str) -> list[str]:
    """Notes of the rows that are about no thread."""
    return [row.note for row in stacks_rows(scene, Wanted(who)) if row.process == "error"]


def test_export_names(dumps, monkeypatch):
    found = Machine(dumps, X64)
    assert said(found.scene, f"pid:{found.victim['pid']}") == []
    monkeypatch.setattr(exports, "_MOST_NAME_BYTES", 1)
    notes = said(scene_of(found.dump), f"pid:{found.victim['pid']}")
    assert notes and all(note.endswith(": export names past 0 MiB left out") for note in notes)


def test_images_that_no_list_names(dumps, monkeypatch):
    found = Owners(dumps, X64)
    found.write_member("process", found.victim["eprocess"], "Peb", 0)
    who = f"pid:{found.victim['pid']}"
    assert said(scene_of(found.dump), who) == []
    for module in (user_modules, stack_scene):
        monkeypatch.setattr(module, "MOST_IMAGES", 1)
    images = len(found.snapshot.truth["user"][found.victim["pid"]]["modules"])
    text = f"{found.victim['name']} {found.victim['pid']}: {images - 1} images are not looked at, there are more than 1"
    assert said(scene_of(found.dump), who) == [text]


def test_code_that_is_not_searched_for_functions(dumps, monkeypatch):
    found = Machine(dumps, X86)
    assert not [note for note in said(found.scene) if "not searched" in note]
    monkeypatch.setattr(found_starts, "MOST_CODE", 0x100)
    notes = [note for note in said(scene_of(found.dump)) if "not searched" in note]
    assert notes and all(
        re.fullmatch(r"0x[0-9a-f]+ bytes of .+'s code were not searched for functions", note) for note in notes
    )


@pytest.mark.parametrize("name", MACHINES)
def test_pieces_of_a_small_dump(dumps, monkeypatch, name):
    """Records are looked for on other stacks too: in the small dump's memory, as far as it goes."""
    path, _ = dumps(name, kind="triage")
    sound = analysis_of(scene_of(open_dump(FileSource(path))))
    assert not [note for note in sound.fault.notes if "not searched" in note]
    searched: list[str] = []
    whole = list(pieces.stack_pieces(sound.scene, searched))
    assert whole and not searched
    monkeypatch.setattr(pieces, "MAX_BYTES", 0)
    assert list(pieces.stack_pieces(sound.scene, searched)) == []
    (text,) = searched
    assert text.endswith("bytes of the small dump's memory were not searched for records")


def test_a_piece_longer_than_a_stack_is_searched_to_its_end():
    low, high = 0x1000, 0x1000 + 3 * pieces.MAX_STACK
    windows = list(pieces._windows(low, high))
    assert windows[0] == (low, high) and all(end == high for _, end in windows)
    ends = [min(start + pieces.MAX_STACK, high) for start, _ in windows]
    assert ends[-1] == high
    assert all(start <= end - pieces._OVERLAP for (start, _), end in zip(windows[1:], ends, strict=False))
    assert list(pieces._windows(low, low + 0x300)) == [(low, low + 0x300)]


@pytest.mark.parametrize("name", [X64, X86])
def test_directories_that_are_not_looked_for(dumps, monkeypatch, name):
    found = Owners(dumps, name)
    process = next(p for p in found.snapshot.truth["processes"] if p["pid"] == found.victim["pid"])
    found.take_away(process)
    assert ".context" in found.next_of(process)
    for module in (candidates, directory_verdicts):
        monkeypatch.setattr(module, "MAX_CANDIDATES", 1)
    assert "no other directory is offered: 1 pages or more map themselves" in found.next_of(process)
    monkeypatch.setattr(directory_verdicts, "_PAGES_SEARCHED", 16)
    assert "no other directory is looked for in 0 GiB, more than 0 GiB" in found.next_of(process)


def test_analyze_says_what_is_cut(tmp_path, monkeypatch):
    path = write(build(X64, sparse=True), "full", tmp_path / "sparse.dmp")
    monkeypatch.setattr(exports, "_MOST_NAME_BYTES", 1)
    rows = list(analyze_rows(analysis_of(scene_of(open_dump(FileSource(path))))))
    cut = [row.value for row in rows if row.field == "Missing"]
    assert [text for text in cut if text.endswith("export names past 0 MiB left out")], cut


def test_functions_of_unwind_data(dumps, monkeypatch):
    found = Machine(dumps, X64)
    monkeypatch.setattr(exception_directory, "MAX_ENTRIES", 1)
    notes = said(scene_of(found.dump), f"pid:{found.victim['pid']}")
    assert [note for note in notes if note.startswith("the last ") and "unwind data are not used" in note], notes


@pytest.mark.parametrize(("name", "what"), [(X64, "unwind data are not used"), (X86, "not searched for functions")])
def test_functions_of_all_images_together(dumps, name, what):
    """The process's images have no more room than the kernel's leave."""
    found = Machine(dumps, name)
    scene = scene_of(found.dump)
    scene.code.room.left = 3
    notes = said(scene, f"pid:{found.victim['pid']}")
    assert [note for note in notes if what in note], notes


def test_pages_compared_with_ranges(dumps, monkeypatch):
    found = Owners(dumps, X64)
    process = next(p for p in found.snapshot.truth["processes"] if p["pid"] == found.victim["pid"])
    found.take_away(process)
    found.forget_threads(process)
    assert "of its pages lie" in found.next_of(process)
    monkeypatch.setattr(ownership, "_PAGES_COMPARED", 8)
    assert re.search(r"of its first \d+ pages lie", found.next_of(process))


def test_faults_that_are_not_told(monkeypatch):
    monkeypatch.setattr(shared_work, "_MOST_FAULTS", 2)
    with shared_work.sharing(Context()) as work:
        for number in range(4):
            shared_work.note_fault(f"{number}" * 400)
    assert work.faults[:2] == ["0" * 300 + "…", "1" * 300 + "…"]
    assert work.faults[2:] == ["further faults are not told here: they are in the rows"]
