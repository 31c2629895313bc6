"""Requests from bytes: decoded, their state, their faults; parameters in words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.io.made_requests import LAYOUTS, MadeLocation, MadeMemory
from volplugins.io.request import Request, RequestReader, State
from volplugins.io.request_parameters import parameter_words
from volplugins.memory.reader import SegmentReader

BITS = pytest.mark.parametrize("bits", [64, 32])
READ, DEVICE_CONTROL, INTERNAL, POWER, PNP, CREATE, FSCTL, DIRECTORY = 3, 14, 15, 22, 27, 0, 13, 12


def read(memory: MadeMemory, irp: int) -> Request:
    found = RequestReader(memory.reader(), memory.layouts, memory.bits).read(irp)
    assert isinstance(found, Request)
    return found


def stack(memory: MadeMemory, current: int, control: int = 1, **members: int) -> Request:
    locations = [
        MadeLocation(),
        MadeLocation(READ, control=control, device=memory.at(0x9000), completion=memory.at(0x77)),
        MadeLocation(READ, control=0xE1, device=memory.at(0xA000), file=memory.at(0xB000)),
    ]
    return read(memory, memory.request(memory.at(0x1000), locations, current, memory.at(0x5000), **members))


@BITS
def test_a_request_is_decoded(bits: int) -> None:
    memory = MadeMemory(bits)
    found = stack(memory, 2)
    assert (found.count, found.location, found.thread, found.state) == (3, 2, memory.at(0x5000), State.PENDING)
    assert found.current is not None and found.current.device == memory.at(0x9000)
    assert found.current.completion == memory.at(0x77) and found.current.major_name == "IRP_MJ_READ"
    assert [each.device for each in found.above()] == [memory.at(0xA000)]
    assert found.at(3) is not None and found.at(3).file == memory.at(0xB000)  # type: ignore[union-attr]
    assert not found.locations[0].used
    assert not found.linked and not found.faults


@BITS
@pytest.mark.parametrize(
    ("current", "control", "members", "state"),
    [
        (2, 1, {}, State.PENDING),
        (2, 0, {}, State.ACTIVE),
        (2, 0, {"CancelRoutine": 0x1234}, State.PENDING),
        (2, 1, {"Cancel": 1}, State.CANCELLED),
        (4, 1, {"Cancel": 1}, State.COMPLETED),
        (4, 0, {}, State.COMPLETED),
        (5, 0, {}, State.COMPLETED),
    ],
)
def test_states(bits: int, current: int, control: int, members: dict[str, int], state: State) -> None:
    found = stack(MadeMemory(bits), current, control, **members)
    assert found.state is state
    assert not found.faults
    assert (found.current is None) is (current > 3)
    assert found.shown is not None  # the highest location that was used


@BITS
def test_faults_are_named_and_the_rest_is_kept(bits: int) -> None:
    memory = MadeMemory(bits)
    beyond = stack(memory, 9)
    assert any("CurrentLocation 9 is beyond StackCount 3" in each for each in beyond.faults)
    assert beyond.state is State.COMPLETED and beyond.current is None and len(beyond.locations) == 3
    led = stack(memory, 9, CurrentStackLocation=memory.at(0x1000) + LAYOUTS[bits].irp.size)
    assert any("(CurrentStackLocation is location 1's)" in each for each in led.faults)
    small = stack(memory, 2, Size=0x40)
    assert any("Size 0x40 is less than 3 stack locations need" in each for each in small.faults)
    astray = stack(memory, 2, CurrentStackLocation=memory.at(0x40))
    assert any("is not location 2's" in each for each in astray.faults)
    assert astray.current is not None and astray.current.device == memory.at(0x9000)
    absurd = stack(memory, 2)
    assert not absurd.faults
    sized = stack(memory, 2, StackCount=255)
    assert any("StackCount 255 is more than 100" in each for each in sized.faults) and len(sized.locations) == 3
    many = stack(memory, 2, StackCount=255, Size=0xFFFF)
    assert any("StackCount 255 is more than 100" in each for each in many.faults)
    assert any("stack locations from 4 on cannot be read" in each for each in many.faults)
    assert len(many.locations) == 3
    strange = read(memory, memory.request(memory.at(0x2000), [MadeLocation(0xEE)], 1))
    assert any("MajorFunction 0xee" in each for each in strange.faults)


@BITS
def test_what_is_no_request_is_said(bits: int) -> None:
    memory = MadeMemory(bits)
    reader = RequestReader(memory.reader(), memory.layouts, bits)
    assert "cannot be read" in str(reader.read(memory.at(0x1000)))
    irp = memory.request(memory.at(0x1000), [MadeLocation()], 1, Type=5)
    assert "its type is 5" in str(RequestReader(memory.reader(), memory.layouts, bits).read(irp))
    memory.request(irp, [MadeLocation()], 1, StackCount=0)
    assert "no stack locations" in str(RequestReader(memory.reader(), memory.layouts, bits).read(irp))


@given(st.sampled_from([64, 32]), st.binary(min_size=0x400, max_size=0x400), st.booleans())
def test_no_bytes_raise(bits: int, data: bytes, typed: bool) -> None:
    address = MadeMemory(bits).at(0x1000)
    data = b"\x06\x00" + data[2:] if typed else data
    found = RequestReader(SegmentReader({address: data}), LAYOUTS[bits], bits).read(address)
    if isinstance(found, Request):
        assert len(found.locations) <= 100
        for location in found.locations:
            parameter_words(location, bits)
            assert location.major_name and isinstance(location.minor_name, str)


def words(bits: int, major: int, minor: int, *parameters: int) -> str:
    memory = MadeMemory(bits)
    found = read(memory, memory.request(memory.at(0x1000), [MadeLocation(major, minor, parameters=parameters)], 1))
    return parameter_words(found.locations[0], bits)


@BITS
@pytest.mark.parametrize(
    ("major", "minor", "parameters", "text"),
    [
        (READ, 0, (0x200, 0, 0x4000), "length 512, offset 0x4000"),
        (
            DEVICE_CONTROL, 0, (24, 8, 0x70000),
            "code 0x00070000 IOCTL_DISK_GET_DRIVE_GEOMETRY, input 8 bytes, output 24 bytes",
        ),
        (DEVICE_CONTROL, 0, (0, 8, 0x12024), "code 0x00012024 IOCTL_AFD_POLL, input 8 bytes, output 0 bytes"),
        (INTERNAL, 0, (0x8123, 0, 0), "argument 0x8123"),
        (INTERNAL, 0, (0, 0, 0x220003), "code 0x00220003 IOCTL_INTERNAL_USB_SUBMIT_URB, input 0 bytes, output 0 bytes"),
        (FSCTL, 0, (0, 0, 0x90240), "code 0x00090240 FSCTL_REQUEST_OPLOCK, input 0 bytes, output 0 bytes"),
        (FSCTL, 1, (0x10, 0x20), "vpb 0x10, device 0x20"),
        (POWER, 2, (0, 1, 4, 2), "state PowerDeviceD3, type DevicePowerState, action PowerActionSleep"),
        (POWER, 2, (0, 0, 4, 0), "state PowerSystemSleeping3, type SystemPowerState"),
        (POWER, 0, (5,), "state PowerSystemHibernate"),
        (PNP, 7, (0,), "relations BusRelations"),
        (PNP, 0x13, (3,), "id BusQueryInstanceID"),
        (PNP, 0x16, (1, 1), "usage DeviceUsageTypePaging, in path"),
        (PNP, 2, (), ""),
        (
            CREATE, 0, (0, 0x01000060, 0x7_0080),
            "options FILE_OPEN FILE_SYNCHRONOUS_IO_NONALERT|FILE_NON_DIRECTORY_FILE, share 0x7, attributes 0x80",
        ),
        (DIRECTORY, 1, (4096, 0, 37), "class FileIdBothDirectoryInformation, length 4096"),
        (DIRECTORY, 2, (4096, 0x1F), "length 4096, filter 0x1f"),
        (5, 0, (24, 5), "class FileStandardInformation, length 24"),
        (0x10, 0, (0, 0, 7), "arguments 0x0 0x0 0x7 0x0"),
    ],
)  # fmt: skip
def test_parameters_in_words(bits: int, major: int, minor: int, parameters: tuple[int, ...], text: str) -> None:
    assert words(bits, major, minor, *parameters) == text


def test_an_offset_has_64_bits_on_every_machine() -> None:
    assert words(32, READ, 0, 1, 0, 0x10, 0x2) == "length 1, offset 0x200000010"
    assert words(64, READ, 0, 1, 0, 0x200000010) == "length 1, offset 0x200000010"
