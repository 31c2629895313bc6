"""windows.kd.stacks: through plain ``vol``, its files, its reasons to stop, and a real crash's stack."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from tests.vol.conftest import SHARED
from tests.vol.damaged import PAE, VICTIM, X64, X86, Machine, frame
from volplugins.bugcheck.scene.crash_scene import build_scene
from volplugins.dumpfile.dump import open_dump
from volplugins.dumpfile.source import FileSource
from volplugins.image.headers import read_headers
from volplugins.image.image_files import ImageFiles
from volplugins.lab.machines.catalogue import MACHINES
from volplugins.vol.commands.stacks.files import folded, speedscope
from volplugins.vol.commands.stacks.rows import Wanted, stacks_rows
from volplugins.vol.scene.crash_scene import scene_of
from volplugins.vol.symbols.image_path import image_file_in


def rows_of(found: Machine, *who: str, **more):
    return list(stacks_rows(scene_of(found.dump), Wanted(who, **more), scan=False))


def test_through_plain_vol(dumps, rows):
    path, snapshot = dumps(X64, kind="full")
    found = rows(path, "windows.kd.stacks", plugin_options=("--args",))
    built = {thread["ethread"]: thread["stack"] for p in snapshot.truth["processes"] for thread in p["threads"]}
    listed: dict[int, list[dict]] = {}
    for row in found:
        listed.setdefault(int(row["ETHREAD"], 16), []).append(row)
    assert set(listed) == set(built)
    for ethread, stack in built.items():
        mine = listed[ethread]
        if not stack:
            assert [(row["State"], row["Stop"], row["Frame"]) for row in mine] == [("Terminated", "terminated", None)]
            continue
        assert [int(row["IP"], 16) for row in mine] == [each["ip"] for each in stack]
        assert [row["Frame"] for row in mine] == list(range(len(stack)))
        assert [int(row["RetAddr"], 16) for row in mine[:-1]] == [each["ip"] for each in stack[1:]]
        assert mine[-1]["Stop"] == "end-of-stack"
    rings = {row["Ring"] for row in found if row["Stop"] != "terminated"}
    assert rings == {"kernel", "user"}
    assert {row["State"] for row in found} == {"Waiting", "Running", "Terminated"}
    assert {row["Wait"] for row in found} >= {"UserRequest", "WrQueue", ""}
    assert len([row for row in found if row["Args"]]) > 50


def test_names_are_those_that_were_built(dumps):
    found = Machine(dumps, X64)
    built = {(each["ip"], each["symbol"]) for p in found.snapshot.truth["processes"] for t in p["threads"]
             for each in t["stack"]}  # fmt: skip
    kernel = {ip: symbol for ip, symbol in built if symbol.startswith("nt!")}
    named = {row.ip: row.symbol for row in rows_of(found) if row.ip in kernel}
    assert named == kernel


@pytest.mark.parametrize("machine", MACHINES)
def test_without_symbols_the_same_frames_are_found_on_x64(dumps, machine):
    """Unwinding needs no names; on x86 functions without a frame pointer do, and are scanned for."""
    found = Machine(dumps, machine)
    named = [(row.ethread, row.ip) for row in rows_of(found)]
    plain = [(row.ethread, row.ip) for row in stacks_rows(build_scene(found.dump), Wanted(), scan=False)]
    assert plain == named if machine.endswith("x64") else set(named) & set(plain)


def test_one_thread_and_kernel_frames_only(dumps):
    found = Machine(dumps, X64)
    thread = found.victim["threads"][1]
    for text in (str(thread["tid"]), f"{thread['ethread']:#x}", f"{thread['ethread']:x}"):
        rows = rows_of(found, threads=[text])
        assert {row.ethread for row in rows} == {thread["ethread"]}
    assert {row.ring for row in rows_of(found, VICTIM, kernel_only=True)} == {"kernel"}
    (row,) = [row for row in rows_of(found, threads=["99999"]) if row.process == "error"]
    assert "no such thread" in row.note


def test_equal_stacks_are_shown_once(dumps):
    found = Machine(dumps, X64)
    alone = {}
    for row in rows_of(found):
        alone.setdefault(row.ethread, []).append(row.symbol or row.ip)
    grouped = {}
    for row in rows_of(found, grouped=True):
        grouped.setdefault(row.ethread, []).append(row)
    kinds = {tuple(each) for each in alone.values()}
    assert len(grouped) == len(kinds) < len(alone)
    counts = [int(each[-1].note.split("; ")[-1].split()[0]) for each in grouped.values()]
    assert sum(counts) == len(alone)


def test_files_for_flame_graphs(dumps, vol, tmp_path):
    path, snapshot = dumps(X64, kind="full")
    done = vol(
        "-o", str(tmp_path), "-f", str(path), "windows.kd.stacks", "--folded", "a.folded", "--speedscope", "b.json"
    )
    assert done.returncode == 0, done.stderr
    lines = (tmp_path / "a.folded").read_text().splitlines()
    threads = sum(bool(t["stack"]) for p in snapshot.truth["processes"] for t in p["threads"])
    assert sum(int(line.rsplit(" ", 1)[1]) for line in lines) == threads
    assert any(line.startswith("explorer.exe (") and "ntdll!RtlUserThreadStart;" in line for line in lines)
    profile = json.loads((tmp_path / "b.json").read_text())
    (sampled,) = profile["profiles"]
    assert sampled["endValue"] == len(sampled["samples"]) == len(sampled["weights"]) == threads
    assert max(max(sample) for sample in sampled["samples"]) < len(profile["shared"]["frames"])


def test_hostile_names_do_not_break_the_files(dumps):
    found = Machine(dumps, X64)
    seen: list = []
    list(stacks_rows(scene_of(found.dump), Wanted([VICTIM]), scan=False, seen=seen))
    bad = [replace(seen[0], names=tuple("a;b\nc" for _ in seen[0].names))]
    assert folded(bad).count("\n") == 1
    assert json.loads(speedscope(bad, "x"))


def thread_member(found: Machine, name: str) -> int:
    """Physical address of a member of the victim's first ETHREAD."""
    layout = found.scene.layouts.thread
    at = layout.members[name][0] if name in layout.members else layout.bits[name][0]
    return found.scene.space.space.translate(found.victim["threads"][0]["ethread"] + at).physical


