"""What is no dump, and what was one, cut or with its header overwritten: a named error or a partial result."""

import struct

import pytest
from made_dumps import EVERY_TYPE, FIELDS, MEMORY_BLOCK, PAGE, SIZE, full, header, put
from made_triage import triage
from opened_dumps import opened, use

from volplugins.dumpfile.errors import (
    DumpError,
    EmptyFile,
    EncryptedDump,
    NotADump,
    TruncatedDump,
    UnsupportedDumpType,
    UserModeDump,
)

EVERY_FILE = {**EVERY_TYPE, "triage-64": triage(64), "triage-32": triage(32)}


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"MZ\x90\0" * 100, "PAGEDUMP or PAGEDU64"),
        (b"\x1f\x8b" + bytes(100), "gzip"),
        (b"PK\x03\x04" + bytes(100), "zip"),
        (b"MSCF" + bytes(100), "cabinet"),
        (b"7z\xbc\xaf\x27\x1c" + bytes(100), "7z"),
        (b"\x7fELF" + bytes(100), "ELF"),
        (b"hibr" + bytes(100), "hibernation"),
        (b"PAGEXXXX" + bytes(100), "neither DUMP nor DU64"),
        (b"a", "starts with 61"),
    ],
)
def test_not_a_dump(data: bytes, words: str) -> None:
    with pytest.raises(NotADump, match=words):
        opened(data)


def test_empty() -> None:
    with pytest.raises(EmptyFile):
        opened(b"")


def test_user_mode_minidump_says_what_opens_it() -> None:
    with pytest.raises(UserModeDump, match=r"one process.*WinDbg"):
        opened(b"MDMP\x93\xa7" + bytes(100))


def test_user_mode_dump_of_an_old_kind() -> None:
    with pytest.raises(UserModeDump, match="one process"):
        opened(b"USERDUMP" + bytes(100))


@pytest.mark.parametrize("length", [1, 4, 6, 7])
@pytest.mark.parametrize("magic", [b"PAGEDU64", b"PAGEDUMP"])
def test_cut_in_the_signature(magic: bytes, length: int) -> None:
    with pytest.raises(TruncatedDump):
        opened(magic[:length])


@pytest.mark.parametrize(("bits", "at"), [(64, 8), (64, 0x1FFF), (32, 8), (32, 0xFFF)])
def test_cut_in_the_header(bits: int, at: int) -> None:
    with pytest.raises(TruncatedDump) as error:
        opened(full(bits, [(0, 1)])[:at])
    assert error.value.offset == at
    assert str(at) in error.value.reason


@pytest.mark.parametrize("bits", [32, 64])
@pytest.mark.parametrize(("dump_type", "word"), [(3, "header only"), (7, "automatic"), (0, "not known"), (11, "0xb")])
def test_types_without_memory(bits: int, dump_type: int, word: str) -> None:
    with pytest.raises(UnsupportedDumpType, match=word):
        opened(bytes(header(bits, dump_type)) + bytes(PAGE))


@pytest.mark.parametrize("dump_type", [8, 9, 10])
def test_live_dumps_of_32_bit_are_not_known(dump_type: int) -> None:
    with pytest.raises(UnsupportedDumpType, match="64-bit"):
        opened(bytes(header(32, dump_type)) + bytes(PAGE))


@pytest.mark.parametrize("bits", [32, 64])
def test_encrypted(bits: int) -> None:
    with pytest.raises(EncryptedDump):
        opened(full(bits, [(0, 1)], Attributes=0x100))
    assert opened(full(bits, [(0, 1)], Attributes=0x300)).memory is not None  # decrypted since


@pytest.mark.parametrize("name", EVERY_FILE)
def test_cut_at_any_byte(name: str) -> None:
    """Every byte of the summary headers, and steps over pages, blocks and filler."""
    data = EVERY_FILE[name]
    base = SIZE[32 if name.endswith("32") else 64]
    for length in {*range(0, len(data), 509), *range(base - 8, base + 0xD8), *range(len(data) - 20, len(data))}:
        try:
            dump = opened(data[:length])
        except DumpError as error:
            assert length < len(data)
            assert error.reason
            continue
        assert dump.completeness.truncated, length
        assert any("truncated" in note.text or "longer than the file" in note.text for note in dump.notes)
        use(dump)


@pytest.mark.parametrize("fill", [0xFF, 0x00])
@pytest.mark.parametrize("name", EVERY_FILE)
def test_every_field_filled_in_turn(name: str, fill: int) -> None:
    """Each field of the header, and each word of what follows it, set to the same byte throughout."""
    data = EVERY_FILE[name]
    bits = 32 if name.endswith("32") else 64
    places = [(offset, struct.calcsize(form)) for offset, form in FIELDS[bits].values()]
    places += [(0, 4), (4, 4), *((at, 4) for at in range(MEMORY_BLOCK[bits], MEMORY_BLOCK[bits] + 700, 4))]
    places += [(SIZE[bits] + at, size) for at in range(0, 0x80, 4) for size in (4, 8)]
    for offset, size in places:
        changed = bytearray(data)
        changed[offset : offset + size] = bytes([fill]) * len(changed[offset : offset + size])
        try:
            use(opened(bytes(changed)))
        except DumpError as error:
            assert error.reason


@pytest.mark.parametrize("bits", [32, 64])
@pytest.mark.parametrize("fill", [0, 0xFF])
def test_everything_filled(bits: int, fill: int) -> None:
    for dump_type in range(12):
        data = bytearray([fill]) * (SIZE[bits] + 4 * PAGE)
        data[:8] = b"PAGEDU64" if bits == 64 else b"PAGEDUMP"
        put(data, bits, "DumpType", dump_type)
        try:
            use(opened(bytes(data)))
        except DumpError as error:
            assert error.reason
