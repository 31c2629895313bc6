"""RTL_USER_PROCESS_PARAMETERS: command line, paths, and the environment block.

Offsets are the same in every build from Windows XP to 11; EnvironmentSize came with Vista (public symbol tables of
builds 2600 to 22000). Before builds that normalise them, strings hold offsets from the structure: Flags bit 0 says so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from volplugins.loader.kernel_modules import read_unicode_string
from volplugins.memory.reader import PAGE_SIZE, MemoryReader, ReadError
from volplugins.memory.structure import Layout, Structure, read_present

_SOURCE = "built-in, builds 2600 to 22000"
_NORMALISED = 1
# the longest environment block that is read, in bytes
MOST_ENVIRONMENT = 1 << 20
STRINGS = {
    "CurrentDirectory": "CurrentDirectory", "WindowTitle": "WindowTitle", "ImageFile": "ImagePathName",
    "CommandLine": "CommandLine", "DllPath": "DllPath", "DesktopInfo": "DesktopInfo", "ShellInfo": "ShellInfo",
}  # fmt: skip

PARAMETERS = {
    64: Layout("_RTL_USER_PROCESS_PARAMETERS", 0xE0, {
        "MaximumLength": (0x0, 4), "Length": (0x4, 4), "Flags": (0x8, 4), "CurrentDirectory": (0x38, 16),
        "DllPath": (0x50, 16), "ImagePathName": (0x60, 16), "CommandLine": (0x70, 16), "Environment": (0x80, 8),
        "WindowTitle": (0xB0, 16), "DesktopInfo": (0xC0, 16), "ShellInfo": (0xD0, 16),
    }, _SOURCE),
    32: Layout("_RTL_USER_PROCESS_PARAMETERS", 0x88, {
        "MaximumLength": (0x0, 4), "Length": (0x4, 4), "Flags": (0x8, 4), "CurrentDirectory": (0x24, 8),
        "DllPath": (0x30, 8), "ImagePathName": (0x38, 8), "CommandLine": (0x40, 8), "Environment": (0x48, 4),
        "WindowTitle": (0x70, 8), "DesktopInfo": (0x78, 8), "ShellInfo": (0x80, 8),
    }, _SOURCE),
}  # fmt: skip


def read_parameters(memory: MemoryReader, address: int, bits: int) -> Structure:
    """What is there of the structure at ``address``, its first members at least; raises ReadError."""
    memory.read(address, sum(PARAMETERS[bits].members["Flags"]))
    return read_present(memory, address, PARAMETERS[bits])


def parameter_strings(memory: MemoryReader, parameters: Structure) -> Iterator[tuple[str, str, str]]:
    """Each string as (WinDbg's name, text, why it cannot be read)."""
    normalised = parameters.unsigned("Flags") & _NORMALISED
    for name, member in STRINGS.items():
        if not parameters.layout.has(member):
            yield name, "", parameters.absent
            continue
        descriptor = parameters.raw(member)
        if not normalised:
            descriptor = _moved(descriptor, parameters.address)
        try:
            yield name, read_unicode_string(memory, descriptor), ""
        except ReadError as error:
            yield name, "", f"text at {error.address:#x} cannot be read ({error.reason})"


def _moved(descriptor: bytes, by: int) -> bytes:
    half = len(descriptor) // 2
    buffer = int.from_bytes(descriptor[half:], "little")
    return descriptor[:half] + ((buffer + by) & ((1 << 8 * half) - 1)).to_bytes(half, "little")


def environment(
    memory: MemoryReader, parameters: Structure, taken: Callable[[int], str] = lambda _: ""
) -> tuple[tuple[str, ...], str]:
    """The ``NAME=value`` strings, and why the block is not whole. It ends with an empty string.

    Args:
        taken: why the page at an address is not to be read (it is another process's); empty where it is.
    """
    at = parameters.get("Environment")
    if not at:
        return (), ""
    data, reason = bytearray(), ""
    while len(data) < MOST_ENVIRONMENT:
        start = at + len(data)
        whose = taken(start)
        if whose:
            reason = f"the environment goes on at {start:#x} in {whose}"
            break
        try:
            data += memory.read(start, PAGE_SIZE - start % PAGE_SIZE)
        except ReadError as error:
            reason = f"environment breaks at {error.address:#x}: {error.reason}"
            break
        end = _end(data, start - at)
        if end is not None:
            del data[end:]
            break
    else:
        reason = f"environment has no end within {MOST_ENVIRONMENT >> 10} KiB"
    text = bytes(data[: len(data) & ~1]).decode("utf-16-le", "replace")
    return tuple(each for each in text.split("\0") if each), reason


def _end(data: bytearray, since: int) -> int | None:
    """Where the empty string that ends the block begins, in bytes; None where it is not there yet.

    ``since``: what lies before it, but for the last string's own end, has been searched already.
    """
    if data[:2] == b"\0\0":
        return 0
    at = data.find(b"\0\0\0\0", max(since - 4, 0))
    while at >= 0 and at % 2:
        at = data.find(b"\0\0\0\0", at + 1)
    return at if at >= 0 else None
