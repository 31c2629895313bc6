"""A whole process of 32-bit code on x64: every plugin's two views of it, judged by the lab and by volatility3."""

from __future__ import annotations

import json

import pytest

from tests.vol.test_thread_stacks import stacks_of
from volplugins.lab.machines.catalogue import build
from volplugins.lab.world.wow64 import PROGRAM_NAME
from volplugins.lab.writers import write

MACHINES = pytest.mark.parametrize("machine", ["win10-x64", "win7-x64"])
PROGRAM = ("--process", PROGRAM_NAME)


@pytest.fixture
def made(dumps):
    """``made(machine)``: path of the dump, its truth, and the 32-bit process's part of it."""

    def make(machine: str):
        path, snapshot = dumps(machine, kind="full", wow64=True)
        (process,) = [each for each in snapshot.truth["processes"] if each["wow64"]]
        return path, snapshot.truth, process

    return make


def of(found, bits: int, section: str) -> dict[str, str]:
    """Field to Value of one width's section; no field is there twice."""
    rows = [(row["Field"], row["Value"]) for row in found if (row["Bits"], row["Section"]) == (bits, section)]
    assert len(dict(rows)) == len(rows)
    return dict(rows)


@MACHINES
def test_peb_shows_both_widths(made, rows, machine):
    path, truth, process = made(machine)
    found = rows(path, "windows.kd.peb", plugin_options=(*PROGRAM, "--teb"))
    assert {row["Bits"] for row in found} == {64, 32}
    for bits, peb, name in ((64, "peb", "user"), (32, "peb32", "user32")):
        user = truth[name][process["pid"]]
        assert int(of(found, bits, "peb")["Peb"], 16) == process[peb] < 1 << 32
        modules = [(int(base, 16), text.split(" ", 3)[3]) for base, text in of(found, bits, "modules").items()]
        assert modules == [(each["base"], each["path"]) for each in user["modules"]]
        parameters = of(found, bits, "parameters")
        assert parameters["ImageFile"] == user["parameters"]["ImagePathName"]
        assert parameters["CommandLine"] == user["parameters"]["CommandLine"]
        assert of(found, bits, "environment") == user["environment"]
        count = len(user["modules"])
        assert list(of(found, bits, "integrity").values()) == [
            f"{count} entries, complete", f"{count} entries, complete", f"{count - 1} entries, complete",
        ]  # fmt: skip
    assert of(found, 32, "environment")["PROCESSOR_ARCHITECTURE"] == "x86"
    assert {row["Note"] for row in found} <= {"", f"{PROGRAM_NAME} taken for image name"}


@MACHINES
def test_peb_shows_both_tebs_of_each_thread(made, rows, machine):
    path, _, process = made(machine)
    found = rows(path, "windows.kd.peb", plugin_options=(*PROGRAM, "--teb"))
    wide, narrow = of(found, 64, "teb"), of(found, 32, "teb")
    for thread in process["threads"]:
        title = f"{thread['tid']:x}"
        assert wide[f"{title}.ExceptionList"] == narrow[f"{title}.Self"] == narrow[f"{title}.Teb"]
        assert int(narrow[f"{title}.ProcessEnvironmentBlock"], 16) == process["peb32"]
        base, limit = (int(narrow[f"{title}.{name}"], 16) for name in ("StackBase", "StackLimit"))
        assert all(limit <= frame["sp"] < base for frame in thread["stack32"])


@MACHINES
def test_lm_names_the_list_of_each_module(made, rows, machine):
    path, truth, process = made(machine)
    found = rows(path, "windows.kd.lm", plugin_options=PROGRAM)
    wide, narrow = ({each["base"]: each for each in truth[name][process["pid"]]["modules"]}
                    for name in ("user", "user32"))  # fmt: skip
    assert [int(row["Start"], 16) for row in found] == sorted(wide | narrow)
    for row in found:
        base = int(row["Start"], 16)
        built = narrow.get(base) or wide[base]
        assert (row["Source"], row["Path"]) == ("ldr32" if base in narrow else "ldr", built["path"])
        assert int(row["End"], 16) - base == built["size"]
        assert (row["InLoad"], row["InMemory"], row["Mapped"]) == (True, True, True)
        assert row["Note"] in ("", f"{PROGRAM_NAME} taken for image name")
        assert row["InInit"] == (not row["Path"].endswith(PROGRAM_NAME))
    assert {row["Pdb"] for row in found} == {
        "ntdll.pdb", "wntdll.pdb", "wow64.pdb", "wow64cpu.pdb", "legacy32.pdb",
    }  # fmt: skip


