"""The dump header: every field, filler, records, what is odd about it."""

import struct
from itertools import pairwise

import pytest
from made_dumps import CONTEXT, FIELDS, USUAL, amd64_context, exception, full, put, x86_context

from volplugins.dumpfile.attributes import attribute_names
from volplugins.dumpfile.context import AMD64, ARM64, I386, decode_context
from volplugins.dumpfile.dump import Dump, open_dump
from volplugins.dumpfile.exception_record import decode_exception_record32, decode_exception_record64
from volplugins.dumpfile.header import DumpHeader, parse_header
from volplugins.dumpfile.header_checks import header_notes
from volplugins.dumpfile.source import BytesSource


def parsed(bits: int, **fields: int) -> DumpHeader:
    return parse_header(BytesSource(full(bits, [(1, 1)], **fields)))


@pytest.mark.parametrize("bits", [32, 64])
def test_every_field_by_name(bits: int) -> None:
    given = {**USUAL[bits], "BootId": 7, "KdSecondaryVersion": 3, "DumpType": 1, "BugCheckParameter4": 0x1234}
    found = {field.name: field.value for field in parsed(bits, **given).fields}
    assert {name: found[name] for name in given} == given
    assert found["Signature"] == "PAGE"
    assert found["ValidDump"] == ("DU64" if bits == 64 else "DUMP")
    assert found["PhysicalMemoryBlock.NumberOfRuns"] == found["PhysicalMemoryBlock.NumberOfPages"] == 1
    assert found["Exception.ExceptionCode"] == 0xC0000005
    assert found["Exception.NumberParameters"] == 2


@pytest.mark.parametrize("bits", [32, 64])
def test_fields_are_in_file_order_and_do_not_overlap(bits: int) -> None:
    fields = parsed(bits).fields
    for field, following in pairwise(fields):
        assert field.offset + field.size <= following.offset


@pytest.mark.parametrize("bits", [32, 64])
def test_every_number_comes_from_its_own_offset(bits: int) -> None:
    """Each field is changed on its own; only that field (and what is made of it) follows."""
    before = {field.name: field.value for field in parsed(bits).fields}
    for name, (_, form) in FIELDS[bits].items():
        if name == "DumpType":
            continue
        value = 0x11 if form == "<B" else 0x22113
        after = {field.name: field.value for field in parsed(bits, **{name: value}).fields}
        assert {key for key in after if after[key] != before[key]} == {name}
        assert after[name] == value


@pytest.mark.parametrize("bits", [32, 64])
def test_filler_is_no_value(bits: int) -> None:
    data = bytearray(full(bits, [(0, 1)]))
    for name, (offset, form) in FIELDS[bits].items():
        if name != "DumpType":
            size = struct.calcsize(form)
            data[offset : offset + size] = (b"PAGE" * 3)[offset % 4 :][:size]
    header = parse_header(BytesSource(bytes(data)))
    absent = {field.name for field in header.fields if field.value is None}
    assert absent >= FIELDS[bits].keys() - {"DumpType"}
    assert header.system_time is header.attributes is header.system_time_utc() is header.pae is None
    assert (header.number_processors, header.directory_table_base, header.attribute_names()) == (0, 0, ())
    raw = next(field for field in header.fields if field.name == "BugCheckCode")
    assert (raw.raw, raw.note) == (0x45474150, "never written (filler)")


@pytest.mark.parametrize(("byte", "pae"), [(0, False), (1, True), (ord("P"), None), (7, None)])
def test_pae(byte: int, pae: bool | None) -> None:
    assert parsed(32, PaeEnabled=byte).pae is pae


def test_pae_is_unknown_on_64_bit() -> None:
    assert parsed(64).pae is None


def test_texts() -> None:
    data = bytearray(full(64, [(0, 1)]))
    data[0xFB0 : 0xFB0 + 6] = b"note\0x"
    data[0x60:0x80] = b"20H2".ljust(32, b"\0")
    header = parse_header(BytesSource(bytes(data)))
    assert (header.comment, header.version_user) == ("note", "20H2")


def test_system_time() -> None:
    time = parsed(64, SystemTime=132583451029877657).system_time_utc()
    assert time is not None
    assert time.isoformat() == "2021-02-21T01:38:22.987765+00:00"
    assert parsed(64, SystemTime=2**64 - 1).system_time_utc() is None
    assert parsed(64, SystemTime=0).system_time_utc() is None


