"""windows.kd.lm: every module of every process and of the kernel, judged by the lab and by volatility3."""

from __future__ import annotations

import json
import struct
import subprocess
import sys
from itertools import product
from pathlib import Path

import pytest

from tests.image.pe_files import pe_file
from tests.sampling import sampled
from tests.vol.test_peb_damaged import MODES, NTDLL, PROGRAM, Patient
from volplugins.address.section_files import SectionFiles
from volplugins.kernel.layouts import built_in
from volplugins.lab.machine.image_sources import machine_images
from volplugins.loader.module import Module
from volplugins.memory.reader import SegmentReader
from volplugins.vol.commands.lm.row import LmRow, row_of
from volplugins.vol.commands.lm.rows import Wanted, _Images, _with_image, lm_rows
from volplugins.vol.scene.crash_scene import scene_of
from volplugins.vol.symbols.image_facts import ImageFactsReader

HEX = ("Start", "End")
MACHINES = ("win10-x64", "win7-x64", "win7-x86-pae", "xp-x86")


@pytest.fixture
def listed(rows):
    """Rows of windows.kd.lm with their addresses as numbers."""

    def ask(path, *options: str):
        found = rows(path, "windows.kd.lm", plugin_options=options)
        return [{**row, **{name: int(row[name], 16) if row[name] else None for name in HEX}} for row in found]

    return ask


@pytest.mark.parametrize("machine", MACHINES)
def test_every_process_has_the_modules_that_the_lab_mapped(dumps, listed, machine):
    path, snapshot = dumps(machine, kind="full")
    found = listed(path)
    for pid, user in snapshot.truth["user"].items():
        mine = {row["Start"]: row for row in found if row["PID"] == pid}
        modules = user["modules"]
        assert {at: (row["End"] - at, row["Path"]) for at, row in mine.items()} == {
            each["base"]: (each["size"], each["path"]) for each in modules
        }
        program, ntdll = mine[modules[PROGRAM]["base"]], mine[modules[NTDLL]["base"]]
        for row in (program, ntdll):
            assert (row["InLoad"], row["InMemory"], row["Mapped"], row["Source"]) == (True, True, True, "ldr")
            assert row["Note"] == ""
        assert (program["InInit"], ntdll["InInit"]) == (False, True)
        assert (ntdll["Status"], ntdll["Pdb"], program["Status"]) == ("export symbols", "ntdll.pdb", "no symbols")
    assert not [row for row in found if row["Process"] == "error"]


@pytest.mark.parametrize("machine", sampled(MACHINES, 2))
def test_volatility3_sees_the_same(dumps, listed, vol, machine):
    path, _ = dumps(machine, kind="full")
    done = vol("-r", "json", "-f", str(path), "windows.malware.ldrmodules")
    assert done.returncode == 0, done.stderr
    theirs = json.loads(done.stdout[done.stdout.index("[") :])
    mine = {(row["PID"], row["Start"], row["InLoad"], row["InInit"], row["InMemory"])
            for row in listed(path) if row["Start"]}  # fmt: skip
    assert mine == {(row["Pid"], row["Base"], row["InLoad"], row["InInit"], row["InMem"]) for row in theirs} != set()


