"""Control codes taken apart: device type, function, method, access, vendor's bits, and the name of a known one.

Source of the form: CTL_CODE in the public header wdm, described in Microsoft's "Defining I/O control codes". AFD packs
its codes otherwise (phnt headers, ``ntafd``): the device type of networks in the bits from 12 on, then a request's
number and the method.
"""

from __future__ import annotations

from dataclasses import dataclass

from volplugins.io.words.device_controls import DEVICE_CONTROLS
from volplugins.io.words.device_types import FIRST_VENDOR_TYPE, device_type
from volplugins.io.words.file_system_controls import FILE_SYSTEM_CONTROLS

METHODS = ("METHOD_BUFFERED", "METHOD_IN_DIRECT", "METHOD_OUT_DIRECT", "METHOD_NEITHER")
ACCESSES = ("FILE_ANY_ACCESS", "FILE_READ_ACCESS", "FILE_WRITE_ACCESS", "FILE_READ_ACCESS|FILE_WRITE_ACCESS")
_VENDOR_FUNCTION = 0x800
_AFD = 0x12  # FILE_DEVICE_NETWORK, in the place where other codes have half of their function


@dataclass(frozen=True, slots=True)
class ControlCode:
    """The parts of one code. ``function`` of AFD's codes is the number of its request, ``device`` that of networks."""

    code: int
    device: int
    function: int
    method: int
    access: int
    afd: bool = False

    @property
    def vendor(self) -> bool:
        """Whether device type or function is from the half that Microsoft leaves to others."""
        return not self.afd and (self.device >= FIRST_VENDOR_TYPE or self.function >= _VENDOR_FUNCTION)

    def words(self) -> str:
        """The parts as text: ``FILE_DEVICE_DISK function 0x0 METHOD_BUFFERED FILE_ANY_ACCESS``."""
        who = "AFD request" if self.afd else f"{device_type(self.device)} function"
        text = f"{who} {self.function:#x} {METHODS[self.method]}"
        return text if self.afd else f"{text} {ACCESSES[self.access]}{' vendor' if self.vendor else ''}"


def take_apart(code: int) -> ControlCode:
    """The parts of ``code``, of which the low 32 bits count."""
    code &= 0xFFFFFFFF
    if code >> 12 == _AFD:
        return ControlCode(code, _AFD, code >> 2 & 0x3FF, code & 3, 0, True)
    return ControlCode(code, code >> 16, code >> 2 & 0xFFF, code & 3, code >> 14 & 3)


def control_code(device: int, function: int, method: int, access: int) -> int:
    """The code of these parts, as CTL_CODE puts it together."""
    return device << 16 | access << 14 | function << 2 | method


def control_name(code: int, internal: bool = False) -> str:
    """Microsoft's name of ``code``; empty for one that is not in the tables.

    Args:
        internal: the request is IRP_MJ_INTERNAL_DEVICE_CONTROL, which decides between names of one value.
    """
    names = _BY_CODE.get(code & 0xFFFFFFFF, ())
    fitting = [name for name in names if ("_INTERNAL_" in name) == internal]
    return (fitting or [*names, ""])[0]


def describe(code: int, internal: bool = False) -> str:
    """``0x00070000 IOCTL_DISK_GET_DRIVE_GEOMETRY``; the parts instead of the name where it has none."""
    return f"{code & 0xFFFFFFFF:#010x} {control_name(code, internal) or take_apart(code).words()}"


def _by_code() -> dict[int, tuple[str, ...]]:
    found: dict[int, tuple[str, ...]] = {}
    for word in f"{DEVICE_CONTROLS}{FILE_SYSTEM_CONTROLS}".split():
        name, _, code = word.partition("=")
        found[int(code, 16)] = (*found.get(int(code, 16), ()), name)
    return found


_BY_CODE = _by_code()