@MACHINES
def test_stacks_go_on_into_32_bit_code(made, rows, machine):
    path, _, process = made(machine)
    found = rows(path, "windows.kd.stacks", plugin_options=PROGRAM)
    assert {row["TID"] for row in found} == {thread["tid"] for thread in process["threads"]}
    for thread in process["threads"]:
        mine = [row for row in found if row["TID"] == thread["tid"]]
        rings = [("kernel" if frame["ip"] >> 63 else "user") for frame in thread["stack"]]
        built = [*zip(rings, thread["stack"], strict=True), *(("wow64", frame) for frame in thread["stack32"])]
        assert [(row["Ring"], int(row["IP"], 16), int(row["ChildSP"], 16)) for row in mine] == [
            (ring, frame["ip"], frame["sp"]) for ring, frame in built
        ]
        assert [row["Ring"] for row in mine].count("wow64") == 4
        narrow = [row for row in mine if row["Ring"] == "wow64"]
        assert [row["Trust"] for row in narrow] == ["wow64-context", "scan", "frame-pointer", "frame-pointer"]
        assert narrow[0]["Symbol"].startswith("ntdll!NtWaitForSingleObject+0x")
        assert [row["Stop"] for row in mine if row["Stop"]] == ["end-of-stack"]


@pytest.mark.parametrize("host", [0, 1])
@MACHINES
def test_every_frame_at_other_addresses_and_with_shadow_directories(machine, host, tmp_path):
    snapshot = build(machine, base=2, host=host, sections=True, wow64=True)
    built = {
        thread["ethread"]: [(frame["ip"], frame["sp"]) for frame in (*thread["stack"], *thread["stack32"])]
        for process in snapshot.truth["processes"]
        for thread in process["threads"]
    }
    path = write(snapshot, "full", tmp_path / "machine.dmp")
    assert {ethread: frames for _, ethread, _, frames in stacks_of(path)} == built


@MACHINES
def test_the_process_row_says_so_and_no_other_does(made, rows, machine):
    path, truth, process = made(machine)
    found = rows(path, "windows.kd.process")
    assert {row["PID"] for row in found} == {each["pid"] for each in truth["processes"]}
    assert [row["PID"] for row in found if row["Wow64"]] == [process["pid"]]


@MACHINES
def test_addresses_of_both_sides_have_their_use(made, rows, machine):
    path, truth, process = made(machine)
    found = [row for row in rows(path, "windows.kd.address", plugin_options=PROGRAM) if row["State"] != "MEM_FREE"]
    built = truth["regions"][process["pid"]]
    assert [(int(row["Start"], 16), int(row["End"], 16), row["State"]) for row in found] == [
        (each["start"], each["end"], each["state"]) for each in built
    ]
    named = [(row["Usage"], each["usage"]) for row, each in zip(found, built, strict=True)]
    assert all(mine == theirs for mine, theirs in named if theirs != "Unknown")
    assert {"Stack", "Stack32", "TEB", "TEB32", "PEB", "PEB32", "Heap", "Image"} <= {each["usage"] for each in built}


@MACHINES
def test_volatility3_sees_the_same(made, rows, vol, machine):
    path, truth, process = made(machine)

    def theirs(plugin: str, *options: str):
        done = vol("-r", "json", "-f", str(path), plugin, *options)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout[done.stdout.index("[") :])

    listed = theirs("windows.pslist")
    assert [row["PID"] for row in listed if row["Wow64"]] == [process["pid"]]
    pid = ("--pid", str(process["pid"]))
    modules = theirs("windows.dlllist", *pid)
    both = [*truth["user"][process["pid"]]["modules"], *truth["user32"][process["pid"]]["modules"]]
    assert [(row["Base"], row["Size"], row["Path"]) for row in modules] == [
        (each["base"], each["size"], each["path"]) for each in both
    ]
    mine = {(row["Start"], row["InLoad"], row["InInit"], row["InMemory"])
            for row in rows(path, "windows.kd.lm", plugin_options=PROGRAM)}  # fmt: skip
    marked = theirs("windows.malware.ldrmodules", *pid)
    assert mine == {(f"{row['Base']:#018x}", row["InLoad"], row["InInit"], row["InMem"]) for row in marked}


def test_an_x86_machine_has_no_such_process():
    with pytest.raises(ValueError, match="32-bit code only"):
        build("win7-x86-pae", wow64=True)
