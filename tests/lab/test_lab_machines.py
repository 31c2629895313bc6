"""The made-up machines: what the header, the lists, the page tables and the truth say agrees."""

from __future__ import annotations

import json
import lzma
import struct
from pathlib import Path

import pytest

from tests.lab.machine_memory import kernel_bytes, made, pointer, translate
from tests.sampling import in_turn
from volplugins.lab.machine.profiles import HOSTS, PROFILES
from volplugins.lab.machine.snapshot import Snapshot
from volplugins.lab.machines.catalogue import BASES, FAULTS, MACHINES, build, faults_of
from volplugins.lab.writers.symbol_tables import packed, symbol_table, table_path

SYMBOLS = Path(__file__).parents[2] / "symbols"
EVERY = [(machine, fault) for machine in MACHINES for fault in faults_of(machine)]


@pytest.fixture(params=MACHINES)
def snapshot(request: pytest.FixtureRequest) -> Snapshot:
    return made(request.param)


@pytest.mark.parametrize(("machine", "fault"), in_turn(EVERY))
def test_every_fault_is_made_and_stays_in_described_memory(machine: str, fault: str) -> None:
    made_up = made(machine, fault)
    described = {pfn for base, count in made_up.runs for pfn in range(base, base + count)}
    assert set(made_up.pages) <= described
    assert made_up.kernel_pfns <= described
    assert set(made_up.virtual.values()) <= made_up.kernel_pfns
    assert len(made_up.runs) > 1
    assert 32 << 20 <= 0x1000 * sum(count for _, count in made_up.runs) <= 64 << 20
    assert all(len(page) == 0x1000 for page in made_up.pages.values())


def test_unknown_names_are_refused() -> None:
    for wrong in (("win11-arm", "driver-read", 0, 0), ("win10-x64", "no-fault", 0, 0), ("xp-x86", "dpc-watchdog", 0, 0),
                  ("win10-x64", "driver-read", BASES, 0), ("win10-x64", "driver-read", 0, len(HOSTS))):  # fmt: skip
        with pytest.raises(ValueError, match="no "):
            build(*wrong)


def test_two_builds_are_equal(snapshot: Snapshot) -> None:
    again = build(snapshot.machine)
    assert again == snapshot


def test_lists_agree_with_the_truth(snapshot: Snapshot) -> None:
    structures = PROFILES[snapshot.machine].structures
    width = snapshot.bits // 8
    modules = []
    entry = pointer(snapshot, snapshot.header["PsLoadedModuleList"])
    name = "_KLDR_DATA_TABLE_ENTRY" if structures.has("_KLDR_DATA_TABLE_ENTRY") else "_LDR_DATA_TABLE_ENTRY"
    while entry != snapshot.header["PsLoadedModuleList"]:
        modules.append(pointer(snapshot, entry + structures.offset(name, "DllBase")))
        assert pointer(snapshot, pointer(snapshot, entry + width)) == entry
        entry = pointer(snapshot, entry)
    assert modules == [module["base"] for module in snapshot.truth["modules"]]
    links = structures.offset("_EPROCESS", "ActiveProcessLinks")
    process = pointer(snapshot, snapshot.header["PsActiveProcessHead"])
    found = []
    while process != snapshot.header["PsActiveProcessHead"]:
        found.append(process - links)
        process = pointer(snapshot, process)
    assert found == [each["eprocess"] for each in snapshot.truth["processes"]]
    assert len(found) >= 8
    assert any(each["exited"] for each in snapshot.truth["processes"])


def test_thread_lists_agree_with_the_truth(snapshot: Snapshot) -> None:
    structures = PROFILES[snapshot.machine].structures
    entry_at = structures.offset("_ETHREAD", "ThreadListEntry")
    for process in snapshot.truth["processes"]:
        head = process["eprocess"] + structures.offset("_EPROCESS", "ThreadListHead")
        found, entry = [], pointer(snapshot, head)
        while entry != head:
            found.append(entry - entry_at)
            entry = pointer(snapshot, entry)
        assert found == [thread["ethread"] for thread in process["threads"]]


def test_identifiers_are_unique(snapshot: Snapshot) -> None:
    processes = snapshot.truth["processes"]
    numbers = [each["pid"] for each in processes] + [t["tid"] for each in processes for t in each["threads"]]
    assert len(numbers) == len(set(numbers))
    assert all(number % 4 == 0 for number in numbers)


@pytest.mark.parametrize("machine", MACHINES)
@pytest.mark.parametrize("host", range(len(HOSTS)))
def test_page_tables_lead_where_the_page_map_says(machine: str, host: int) -> None:
    made_up = made(machine, host=host)
    for directory in (made_up.truth["system_directory"], made_up.header["DirectoryTableBase"]):
        for address, pfn in made_up.virtual.items():
            assert translate(made_up, directory, address) == pfn << 12, hex(address)
    assert translate(made_up, made_up.truth["system_directory"], made_up.header["BugCheckParameter1"]) is None