@pytest.mark.parametrize("machine", MACHINES)
@pytest.mark.parametrize(("state", "stop"), [(4, "terminated"), (0, "never-run")])
def test_threads_without_a_stack_say_why(dumps, machine, state, stop):
    found = Machine(dumps, machine)
    found.memory.write(thread_member(found, "State"), bytes([state]))
    first = found.victim["threads"][0]["ethread"]
    (row,) = [row for row in rows_of(found, VICTIM) if row.ethread == first]
    assert (row.stop, row.frame, row.ip) == (stop, None, None)


def test_a_broken_list_of_threads_is_said(dumps):
    found = Machine(dumps, X64)
    found.memory.write(thread_member(found, "ThreadListEntry"), bytes(8))
    rows = rows_of(found, VICTIM)
    assert {row.ethread for row in rows if row.ethread} == {each["ethread"] for each in found.victim["threads"]}
    (row,) = [row for row in rows if row.process == "error"]
    assert row.note.startswith(f"{VICTIM} {found.victim['pid']}: thread list breaks: it leads to 0x0, ")


@pytest.mark.parametrize("machine", MACHINES)
def test_a_kernel_stack_that_is_not_there(dumps, machine):
    found = Machine(dumps, machine)
    first = found.victim["threads"][0]["ethread"]
    width = found.snapshot.bits // 8
    kernel_stack = int.from_bytes(found.memory.read(thread_member(found, "KernelStack"), width), "little")
    page = found.scene.space.space.translate(kernel_stack)
    found.memory.remove(page.physical >> 12)
    rows = [row for row in rows_of(found, VICTIM) if row.ethread == first]
    assert [(row.stop, row.frame) for row in rows] == [("not-in-dump", None)]
    found = Machine(dumps, machine)
    entry = page.steps[-1].entry_physical
    offset = 0x1234 << (12 if machine == X86 else 32)
    found.set_entry(entry, offset | 0x80)
    kernel = [row for row in rows_of(found, VICTIM, kernel_only=True) if row.ethread == first]
    assert [row.stop for row in kernel] == ["stack-not-resident"]


@pytest.mark.parametrize("machine", MACHINES)
def test_a_bad_page_directory_leaves_the_kernel_frames(dumps, machine):
    found = Machine(dumps, machine)
    sound = [row for row in rows_of(found, VICTIM) if row.ring == "kernel"]
    pages = [found.top] if machine != PAE else [frame(found.entry(found.top + 8 * i)) for i in range(4)]
    for page in pages:
        found.memory.write(page, b"all of this is text now. " * 163)
    rows = rows_of(found, VICTIM)
    assert [row.ip for row in rows] == [row.ip for row in sound]
    assert {row.stop for row in rows if row.stop} == {"page-directory:not-a-directory"}


def test_a_stack_of_loops_and_junk_ends(dumps):
    """Saved registers and return addresses that lead nowhere, back, or to themselves."""
    for machine in MACHINES:
        found = Machine(dumps, machine)
        first = found.victim["threads"][0]
        base = found.scene.space.space
        stack = [each["sp"] for each in first["stack"] if each["sp"] > 1 << (47 if machine.endswith("x64") else 31)]
        for number, at in enumerate(stack[1:]):
            width = found.snapshot.bits // 8
            value = (stack[number] if number % 2 else at) & ((1 << 8 * width) - 1)
            found.memory.write(base.translate(at - width).physical, value.to_bytes(width, "little"))
        rows = [row for row in rows_of(found, VICTIM) if row.ethread == first["ethread"]]
        assert rows
        assert rows[-1].stop
        assert len(rows) < 600


