"""Control codes: every known value is proved from its parts; codes are taken apart as CTL_CODE put them together."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from volplugins.io.words.control_codes import (
    METHODS,
    control_code,
    control_name,
    describe,
    take_apart,
)  # fmt: skip
from volplugins.io.words.device_controls import DEVICE_CONTROLS
from volplugins.io.words.file_system_controls import FILE_SYSTEM_CONTROLS

WORDS = f"{DEVICE_CONTROLS}{FILE_SYSTEM_CONTROLS}".split()
KNOWN = {name: int(code, 16) for name, _, code in (word.partition("=") for word in WORDS)}
LINES = (Path(__file__).parent / "control_code_parts.txt").read_text(encoding="ascii").splitlines()
PARTS = {line.split()[0]: line.split()[1:] for line in LINES if not line.startswith("#")}
METHOD = {"BUFFERED": 0, "IN_DIRECT": 1, "OUT_DIRECT": 2, "NEITHER": 3}
ACCESS = {"ANY": 0, "READ": 1, "WRITE": 2, "READ+WRITE": 3}


def test_every_known_code_follows_from_its_parts() -> None:
    assert KNOWN.keys() == PARTS.keys()
    for name, (device, function, method, *access) in PARTS.items():
        if device == "AFD":
            value = 0x12 << 12 | int(function) << 2 | METHOD[method]
        else:
            value = control_code(int(device, 16), int(function, 16), METHOD[method], ACCESS[access[0]])
        assert KNOWN[name] == value, name
        parts = take_apart(value)
        assert METHODS[parts.method] == f"METHOD_{method}", name
        assert parts.function == int(function, 0), name


@pytest.mark.parametrize(
    ("code", "text"),
    [
        (0x70000, "0x00070000 IOCTL_DISK_GET_DRIVE_GEOMETRY"),
        (0x90240, "0x00090240 FSCTL_REQUEST_OPLOCK"),
        (0x12024, "0x00012024 IOCTL_AFD_POLL"),
        (0x2D1400, "0x002d1400 IOCTL_STORAGE_QUERY_PROPERTY"),
        (0x222000, "0x00222000 FILE_DEVICE_UNKNOWN function 0x800 METHOD_BUFFERED FILE_ANY_ACCESS vendor"),
        (
            0x8001E003 + 8,
            "0x8001e00b 0x8001 function 0x802 METHOD_NEITHER FILE_READ_ACCESS|FILE_WRITE_ACCESS vendor",
        ),
        (0x12FFF, "0x00012fff AFD request 0x3ff METHOD_NEITHER"),
    ],
)
def test_codes_in_words(code: int, text: str) -> None:
    assert describe(code) == text


def test_the_major_function_decides_between_names_of_one_value() -> None:
    assert control_name(0x220420, internal=True) == "IOCTL_INTERNAL_USB_GET_BUS_INFO"
    assert control_name(0x220420) == "IOCTL_USB_GET_NODE_CONNECTION_DRIVERKEY_NAME"
    assert control_name(0x220003) == "IOCTL_INTERNAL_USB_SUBMIT_URB"  # the only name, whoever asks
    assert control_name(0xFFFFFFFF) == ""


@given(st.integers(0, 0xFFFF), st.integers(0, 0xFFF), st.integers(0, 3), st.integers(0, 3))
def test_taking_apart_is_the_inverse(device: int, function: int, method: int, access: int) -> None:
    code = control_code(device, function, method, access)
    parts = take_apart(code)
    assert parts.code == code
    assert parts.afd or (parts.device, parts.function, parts.method, parts.access) == (device, function, method, access)


@given(st.integers())
def test_any_number_has_words(code: int) -> None:
    assert describe(code).startswith("0x")
