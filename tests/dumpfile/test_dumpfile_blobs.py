"""What tagged blobs are called and what is read out of them: made ones, hostile ones, and those of the real dumps."""

import struct
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_dumps import FILETIME, live
from made_triage import triage

from volplugins.dumpfile import blob_facts
from volplugins.dumpfile.blob_facts import MOST_FACTS, BlobFacts, facts_of
from volplugins.dumpfile.dump import open_dump
from volplugins.dumpfile.secondary_data import Blob
from volplugins.dumpfile.source import BytesSource, FileSource

REAL = Path(__file__).parents[2].parent / "shared" / "data" / "triage"
LOG, DRIVERS = UUID("54c84888-01d1-4c1e-bed6-282c98241303"), UUID("f87e4a4c-c5a1-4d2f-bff0-d5de63a5e4c3")
SMBIOS, PROCESSOR = UUID("bc5c008f-1e3a-44d7-988d-86f6884c6758"), UUID("6c7ac389-4313-47dc-9f34-a8800a0fb56c")
BOOT, NTFS = UUID("f57308df-cc45-4e01-ad76-29a4ebb010ec"), UUID("00afe9c4-940d-4213-8016-cd3719b5bc20")
CRASHED, OTHER = UUID("be84d651-a550-4367-8e63-ab792b631f94"), UUID("12345678-9abc-def0-1234-56789abcdef0")
TAGS = (LOG, DRIVERS, SMBIOS, PROCESSOR, BOOT, NTFS, CRASHED, OTHER)


def told(tag: UUID, data: bytes, bits: int = 64) -> BlobFacts:
    return facts_of(BytesSource(data), Blob(tag, 0, len(data)), bits)


def pairs(tag: UUID, data: bytes, bits: int = 64) -> list[tuple[str, str]]:
    return [(fact.field, fact.value) for fact in told(tag, data, bits).facts]