REAL = SHARED / "triage"


@pytest.mark.skipif(not REAL.exists(), reason="the real small dump is not beside the repository")
@pytest.mark.parametrize("symbols", [True, False])
def test_a_real_crash(symbols, monkeypatch):
    import volatility3.symbols
    from volatility3.framework import constants

    if symbols:
        monkeypatch.setattr(volatility3.symbols, "__path__", [str(SHARED / "isf"), *constants.SYMBOL_BASEPATHS])
    monkeypatch.setattr(constants, "OFFLINE", True)
    image_file = image_file_in([str(REAL)])
    scene = scene_of(open_dump(FileSource(REAL / "triage_x64.dmp")), image_file=image_file)
    reference = json.loads((REAL / "expected.json").read_text())["triage_x64.dmp"]["reference_stack"]
    wanted = [(int(each["ip"], 16), int(each["sp"], 16)) for each in reference if int(each["ip"], 16)]
    rows = list(stacks_rows(scene, Wanted(), image_file))
    places = [(row.ip, row.child_sp) for row in rows]
    exact = wanted[8:25]
    start = places.index(exact[0])
    assert places[start : start + len(exact)] == exact
    assert {row.trust for row in rows[start + 1 : start + len(exact)]} == {"unwind-info"}
    if symbols:
        found = [place for place in places if place in wanted]
        assert found == wanted, "all 36, in order"
        false = [row for row in rows if (row.ip, row.child_sp) not in wanted and row.ip]
        assert len(false) <= 30, "old return addresses between them"
        assert {row.trust for row in false} == {"scan"}, "what rests on one of them is no better"
        named = next(row for row in rows if (row.ip, row.child_sp) == wanted[24])
        assert named.symbol == "nt!IofCallDriver+0x55"


def test_images_are_matched_by_name_stamp_and_size(tmp_path, dumps):
    import pefile

    source = REAL / "amdppm.sys"
    if not source.exists():
        pytest.skip("the real driver images are not beside the repository")
    with pefile.PE(str(source), fast_load=True) as image:
        stamp, size = image.FILE_HEADER.TimeDateStamp, image.OPTIONAL_HEADER.SizeOfImage
    store = tmp_path / "store" / "amdppm.sys" / f"{stamp:08X}{size:x}"
    store.mkdir(parents=True)
    (store / "amdppm.sys").write_bytes(source.read_bytes())
    for folder in (REAL, tmp_path / "store"):
        files = ImageFiles([folder])
        assert files.find("AMDPPM.SYS", stamp, size)[:2] == b"MZ"
        assert files.find("amdppm.sys", None, size) is not None or folder != REAL
        assert files.find("amdppm.sys", stamp + 1, size) is None
        assert files.find("amdppm.sys", stamp, size + 0x1000) is None
    assert ImageFiles([tmp_path / "nowhere"]).find("amdppm.sys", stamp, size) is None
    assert ImageFiles([tmp_path]).find("../../etc/passwd", stamp, size) is None
    junk = Path(tmp_path / "junk.sys")
    junk.write_bytes(b"MZ" + bytes(100))
    assert ImageFiles([tmp_path]).find("junk.sys", None, 100) is None


@pytest.mark.parametrize("machine", [X64, "win7-x64"])
def test_missing_unwind_data_is_scanned_for_or_taken_from_a_file(dumps, machine):
    """The page of the kernel's .pdata is lost: the true frames are still found, in order; a file makes them exact."""
    found = Machine(dumps, machine)
    kernel = found.scene.modules.kernel
    whole = found.scene.memory.read(kernel.base, kernel.size)
    table, size = read_headers(found.scene.memory, kernel.base).directories[3]
    for page in range(table & ~0xFFF, table + size, 0x1000):
        found.memory.remove(found.scene.space.space.translate(kernel.base + page).physical >> 12)
    built = {t["ethread"]: [(each["ip"], each["sp"]) for each in t["stack"]]
             for p in found.snapshot.truth["processes"] for t in p["threads"] if t["stack"]}  # fmt: skip
    listed: dict[int, list] = {}
    for row in rows_of(found, kernel_only=True):
        if row.stop != "terminated":
            listed.setdefault(row.ethread, []).append(row)
    scanned = missed = 0
    for ethread, rows in listed.items():
        places = [(row.ip, row.child_sp) for row in rows]
        true = [place for place in built[ethread] if place[0] >> 63]
        scanned += sum(row.trust == "scan" for row in rows)
        missed += len([place for place in true if place not in places])
    assert scanned > 50
    assert missed * 10 <= sum(len(each) for each in built.values()), "nine frames of ten are found all the same"

    def image_file(module):
        return whole if module.base == kernel.base else None

    scene = scene_of(found.dump, image_file=image_file)
    exact: dict[int, list] = {}
    for row in stacks_rows(scene, Wanted(), image_file, scan=False):
        if row.stop != "terminated":
            exact.setdefault(row.ethread, []).append((row.ip, row.child_sp))
    assert exact == built