@pytest.mark.parametrize("machine", MACHINES)
def test_self_map_and_shared_user_data_of_every_process(machine: str) -> None:
    made_up = made(machine)
    shared = 0xFFFFF78000000000 if made_up.bits == 64 else 0xFFDF0000
    for pid, directory in made_up.truth["directories"].items():
        if made_up.bits == 64:
            slot = made_up.truth["self_map"]
            at = 0xFFFF << 48 | slot << 39 | slot << 30 | slot << 21 | slot << 12
            assert translate(made_up, directory, at) == directory
        else:
            at = 0xC0600000 if made_up.pae else 0xC0300000
            first = translate(made_up, directory, at)
            top = made_up.pages[directory >> 12][directory & 0xFFF :]
            assert first == (int.from_bytes(top[:8], "little") & ~0xFFF if made_up.pae else directory)
            assert directory % (0x20 if made_up.pae else 0x1000) == 0
        if pid != 4:
            assert translate(made_up, directory, 0x7FFE0000) == translate(made_up, directory, shared)


def test_debugger_data_block(snapshot: Snapshot) -> None:
    block = kernel_bytes(snapshot, snapshot.header["KdDebuggerDataBlock"], 0x290)
    mask = (1 << snapshot.bits) - 1
    assert block[0x10:0x14] == b"KDBG"
    nt = snapshot.truth["modules"][0]
    assert struct.unpack_from("<Q", block, 0x18)[0] & mask == nt["base"]
    for offset, field in ((0x48, "PsLoadedModuleList"), (0x50, "PsActiveProcessHead")):
        assert struct.unpack_from("<Q", block, offset)[0] & mask == snapshot.header[field]
    processors = struct.unpack_from("<Q", block, 0x218)[0] & mask
    prcbs = [pointer(snapshot, processors + index * snapshot.bits // 8) for index in range(2)]
    assert prcbs == [each["prcb"] for each in snapshot.truth["processors"]]
    current = PROFILES[snapshot.machine].structures.offset("_KPRCB", "CurrentThread")
    assert pointer(snapshot, prcbs[0] + current) == snapshot.truth["thread"]["ethread"]


def test_context_is_the_one_in_the_processor_block(snapshot: Snapshot) -> None:
    at = PROFILES[snapshot.machine].structures.offset("_KPRCB", "ProcessorState.ContextFrame")
    prcb = snapshot.truth["processors"][0]["prcb"]
    assert kernel_bytes(snapshot, prcb + at, len(snapshot.context)) == snapshot.context


@pytest.mark.parametrize("machine", MACHINES)
def test_layouts_and_computers_differ_but_images_do_not(machine: str) -> None:
    variants = [made(machine, base=base, host=host) for base in range(BASES) for host in range(len(HOSTS))]
    identities = {tuple((m["guid"], m["timestamp"], m["size"]) for m in each.truth["modules"]) for each in variants}
    assert len(identities) == 1
    assert len({each.truth["modules"][0]["base"] for each in variants}) == BASES
    assert len({each.truth["process"]["eprocess"] for each in variants}) == len(variants)
    assert len({each.truth["culprit_rva"] for each in variants}) == 1
    assert len({each.header["SystemTime"] for each in variants}) == len(HOSTS)


@pytest.mark.parametrize(("machine", "fault"), in_turn(EVERY))
def test_manual_crashes_and_culprits(machine: str, fault: str) -> None:
    truth = made(machine, fault).truth
    manual = {"notmyfault": "notmyfault", "keyboard": "keyboard", "keyboard-usb": "keyboard", "debugger": "debugger",
              "nmi": "nmi"}  # fmt: skip
    assert truth["manual"] == manual.get(fault, "")
    symbols = [frame["symbol"] for frame in truth["stack"]]
    if truth["culprit"] and fault != "power":
        assert any(symbol.startswith(truth["culprit"] + "!") for symbol in symbols)
    if fault == "myfault-loaded-only":
        assert "myfault" in [module["name"] for module in truth["modules"]]
        assert not any(symbol.startswith("myfault!") for symbol in symbols)
    if fault == "debugger":
        assert not any(symbol.startswith(("i8042prt", "kbd")) for symbol in symbols)


@pytest.mark.parametrize("machine", MACHINES)
def test_symbol_tables_are_up_to_date(machine: str) -> None:
    path = table_path(PROFILES[machine], SYMBOLS)
    assert json.loads(lzma.decompress(path.read_bytes())) == symbol_table(PROFILES[machine]), (
        "run python -m volplugins.lab.writers.symbol_tables"
    )
    assert packed(PROFILES[machine]) == packed(PROFILES[machine])


def test_all_faults_are_listed() -> None:
    assert set(FAULTS) == {fault for machine in MACHINES for fault in faults_of(machine)}