def test_attributes() -> None:
    assert parsed(64, Attributes=0b10010).attribute_names() == ("DumpDevicePowerOff", "LiveDumpGeneratedDump")
    assert parsed(32, Attributes=0x40).attribute_names() == ("FilterDumpFile",)
    assert attribute_names(0) == ()
    assert attribute_names(1 | 1 << 20) == ("HiberCrash", "unknown 0x100000")


def test_meanings_of_numbers() -> None:
    notes = {field.name: field.note for field in parsed(64, ProductType=3, MajorVersion=12).fields}
    assert notes["ProductType"] == "server"
    assert notes["MajorVersion"] == "checked build"
    assert notes["DumpType"] == "complete memory dump"
    assert notes["MachineImageType"] == "x64"
    assert notes["Attributes"] == "none"


def test_context_amd64() -> None:
    context = decode_context(amd64_context(0xFFFFF80412345678, 0xFFFF850400001000), AMD64)
    assert context is not None
    assert (context.ip, context.sp, context.fp) == (0xFFFFF80412345678, 0xFFFF850400001000, 0x1005)
    names = "rax rcx rdx rbx rbp rsi rdi r8 r9 r10 r11 r12 r13 r14 r15".split()
    numbers = [0, 1, 2, 3, 5, 6, 7, *range(8, 16)]
    assert [context.registers[name] for name in names] == [0x1000 + number for number in numbers]
    assert (context.registers["cs"], context.registers["efl"]) == (0x10, 0x50246)


def test_context_x86() -> None:
    context = decode_context(x86_context(0x80501234, 0x8054A000), I386)
    assert context is not None
    assert (context.ip, context.sp, context.fp) == (0x80501234, 0x8054A000, 0x10A)
    order = "gs fs es ds edi esi ebx edx ecx eax ebp".split()
    assert [context.registers[name] for name in order] == list(range(0x100, 0x10B))
    assert context.registers["efl"] == 0x10D


def test_context_arm64() -> None:
    data = bytearray(0x390)
    struct.pack_into("<II", data, 0, 0x400007, 0x80000144)
    for number in range(33):  # x0 ... x28, fp, lr, sp, pc
        struct.pack_into("<Q", data, 8 + 8 * number, 0x100 + number)
    context = decode_context(bytes(data), ARM64)
    assert context is not None
    assert [context.registers[f"x{number}"] for number in range(29)] == list(range(0x100, 0x100 + 29))
    assert (context.fp, context.registers["lr"], context.sp, context.ip) == (0x11D, 0x11E, 0x11F, 0x120)
    assert context.registers["cpsr"] == 0x80000144


@pytest.mark.parametrize("machine", [I386, AMD64, ARM64])
def test_what_is_no_context(machine: int) -> None:
    assert decode_context(b"PAGE" * 300, machine) is None
    assert decode_context(b"\xff" * 1200, machine) is None
    assert decode_context(bytes(1200), machine) is None
    assert decode_context(b"", machine) is None
    assert decode_context(amd64_context()[:0x80], machine) is None


def test_context_of_another_machine_or_without_registers() -> None:
    assert decode_context(amd64_context(flags=0x10001F), I386) is None
    assert decode_context(amd64_context(flags=0x100010), AMD64) is None  # debug registers only
    assert decode_context(amd64_context(), 0x200) is None
    assert decode_context(amd64_context(flags=0), AMD64) is None


@pytest.mark.parametrize("bits", [32, 64])
def test_a_context_without_flags_is_used_where_its_pointers_are_the_kernels(bits: int) -> None:
    def opened(**pointers: int) -> Dump:
        data = bytearray(full(bits, [(1, 1)]))
        make = amd64_context if bits == 64 else x86_context
        record = make(**pointers, flags=0)
        data[CONTEXT[bits] : CONTEXT[bits] + len(record)] = record
        return open_dump(BytesSource(bytes(data)))

    good = opened()
    assert good.header.context is not None
    assert good.header.context.ip == (0xFFFFF80411112222 if bits == 64 else 0x80501234)
    assert [note.text for note in good.notes if note.field == "ContextRecord"] == [
        "its ContextFlags are zero; used, since both its pointers are kernel addresses"
    ]
    ip, sp = ("rip", "rsp") if bits == 64 else ("eip", "esp")
    for bad in ({ip: 0x401000}, {sp: 0x7000}, {sp: 0xFFFFF85042989003 & (1 << bits) - 1}):
        assert opened(**bad).header.context is None


