"""Images that export little: the nearest export below an address is hardly ever the function that it lies in."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from tests.lab.dump_bytes import DumpBytes, full_dump
from volplugins.lab.machine.snapshot import Snapshot
from volplugins.lab.machines.catalogue import MACHINES, build


@pytest.fixture(scope="module", params=MACHINES)
def sparse(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Snapshot, DumpBytes]:
    snapshot = build(request.param, "page-fault", 1, 1, sparse=True)
    return snapshot, full_dump(snapshot, tmp_path_factory.mktemp("sparse"))


def _exports(dump: DumpBytes, base: int) -> dict[str, int]:
    """Names and offsets in the export directory of the image in memory; forwarders lead into the directory itself."""
    nt = base + dump.number(base + 0x3C, 4)
    directory = nt + 24 + (112 if dump.wide else 96)
    start, size = dump.number(directory, 4), dump.number(directory + 4, 4)
    if not start:
        return {}
    count = dump.number(base + start + 0x18, 4)
    functions, names, ordinals = (dump.number(base + start + at, 4) for at in (0x1C, 0x20, 0x24))
    found = {}
    for index in range(count):
        at = base + dump.number(base + names + 4 * index, 4)
        name = dump.read(at, min(64, 0x1000 - at % 0x1000)).partition(b"\0")[0].decode()
        ordinal = dump.number(base + ordinals + 2 * index, 2)
        rva = dump.number(base + functions + 4 * ordinal, 4)
        if not start <= rva < start + size:
            found[name] = rva
    return found


def test_the_kernel_exports_few_and_drivers_their_entry(sparse: tuple[Snapshot, DumpBytes]) -> None:
    snapshot, dump = sparse
    for module in snapshot.truth["modules"]:
        exports = _exports(dump, module["base"])
        if module["name"] == "nt":
            functions = set(snapshot.truth["symbols"]["nt"])
            assert 5 <= len(exports) <= len(functions) // 5
            assert {"PsLoadedModuleList", "NtBuildNumber", "KeBugCheckEx"} <= set(exports) <= functions
        elif module["name"] != "hal":
            assert list(exports) == ["DriverEntry"]
        assert exports == snapshot.truth["exports"][module["name"]]


def test_what_drivers_import_is_exported(sparse: tuple[Snapshot, DumpBytes]) -> None:
    snapshot, dump = sparse
    exports = set(_exports(dump, snapshot.truth["modules"][0]["base"]))
    for module in snapshot.truth["modules"][2:]:
        base = module["base"]
        directory = base + dump.number(base + 0x3C, 4) + 24 + (112 if dump.wide else 96) + 8
        at = base + dump.number(directory, 4)
        lookup = base + dump.number(at, 4)
        while hint := dump.pointer(lookup):
            name = dump.read(base + hint + 2, 40).partition(b"\0")[0].decode()
            assert name in exports, (module["name"], name)
            lookup += dump.word


def test_the_nearest_export_is_wrong_for_most_true_frames(sparse: tuple[Snapshot, DumpBytes]) -> None:
    snapshot, dump = sparse
    nt = snapshot.truth["modules"][0]
    exports = {rva: name for name, rva in _exports(dump, nt["base"]).items()}
    inside = [frame for frame in snapshot.truth["stack"] if 0 <= frame["ip"] - nt["base"] < nt["size"]]
    nearest = [exports[max(at for at in exports if at <= frame["ip"] - nt["base"])] for frame in inside]
    right = [frame["symbol"].startswith(f"nt!{name}") for frame, name in zip(inside, nearest, strict=True)]
    assert len(inside) >= 6 and sum(right) * 2 < len(right)


def test_no_pdb_of_it_is_known_and_its_code_is_the_same(sparse: tuple[Snapshot, DumpBytes]) -> None:
    snapshot, dump = sparse
    usual = build(snapshot.machine, "page-fault", 1, 1)
    for ours, theirs in zip(snapshot.truth["modules"], usual.truth["modules"], strict=True):
        assert ours["guid"] != theirs["guid"] and ours["base"] == theirs["base"] and ours["size"] == theirs["size"]
    assert [frame["ip"] for frame in snapshot.truth["stack"]] == [frame["ip"] for frame in usual.truth["stack"]]
    base = snapshot.truth["modules"][0]["base"]
    debug = base + dump.number(base + 0x3C, 4) + 24 + (112 if dump.wide else 96) + 48
    record = base + dump.number(base + dump.number(debug, 4) + 20, 4)
    assert dump.read(record, 4) == b"RSDS"
    guid = struct.unpack("<IHH8s", dump.read(record + 4, 16))
    text = f"{guid[0]:08X}{guid[1]:04X}{guid[2]:04X}{guid[3].hex().upper()}"
    assert text == snapshot.truth["modules"][0]["guid"]
    assert not list((Path(__file__).parents[2] / "symbols").rglob(f"{text}*"))


@pytest.mark.parametrize("machine", ["win7-x86-pae", "xp-x86"])
def test_the_chain_of_ebp_is_whole(machine: str, tmp_path: Path) -> None:
    snapshot = build(machine, "page-fault", 1, 1, sparse=True)
    dump = full_dump(snapshot, tmp_path)
    ebp, returns = struct.unpack_from("<I", dump.context, 0xB4)[0], []
    while ebp >= 0x80000000 and len(returns) < 64:
        returns.append(dump.pointer(ebp + 4))
        following = dump.pointer(ebp)
        assert following > ebp or following < 0x80000000
        ebp = following
    assert snapshot.truth["fault_ip"] in returns and len(returns) >= 8