@pytest.mark.parametrize("machine", ["win10-x64", "win7-x64"])
def test_memprocfs_sees_the_same(dumps, listed, machine):
    path, snapshot = dumps(machine, kind="full")
    command = [sys.executable, str(Path(__file__).parent / "memprocfs_processes.py"), str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    if done.returncode:
        pytest.skip(f"MemProcFS does not run here: {done.stderr.strip()[-200:]}")
    theirs = json.loads(done.stdout)
    found = listed(path)
    for pid in snapshot.truth["user"]:
        mine = {(row["Start"], row["End"] - row["Start"], row["Module"].lower()) for row in found if row["PID"] == pid}
        # it lists the kernel's modules too for processes of a session's own
        user = [each for each in theirs[str(pid)]["modules"] if each[0] < 1 << 47]
        assert mine == {(base, size, name.lower()) for base, size, name in user}


@pytest.mark.parametrize(("machine", "kind"), sampled(product(MACHINES, ["full", "bitmap-kernel", "triage"]), 2))
def test_kernel_modules(dumps, listed, machine, kind):
    path, snapshot = dumps(machine, kind=kind)
    found = listed(path, "--kernel-modules")
    loaded = [row for row in found if row["Source"] in ("loaded-list", "triage")]
    assert {(row["Start"], row["End"] - row["Start"]) for row in loaded} == {
        (module["base"], module["size"]) for module in snapshot.truth["modules"]
    }
    # nothing in a small dump of the lab's XP says which kernel table fits
    status = "no symbols" if (machine, kind) == ("xp-x86", "triage") else "pdb symbols"
    assert [row["Status"] for row in loaded if row["Module"].startswith("nt")][:1] == [status]
    if kind == "full":
        assert {row["Module"] for row in found if row["Source"] == "unloaded"}
        assert all(row["Version"] and row["GuidAge"] for row in loaded)


def test_the_module_of_an_address(dumps, listed):
    path, snapshot = dumps("win10-x64", kind="full")
    kernel = next(each for each in snapshot.truth["modules"] if each["name"] == "nt")
    text = f"{kernel['base'] + 0x123:x}"
    options = ("--addr", f"{text[:8]}`{text[8:]}", "0x10", "zz")
    found = listed(path, *options)
    assert [row["Start"] for row in found if row["Process"] != "error"] == [kernel["base"]]
    assert [row["Note"] for row in found if row["Process"] == "error"] == ["zz: no address", "no module holds 0x10"]
    pid, user = next(iter(snapshot.truth["user"].items()))
    program = user["modules"][PROGRAM]["base"]
    options = ("--pid", str(pid), "--addr", f"{program + 0x1234:x}")
    assert [row["Start"] for row in listed(path, *options)] == [program]


@pytest.mark.parametrize("kind", ["bitmap-kernel", "triage"])
def test_dumps_without_user_memory(dumps, listed, kind):
    path, snapshot = dumps("win7-x64", kind=kind)
    found = listed(path)
    if kind == "triage":
        assert [row["Note"] for row in found] == [
            "user memory is not in this kind of dump; --kernel-modules shows the kernel's modules"
        ]
        return
    for pid, user in snapshot.truth["user"].items():
        mine = [row for row in found if row["PID"] == pid]
        assert {row["Start"] for row in mine if row["Start"]} == {each["base"] for each in user["modules"]}
        assert {row["Status"] for row in mine if row["Start"]} == {"deferred"}
        assert "not-in-dump; modules from the VADs" in mine[-1]["Note"]


def report(patient: Patient) -> list[LmRow]:
    found = list(lm_rows(scene_of(patient.dump), Wanted([f"pid:{patient.victim['pid']}"], scan=False)))
    assert not [row for row in found if row.process == "error"]
    return found


@MODES
def test_unlinked_and_unmapped_modules_are_marked(dumps, name):
    patient = Patient(dumps, name)
    victim, width = patient.entries()[NTDLL], patient.width
    for order in range(3):
        links = victim + order * 2 * width
        after, before = patient.pointer(links), patient.pointer(links + width)
        patient.set_pointer(before, after)
        patient.set_pointer(after + width, before)
    patient.set_pointer(patient.entries()[PROGRAM] + (0x30 if patient.bits == 64 else 0x18), 0x11110000)
    found = {row.start: row for row in report(patient)}
    ntdll, program = (patient.modules()[which]["base"] for which in (NTDLL, PROGRAM))
    assert set(found) == {ntdll, program, 0x11110000}
    for base in (ntdll, program):
        row = found[base]
        assert (row.in_load, row.mapped, row.source, row.note) == (False, True, "vad", "mapped, in none of the lists")
        path = patient.modules()[NTDLL if base == ntdll else PROGRAM]["path"]
        assert row.path.lower() == path.partition(":")[2].lower(), "named by the file that is mapped"
        assert row.module == row.path.rsplit("\\", 1)[-1]
    ghost = found[0x11110000]
    assert (ghost.in_load, ghost.mapped, ghost.status) == (True, False, "deferred")
    assert ghost.note == "listed, but no image is mapped there; headers are not in memory"


@MODES
def test_another_size_than_is_mapped(dumps, name):
    patient = Patient(dumps, name)
    at = patient.entries()[NTDLL] + (0x40 if patient.bits == 64 else 0x20)
    patient.memory.write(patient.physical(at), (0x9000).to_bytes(4, "little"))
    (row,) = [row for row in report(patient) if row.start == patient.modules()[NTDLL]["base"]]
    assert "the list says 0x9000 bytes" in row.note and "SizeOfImage is 0x" in row.note


@MODES
def test_headers_that_are_not_in_memory(dumps, name):
    patient = Patient(dumps, name)
    base = patient.modules()[PROGRAM]["base"]
    patient.remove_page(base)
    (row,) = [row for row in report(patient) if row.start == base]
    assert (row.status, row.mapped, row.note) == ("deferred", True, "headers are not in memory")


@MODES
def test_a_list_that_names_another_file_than_the_one_that_is_mapped(dumps, name):
    patient = Patient(dumps, name)
    entry = patient.entries()[NTDLL]
    base, full = (0x58, 0x48) if patient.bits == 64 else (0x2C, 0x24)
    for at in (base, full):
        text = patient.pointer(entry + at + patient.width)
        length = int.from_bytes(patient.memory.read(patient.physical(entry + at), 2), "little")
        end = patient.physical(text + length - 2 * len("ntdll.dll"))
        patient.memory.write(end, "other.dll".encode("utf-16-le"))
    (row,) = [row for row in report(patient) if row.start == patient.modules()[NTDLL]["base"]]
    assert (row.module, row.path.rsplit("\\", 1)[-1]) == ("other.dll", "other.dll")
    assert "the file mapped there is \\W" in row.note and row.note.lower().endswith("ntdll.dll")


@MODES
def test_what_memory_lacks_comes_from_the_images_file(dumps, name):
    patient = Patient(dumps, name)
    base, size = (patient.modules()[NTDLL][key] for key in ("base", "size"))
    data = bytes(patient.space.read(base, size))
    whole = next(row for row in report(patient) if row.start == base)
    patient.remove_page(base)
    bare = next(row for row in report(patient) if row.start == base)
    assert (bare.status, bare.pdb) == ("deferred", "")
    asked = []

    def image_file(module):
        asked.append((module.image_name, module.size))
        return data if module.base == base else None

    found = lm_rows(scene_of(patient.dump), Wanted([f"pid:{patient.victim['pid']}"], scan=False), None, image_file)
    row = next(row for row in found if row.start == base)
    assert (row.status, row.pdb, row.guid_age) == (whole.status, whole.pdb, whole.guid_age)
    assert "from the image's file" in row.note
    assert ("ntdll.dll", size) in asked


def test_a_cut_header_takes_nothing_from_what_the_list_says():
    """hal.dll of a real small dump: the bytes that are there end inside the optional header."""
    image = pe_file(machine_images("win10-x64")["acmedrv"])
    (pe,) = struct.unpack_from("<I", image, 0x3C)
    base = 0xFFFFF80000000000
    listed = row_of(None, Module(base, 0x5000, "hal.dll", "", 0x4F8E85A9, 0xE231, "triage"), True)
    memory = SegmentReader({base: image[: pe + 24 + 40]})
    row = _with_image(_Images(ImageFactsReader(), SectionFiles(memory, built_in(64, 19041), 64), None), memory, listed)
    assert (row.checksum, row.status) == (0xE231, "deferred")
    assert "optional header cut short" in row.note and "in the header" not in row.note