def test_context_absent_is_noted() -> None:
    data = bytearray(full(64, [(0, 1)]))
    data[CONTEXT[64] : CONTEXT[64] + 0x4D0] = b"PAGE" * (0x4D0 // 4)
    dump = open_dump(BytesSource(bytes(data)))
    assert dump.header.context is None
    assert any(note.field == "ContextRecord" for note in dump.notes)


@pytest.mark.parametrize("bits", [32, 64])
@pytest.mark.parametrize(("code", "severity"), [(0x161, "info"), (0xD1, "fault")])
def test_a_dump_of_a_machine_that_went_on_needs_no_context(bits: int, code: int, severity: str) -> None:
    """As `volplugins dump` and `live --snapshot` write it; of a crash the context's lack is a fault."""
    data, size = bytearray(full(bits, [(0, 1)])), {64: 0x4D0, 32: 0x2CC}[bits]
    data[CONTEXT[bits] : CONTEXT[bits] + size] = b"PAGE" * (size // 4)
    at = {64: 0x38, 32: 0x28}[bits]
    data[at : at + 4] = code.to_bytes(4, "little")
    dump = open_dump(BytesSource(bytes(data)))
    assert dump.header.bugcheck_code == code and dump.header.context is None and not dump.header.context_written
    assert [note.severity for note in dump.notes if note.field == "ContextRecord"] == [severity]
    data[CONTEXT[bits]] ^= 1
    damaged = open_dump(BytesSource(bytes(data)))
    assert [note.severity for note in damaged.notes if note.field == "ContextRecord"] == ["fault"]


def test_exception_records() -> None:
    wide = decode_exception_record64(exception(64, 0xC0000005, (1, 0xFFFF800000001000)))
    assert wide is not None
    assert (wide.code, wide.flags, wide.record, wide.address) == (0xC0000005, 1, 0, 0xFFFFF80411112222)
    assert wide.information == (1, 0xFFFF800000001000)
    narrow = decode_exception_record32(exception(32, 0x80000003, ()))
    assert narrow is not None
    assert (narrow.code, narrow.address, narrow.information) == (0x80000003, 0x80501234, ())


def test_exception_with_too_many_parameters_gives_fifteen() -> None:
    data = bytearray(exception(64))
    struct.pack_into("<I", data, 0x18, 0xFFFFFFFF)
    record = decode_exception_record64(bytes(data))
    assert record is not None
    assert len(record.information) == 15


def test_what_is_no_exception_record() -> None:
    assert decode_exception_record64(b"PAGE" * 50) is None
    assert decode_exception_record64(exception(64)[:-1]) is None
    assert decode_exception_record32(exception(32)[:-1]) is None


@pytest.mark.parametrize(
    ("bits", "field", "value"),
    [
        (64, "MachineImageType", 0x14C),
        (32, "MachineImageType", 0x8664),
        (64, "MachineImageType", 0x1234),
        (64, "DirectoryTableBase", 0),
        (64, "DirectoryTableBase", 1 << 60),
        (32, "DirectoryTableBase", 0x39001),
        (64, "PsLoadedModuleList", 0x1000),
        (32, "PsActiveProcessHead", 0x1000),
        (64, "KdDebuggerDataBlock", 0x7FFFFFFFFFFF),
        (64, "NumberProcessors", 0),
        (64, "NumberProcessors", 100000),
        (32, "NumberProcessors", 33),
        (64, "SystemTime", 5),
        (64, "SystemTime", 2**63),
    ],
)
def test_odd_fields_are_noted(bits: int, field: str, value: int) -> None:
    assert not [note for note in header_notes(parsed(bits)) if note.severity == "fault"]
    assert field in [note.field for note in header_notes(parsed(bits, **{field: value})) if note.severity == "fault"]


def test_low_bits_of_the_directory_are_no_fault_where_a_mode_uses_them() -> None:
    data = bytearray(full(32, [(0, 1)]))
    put(data, 32, "DirectoryTableBase", 0x39020)  # PAE: 32 bytes
    assert not [note for note in header_notes(parse_header(BytesSource(bytes(data)))) if note.severity == "fault"]
    # x64: PCID and the flush bit
    assert not [n for n in header_notes(parsed(64, DirectoryTableBase=0x1AD002)) if n.severity == "fault"]
