"""What people type: processes, threads, directories, names of symbols and modules, words of columns, folders."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.vol.damaged import VICTIM, X64, Machine
from volplugins.dumpfile.dump import open_dump
from volplugins.dumpfile.source import FileSource
from volplugins.kernel.process import Process
from volplugins.kernel.who import IN_HEX, meant_by, resolve, thread_word
from volplugins.loader.module import Module, ModuleTable
from volplugins.loader.symbolizer import Symbolizer
from volplugins.vol.commands.address.rows import Wanted as AddressWanted
from volplugins.vol.commands.address.rows import address_rows, summary_rows
from volplugins.vol.commands.lm.rows import Wanted as LmWanted
from volplugins.vol.commands.lm.rows import lm_rows
from volplugins.vol.commands.process.rows import Wanted as ProcessWanted
from volplugins.vol.commands.process.rows import process_rows
from volplugins.vol.commands.process.thread_rows import ThreadRow
from volplugins.vol.commands.stacks.rows import Wanted as StacksWanted
from volplugins.vol.commands.stacks.rows import stacks_rows
from volplugins.vol.commands.vtop.rows import vtop_rows
from volplugins.vol.output.wrong_use import WrongUse, refused, take_refusals
from volplugins.vol.scene.crash_scene import scene_of
from volplugins.vol.scene.folders import check_folders
from volplugins.vol.scene.process_selection import choose

ROOT = Path(__file__).parents[2]


def process(pid: int, dirbase: int = 0, eprocess: int = 0xFFFF800000001000) -> Process:
    return Process(eprocess, pid, None, f"p{pid}.exe", dirbase, None, None, None, None)


def volplugins(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "volplugins.cli.main", *arguments]
    return subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=300, check=False)


@pytest.fixture(scope="module")
def machine(dumps) -> Machine:
    return Machine(dumps, X64)


def test_a_pid_with_0x_is_hexadecimal_and_bare_digits_are_not():
    known = [process(0x1A4), process(104), process(0x104)]
    assert [(each.process.pid, each.taken_for) for each in resolve("0x1a4", known)] == [(0x1A4, IN_HEX)]
    assert [each.process.pid for each in resolve("104", known)] == [104]
    assert [each.process.pid for each in resolve("pid:0x104", known)] == [0x104]
    assert [each.taken_for for each in meant_by("0x1a4", known)] == [IN_HEX]
    (chosen,), problems = choose(known, ["0x1a4"])
    assert chosen[1] == f"0x1a4 taken for {IN_HEX}"
    assert not problems
    # an address otherwise; a number that is both gives both
    both = [process(0x1A4), process(9, dirbase=0x1A4000)]
    assert [each.taken_for for each in resolve("0x1a4", both)] == [IN_HEX, "PFN"]


@pytest.mark.parametrize(
    ("text", "tid"), [("1a4.1b0", 0x1B0), ("0x1a4.0x1b0", 0x1B0), ("432", 432), ("0x1b0", 432), ("1b0", 432)]
)
def test_what_names_a_thread(text, tid):
    word = thread_word(text)
    assert word is not None
    assert word.means(0x1A4, tid, 0xFFFF800000002000)
    assert not word.means(0x1A4, tid + 4, 0xFFFF800000002000)
    assert word.means(0x1A8, tid, 1) == ("." not in text)


@pytest.mark.parametrize("text", ["", ".", "1a4.", "x.y", "thread", "1.2.3"])
def test_what_names_no_thread(text):
    assert thread_word(text) is None


def test_threads_are_taken_as_groups_print_them(machine):
    grouped = stacks_rows(machine.scene, StacksWanted((VICTIM,), grouped=True), scan=False)
    shown = {word for row in grouped for word in row.note.partition(": ")[2].split(", ") if word.count(".") == 1}
    assert shown
    for text in sorted(shown)[:3]:
        pid, tid = (int(part, 16) for part in text.split("."))
        rows = list(stacks_rows(machine.scene, StacksWanted(threads=[text]), scan=False))
        assert {(row.pid, row.tid) for row in rows} == {(pid, tid)}
    (row,) = stacks_rows(machine.scene, StacksWanted(threads=["nonsense"]), scan=False)
    assert row.process == "error"
    assert "pid.tid" in row.note


def test_dirbase_is_taken_as_a_pfn_where_it_is_one(machine):
    base = machine.victim["dtb"]
    for text in (f"{base >> 12:x}", f"pfn:{base >> 12:x}"):
        row, *_ = vtop_rows(machine.scene, ["7ffe0000"], (), text)
        assert f"PFN of DirBase {base:#x} ({VICTIM}, PID {machine.victim['pid']})" in row.note
        assert row.entry_physical is not None
        assert row.entry_physical & ~0xFFF == base & ~0xFFF
    row, *_ = vtop_rows(machine.scene, ["7ffe0000"], (), f"{base:x}")
    assert row.note == f"DirBase {base:#x} ({VICTIM}, PID {machine.victim['pid']})"
    (row,) = vtop_rows(machine.scene, ["7ffe0000"], (), "name:x")
    assert row.step == "error"


def test_vtop_takes_names(machine):
    scene = machine.scene
    known = scene.symbolizer.address_of(scene.modules.kernel, "KeBugCheckEx")
    row, *_ = vtop_rows(scene, ["nt!KeBugCheckEx+0x10"], (), None)
    assert row.address == known + 0x10
    assert row.note.startswith(f"nt!KeBugCheckEx+0x10 is {known + 0x10:#x}; ")
    (row,) = vtop_rows(scene, ["nt!NoSuchThing"], (), None)
    assert (row.step, row.address) == ("error", None)
    assert row.note.startswith("nt!NoSuchThing: nt is there, but ")
    (row,) = vtop_rows(scene, ["nosuch!Thing"], (), None)
    assert row.note == "nosuch!Thing: no module is called nosuch"
    modules = {row.module: row for row in lm_rows(scene, LmWanted((VICTIM,), scan=False))}
    ntdll = modules["ntdll.dll"]
    row, *_ = vtop_rows(scene, ["ntdll+0x1000"], [VICTIM], None)
    assert row.address == ntdll.start + 0x1000


def test_a_symbol_is_looked_for_in_every_module_of_the_name():
    class Table:
        kind = "export"

        def lookup(self, name):
            return {"A": 0x10}.get(name)

        def nearest(self, rva):
            return None

    modules = [
        Module(0x1000, 0x1000, "x.dll", "", None, None, "ldr"),
        Module(0x4000, 0x1000, "x.dll", "", None, None, ""),
    ]
    names = Symbolizer(ModuleTable(modules), lambda module: Table() if module.base == 0x4000 else None)
    assert names.find("X!A") == 0x4010
    assert names.find("x.dll!A+10") == 0x4020
    assert names.find("x!B") == "no symbols and no exports of x are at hand"
    assert names.find("x!A+zz") == "zz is no distance (hexadecimal)"
    assert names.find("!A") == "no module is named"


def test_modules_by_pattern(machine):
    def found(*names: str, kernel: bool = False):
        return list(lm_rows(machine.scene, LmWanted(kernel=kernel, scan=False, names=names)))

    every = [row for row in lm_rows(machine.scene, LmWanted(scan=False)) if row.start is not None]
    assert found("NTDLL.*") == [row for row in every if row.module == "ntdll.dll"]
    path = next(row.path for row in every if row.module == VICTIM)
    both = found("ntdll.dll", f"{path[:4]}*{path[-6:].upper()}")
    assert both == [row for row in every if row.module == "ntdll.dll" or row.path[-6:] == path[-6:]]
    assert VICTIM in {row.module for row in both}
    assert {row.process for row in found("acme*", kernel=True)} == {"kernel"}
    (row,) = found("no such*")
    assert (row.process, row.note) == ("error", "no module's name or path fits no such*")


def test_start_addresses_have_columns_of_their_own(machine):
    rows = [row for row in process_rows(machine.scene, ProcessWanted((), True, False)) if isinstance(row, ThreadRow)]
    assert all(row.start_address == (row.win32_start or row.kernel_start or None) for row in rows)
    assert any(row.win32_start and row.kernel_start and row.win32_start != row.kernel_start for row in rows)


def test_words_that_no_column_has_are_refused():
    for name, word in (("usage", "heaps"), ("protect", "rwx"), ("actual", "rwx"), ("type", "image"), ("state", "free")):
        with pytest.raises(WrongUse, match=f"--{name} {word}: no such word; allowed: "):
            AddressWanted(**{name: [word]}).check()
    AddressWanted(usage=["heap"], protect=["page_readwrite|page_guard"], state=["unknown"]).check()
    with pytest.raises(WrongUse, match="--image-path /no/such: no such folder"):
        check_folders("--image-path", ["/no/such"])


def test_a_refusal_is_kept_once():
    take_refusals()
    for _ in range(2):
        refused(WrongUse("x"))
    assert (take_refusals(), take_refusals()) == (["x"], [])


def test_commands_end_with_2_and_plain_vol_with_a_row(dumps):
    path = str(dumps(X64)[0])
    done = volplugins("vol", "-q", "--offline", "-f", path, "windows.kd.address", "--usage", "Heaps")
    assert done.returncode == 2, done.stderr
    assert "--usage Heaps: no such word; allowed: Free Image Stack" in done.stdout  # the row of plain vol
    assert done.stderr.splitlines()[-1].startswith("volplugins: --usage Heaps: no such word")
    done = volplugins("vol", "-q", "--offline", "-f", path, "windows.kd.stacks", "--image-path", "/no/such")
    assert done.returncode == 2
    assert "--image-path /no/such: no such folder" in done.stdout


@pytest.mark.parametrize(
    "arguments",
    [("triage", "x.dmp", "-s", "/no/such"), ("triage", "x.dmp", "--image-path", "/no/such"),
     ("batch", "x", "-o", "y", "-s", "/no/such"), ("symbols", "x.dmp", "-s", "/no/such"),
     ("vol", "-s", "/no/such", "windows.kd.lm")],
)  # fmt: skip
def test_a_folder_that_is_not_there_is_wrong_use(arguments):
    done = volplugins(*arguments)
    assert (done.returncode, len(done.stderr.splitlines())) == (2, 1)
    assert "/no/such: no such folder" in done.stderr


def test_actual_finds_what_protect_does_not(machine):
    word = "page_execute_readwrite"
    rows = list(address_rows(machine.scene, AddressWanted(actual=[word], scan=False)))
    assert rows
    assert all("PAGE_EXECUTE_READWRITE" in row.actual.split(",") for row in rows)
    *by_protect, note = address_rows(machine.scene, AddressWanted(protect=[word], scan=False))
    shared = [row for row in by_protect if "PAGE_EXECUTE_READWRITE" in row.actual.split(",")]
    assert len(shared) < len(rows)  # made executable after the range was made
    said = f"by Actual {len(rows)} regions are PAGE_EXECUTE_READWRITE ({len(shared)} of them are shown here)"
    assert (note.process, said in note.note) == ("*", True)
    *_, note = summary_rows(machine.scene, AddressWanted(protect=[word], scan=False))
    assert said in note.note
    both = list(address_rows(machine.scene, AddressWanted(protect=[word], actual=[word], scan=False)))
    assert both == shared


def test_shared_data_needs_no_entry(dumps):
    """Its page is committed and may be read, whatever the range and the page tables say."""
    found = Machine(dumps, X64)
    who = [f"pid:{found.victim['pid']}"]
    rows = list(vtop_rows(found.scene, ["7ffe0000"], who, None))
    leaf = next(row for row in rows if row.step == "PTE")
    found.set_entry(leaf.entry_physical, 0)
    (row,) = [
        row for row in address_rows(scene_of(found.dump), AddressWanted(who, scan=False)) if row.usage == "SharedData"
    ]
    assert (row.start, row.end, row.state, row.actual) == (0x7FFE0000, 0x7FFE1000, "MEM_COMMIT", "PAGE_READONLY")
    assert (row.resident, row.in_dump) == (0, 0)


def test_a_process_list_that_leads_to_nothing_names_where(dumps):
    """Flink of 0 is no structure at a negative address."""
    found = Machine(dumps, X64)
    at, _ = found.scene.layouts.process.members["ActiveProcessLinks"]
    where = found.scene.space.space.translate(found.victim["eprocess"] + at).physical
    found.memory.write(where, bytes(8))
    notes = [row.note for row in process_rows(scene_of(found.dump), ProcessWanted(scan=False)) if row.name == "error"]
    assert notes
    assert notes[0].startswith("process list breaks: it leads to 0x0, where no process can be read (")
    assert not [note for note in notes if "-0x" in note]


def test_arguments_of_32_bit_code_are_32_bit_words(dumps):
    path, _ = dumps(X64, kind="full", wow64=True)
    scene = scene_of(open_dump(FileSource(path)))
    widths: dict[str, set[tuple[int, int]]] = {}
    for row in stacks_rows(scene, StacksWanted(with_args=True), scan=False):
        words = row.args.split()
        if words:
            widths.setdefault(row.ring, set()).add((len(words), len(words[0])))
    assert widths == {"kernel": {(4, 16)}, "user": {(4, 16)}, "wow64": {(3, 8)}}


def test_a_kernel_dump_names_user_frames_by_what_is_mapped(dumps):
    """No user page is in the file; VADs, and the files behind them, are."""
    path, _ = dumps(X64, kind="bitmap-kernel")
    scene = scene_of(open_dump(FileSource(path)))
    frames = [row for row in stacks_rows(scene, StacksWanted(), scan=False) if row.ring == "user"]
    assert frames
    assert {row.symbol.split("+")[0] for row in frames} == {"ntdll"}
    assert not [row for row in frames if "no image holds" in row.note]


def test_a_count_that_does_not_fit_the_tree_is_noted(dumps):
    found = Machine(dumps, X64)
    at, width = found.scene.layouts.process.members["VadCount"]
    where = found.scene.space.space.translate(found.victim["eprocess"] + at).physical
    count = int.from_bytes(found.memory.read(where, width), "little")
    found.memory.write(where, (count + 7).to_bytes(width, "little"))
    (row,) = process_rows(scene_of(found.dump), ProcessWanted((f"pid:{found.victim['pid']}",), scan=False))
    assert row.vad_count == count + 7
    assert f"VadCount says {count + 7} ranges, the tree holds {count}" in row.note
