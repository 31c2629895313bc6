"""Process parameters, environment and heaps: sound, cut, endless."""

from __future__ import annotations

import pytest

from volplugins.loader.peb import heaps, read_peb
from volplugins.loader.process_parameters import environment, parameter_strings, read_parameters
from volplugins.memory.reader import ReadError, SegmentReader

AT, TEXT, ENVIRONMENT = 0x10000, 0x11000, 0x20000
BITS = pytest.mark.parametrize("bits", [64, 32])


def parameters_at(bits: int, command: str, block: bytes, normalised: bool = True) -> SegmentReader:
    width, command_at, environment_at = (8, 0x70, 0x80) if bits == 64 else (4, 0x40, 0x48)
    data = bytearray(0x400)
    data[8] = int(normalised)
    text = command.encode("utf-16-le")
    data[command_at : command_at + 2] = len(text).to_bytes(2, "little")
    buffer = TEXT if normalised else TEXT - AT
    data[command_at + width : command_at + 2 * width] = buffer.to_bytes(width, "little")
    data[environment_at : environment_at + width] = ENVIRONMENT.to_bytes(width, "little")
    return SegmentReader({AT: bytes(data), TEXT: text, ENVIRONMENT: block})


@BITS
@pytest.mark.parametrize("normalised", [True, False])
def test_strings_before_and_after_they_are_normalised(bits: int, normalised: bool) -> None:
    memory = parameters_at(bits, "notepad x", bytes(0x1000), normalised)
    strings = {name: (text, why) for name, text, why in parameter_strings(memory, read_parameters(memory, AT, bits))}
    assert strings["CommandLine"] == ("notepad x", "")
    assert strings["WindowTitle"] == ("", "")


@BITS
def test_a_text_that_cannot_be_read_has_its_reason(bits: int) -> None:
    whole = parameters_at(bits, "notepad", bytes(0x1000))
    memory = SegmentReader({AT: whole.read(AT, 0x400)})
    reasons = {name: why for name, _, why in parameter_strings(memory, read_parameters(memory, AT, bits))}
    assert reasons["CommandLine"] == f"text at {TEXT:#x} cannot be read (not-in-dump)"


@BITS
@pytest.mark.parametrize("first", ["=C:=C:\\", "A=1"])
def test_the_environment_ends_with_an_empty_string(bits: int, first: str) -> None:
    strings = (first, "Path=x;y", "Ā=Ā", "no sign")
    block = ("\0".join(strings) + "\0\0after=the end\0").encode("utf-16-le").ljust(0x1000, b"\xcc")
    memory = parameters_at(bits, "", block)
    assert environment(memory, read_parameters(memory, AT, bits)) == (strings, "")


@BITS
def test_an_empty_environment(bits: int) -> None:
    memory = parameters_at(bits, "", bytes(0x1000))
    assert environment(memory, read_parameters(memory, AT, bits)) == ((), "")


@BITS
def test_an_environment_over_an_absent_page_is_cut(bits: int) -> None:
    memory = parameters_at(bits, "", "A=1\0".encode("utf-16-le") * 512)
    found, why = environment(memory, read_parameters(memory, AT, bits))
    assert found == ("A=1",) * 512
    assert why == f"environment breaks at {ENVIRONMENT + 0x1000:#x}: not-in-dump"


@BITS
def test_an_endless_environment_is_bounded(bits: int) -> None:
    memory = parameters_at(bits, "", b"A\0" * (1 << 20))
    _, why = environment(memory, read_parameters(memory, AT, bits))
    assert why == "environment has no end within 1024 KiB"


def peb_with_heaps(bits: int, count: int, most: int, kept: int) -> SegmentReader:
    width, count_at, most_at, table_at = (8, 0xE8, 0xEC, 0xF0) if bits == 64 else (4, 0x88, 0x8C, 0x90)
    data = bytearray(0x400)
    data[count_at : count_at + 4] = count.to_bytes(4, "little")
    data[most_at : most_at + 4] = most.to_bytes(4, "little")
    data[table_at : table_at + width] = TEXT.to_bytes(width, "little")
    table = b"".join((0x500000 + n * 0x10000).to_bytes(width, "little") for n in range(kept))
    return SegmentReader({AT: bytes(data), TEXT: table})


@BITS
def test_heaps(bits: int) -> None:
    memory = peb_with_heaps(bits, 3, 16, 3)
    assert heaps(memory, read_peb(memory, AT, bits), bits) == ((0x500000, 0x510000, 0x520000), "")


@BITS
def test_more_heaps_than_there_can_be(bits: int) -> None:
    memory = peb_with_heaps(bits, 0xFFFFFFFF, 4, 4)
    found, why = heaps(memory, read_peb(memory, AT, bits), bits)
    assert (len(found), why) == (4, "NumberOfHeaps 4294967295 is more than there can be")


@BITS
def test_a_table_of_heaps_that_ends(bits: int) -> None:
    memory = peb_with_heaps(bits, 5, 16, 2)
    found, why = heaps(memory, read_peb(memory, AT, bits), bits)
    assert (len(found), why) == (2, f"ProcessHeaps breaks at {TEXT + 2 * bits // 8:#x}: not-in-dump")


@BITS
def test_a_command_line_is_whole_however_long_it_is(bits: int) -> None:
    command = "powershell -enc " + "QQBB" * 8100
    memory = parameters_at(bits, command, bytes(0x1000))
    strings = {name: text for name, text, _ in parameter_strings(memory, read_parameters(memory, AT, bits))}
    assert strings["CommandLine"] == command


@BITS
def test_an_environment_goes_on_as_far_as_its_pages_are_the_process_s_own(bits: int) -> None:
    memory = parameters_at(bits, "", "A=1\0".encode("utf-16-le") * 1024)
    whose = {ENVIRONMENT + 0x1000: "a page of other.exe 4"}
    found, why = environment(memory, read_parameters(memory, AT, bits), lambda at: whose.get(at, ""))
    assert (len(found), why) == (512, f"the environment goes on at {ENVIRONMENT + 0x1000:#x} in a page of other.exe 4")


@BITS
def test_parameters_across_two_pages_of_which_one_is_absent(bits: int) -> None:
    whole = parameters_at(bits, "notepad", bytes(0x1000))
    kept = 0x90 if bits == 64 else 0x50  # up to the environment's address
    memory = SegmentReader({AT: whole.read(AT, kept), TEXT: whole.read(TEXT, 14), ENVIRONMENT: bytes(0x1000)})
    parameters = read_parameters(memory, AT, bits)
    told = {name: (text, why) for name, text, why in parameter_strings(memory, parameters)}
    assert told["CommandLine"] == ("notepad", "")
    assert told["WindowTitle"] == ("", f"{AT + kept:#x} cannot be read (not-in-dump)")
    assert environment(memory, parameters) == ((), "")
    with pytest.raises(ReadError):
        read_parameters(SegmentReader({AT + 0x10: whole.read(AT + 0x10, 0x100)}), AT, bits)