@pytest.mark.parametrize("bits", [32, 64])
def test_log_of_a_driver(bits: int) -> None:
    pointer = "Q" if bits == 64 else "I"
    head = struct.pack(f"<16s{pointer}IHHI32s2x", bytes(16), 0x1234, 0xFB8, 0x54, 0x38, 7, b"acmedrv")
    head = head.ljust(-(-len(head) // (bits // 8)) * (bits // 8), b"\0")
    records = b"".join(
        struct.pack("<2sHI", mark, size, 1).ljust(size, b"x") for mark, size in ((b"LR", 0x1C), (b"L2", 0x30))
    )
    found = told(LOG, head + records + b"LR\0\0" + bytes(64), bits)
    assert [(fact.field, fact.value) for fact in found.facts] == [
        ("driver", "acmedrv"), ("log", "4024 bytes"), ("records", "2"),
    ]  # fmt: skip
    assert "last sequence number 7" in found.facts[2].note
    assert "fxifr.h" in found.tag.source


@pytest.mark.parametrize("bits", [32, 64])
def test_framework_drivers(bits: int) -> None:
    entry = "<QIII32s4x" if bits == 64 else "<IIII32s"
    data = b"".join(
        struct.pack(entry, 1, 1, minor, 0, name) for minor, name in ((31, b"Wdf01000"), (15, b"acme"), (0, b""))
    )
    found = told(DRIVERS, data, bits).facts
    assert [(f.value, f.note) for f in found] == [("Wdf01000", "framework 1.31.0"), ("acme", "framework 1.15.0")]


def test_boot_status() -> None:
    data = bytearray(0x88)
    struct.pack_into("<IIBBBB", data, 0, 0x88, 1, 0, 30, 1, 0)
    struct.pack_into("<Q", data, 0x20, FILETIME)
    struct.pack_into("<BB", data, 0x30, 1, 1)
    struct.pack_into("<II", data, 0x34, 6, 2)
    found = {fact.field: fact for fact in told(BOOT, bytes(data)).facts}
    assert found["version"].value == "136"
    assert found["last boot succeeded"].value == "yes"
    assert found["last boot shutdown"].value == "no"
    assert found["last reference time"].filetime == FILETIME
    assert (found["last boot id"].value, found["last successful shutdown boot id"].value) == ("6", "2")
    assert [name for name, _ in pairs(BOOT, struct.pack("<IIB", 9, 1, 1))] == [
        "version", "product type", "auto advanced boot",
    ]  # fmt: skip


def test_smbios() -> None:
    bios = struct.pack("<BBHBBHB", 0, 24, 0, 1, 2, 0, 3).ljust(24, b"\0") + b"Acme\0001.0\00001/02/2024\0\0"
    system = struct.pack("<BBHBBBB", 1, 27, 1, 1, 2, 0, 3).ljust(27, b"\0") + b"Acme\0Road Runner\0SECRET\0\0"
    empty = struct.pack("<BBH", 9, 4, 2) + b"\0\0"
    table = bios + empty + system + struct.pack("<BBH", 127, 4, 3) + b"\0\0" + bios
    found = pairs(SMBIOS, bytes([0, 3, 1, 0]) + struct.pack("<I", len(table)) + table)
    assert found == [
        ("SMBIOS version", "3.1"), ("BIOS vendor", "Acme"), ("BIOS version", "1.0"),
        ("BIOS release date", "01/02/2024"),
        ("system manufacturer", "Acme"), ("system product", "Road Runner"),
    ]  # fmt: skip


def value(name: str, kind: int, data: bytes) -> bytes:
    text = (name + "\0").encode("utf-16-le")
    return struct.pack("<I", len(text)) + text + struct.pack("<II", kind, len(data)) + data


def test_registry_values() -> None:
    name = "Acme CPU\0".encode("utf-16-le")
    data = value("~MHz", 4, struct.pack("<I", 3593)) + value("Data", 3, bytes(16)) + value("Name", 1, name)
    assert pairs(PROCESSOR, data) == [("~MHz", "3593"), ("Name", "Acme CPU")]
    assert pairs(PROCESSOR, data[:-1]) == [("~MHz", "3593")]


def test_texts_of_a_black_box() -> None:
    path = "\\Device\\HarddiskVolume3\\acme.exe"
    found = told(CRASHED, struct.pack("<II", 1, 0) + (path + "\0").encode("utf-16-le"))
    assert [(fact.field, fact.value) for fact in found.facts] == [("text", path)]
    assert found.tag.name == "black box: crashed process"
    assert told(NTFS, bytes(64)).facts == ()


def test_unknown_ones_say_so() -> None:
    assert (told(OTHER, b"abc").tag.name, told(OTHER, b"abc").tag.source) == ("unknown", "")
    log = told(OTHER, b"acmelog".ljust(28, b"\0") + b"WPLg" + bytes(64))
    assert (log.tag.name, [fact.value for fact in log.facts]) == ("WPP recorder log", ["acmelog"])
    assert told(OTHER, b"acme".ljust(64, b"\0") + b"\1\0\1\0").tag.name == "WPP recorder log"


def test_what_is_left_out_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    many = told(DRIVERS, struct.pack("<QIII32s4x", 1, 1, 15, 0, b"acme") * (MOST_FACTS + 1))
    assert (len(many.facts), many.cut) == (MOST_FACTS, f"more than {MOST_FACTS} rows; the rest is left out")
    monkeypatch.setattr(blob_facts, "MOST_BYTES", 64)
    assert told(NTFS, bytes(65)).cut == "the first 64 bytes of 65 were looked at"
    assert told(NTFS, bytes(64)).cut == ""


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(TAGS), st.binary(max_size=400), st.sampled_from([32, 64]), st.integers(0, 2**32 - 1))
def test_hostile_blobs_raise_nothing(tag: UUID, data: bytes, bits: int, size: int) -> None:
    for blob in (Blob(tag, 0, len(data)), Blob(tag, 0, size), Blob(tag, size, size)):
        found = facts_of(BytesSource(data), blob, bits)
        assert len(found.facts) <= MOST_FACTS


@pytest.mark.parametrize(("surplus", "severity"), [(0, ""), (1, "info"), (2, "fault"), (-1, "fault")])
def test_metadata_of_a_complete_live_dump_counts_one_more(surplus: int, severity: str) -> None:
    data = bytearray(live(0xA, [(2, 2)]))
    (size,) = struct.unpack_from("<Q", data, 0x2010)
    struct.pack_into("<Q", data, 0x2010, size + surplus)
    notes = [note.severity for note in open_dump(BytesSource(bytes(data))).notes if note.field == "RDMP.MetadataSize"]
    assert notes == ([severity] if severity else [])


def test_a_small_dump_without_secondary_data_that_asked_for_more_says_so() -> None:
    data = bytearray(triage(64))
    for required, expected in ((len(data), []), (len(data) + 0x100, ["info"])):
        struct.pack_into("<Q", data, 0xFA0, required)
        dump = open_dump(BytesSource(bytes(data)))
        assert [note.severity for note in dump.notes if note.field == "RequiredDumpSpace"] == expected
        assert not dump.completeness.truncated


@pytest.mark.skipif(not REAL.is_dir(), reason="the real small dumps are not at hand")
@pytest.mark.parametrize(
    ("name", "facts"),
    [
        ("triage_x64.dmp", {("driver", "AmdPPM"), ("records", "20"), ("log", "DriverLog"), ("driver", "USBXHCI"),
                            ("ProcessorNameString", "AMD Ryzen 7 3700X 8-Core Processor"), ("~MHz", "3593")}),
        ("triage_arm64.dmp", {("driver", "qcpep"), ("log", "win32kbase_rim"), ("text", "ShellRestart"),
                              ("version", "192"), ("last boot id", "13"),
                              ("system product", "Galaxy Book Go (Wi-Fi)")}),
    ],
)  # fmt: skip
def test_real_blobs(name: str, facts: set[tuple[str, str]]) -> None:
    with FileSource(REAL / name) as source:
        dump = open_dump(source)
        assert dump.secondary is not None
        found = [facts_of(source, blob, 64) for blob in dump.secondary.blobs]
        unknown = {
            str(blob.tag)[:8] for blob, f in zip(dump.secondary.blobs, found, strict=True) if f.tag.name == "unknown"
        }
    assert facts <= {(fact.field, fact.value) for one in found for fact in one.facts}
    assert unknown <= {"00000000", "10ec8168", "2b4ae195", "65755a40", "9282756a", "b0692a5e"}
    assert not any(one.cut for one in found)
