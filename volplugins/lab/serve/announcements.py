"""What the kernel says of its own accord: state changes, debug prints, prompts, files it wants.

Facts: ``windbgkd.h`` of ReactOS; lengths: a published capture of a session with Windows XP. State changes of 32-bit
kernels with an exception are 4 bytes longer, which is what real targets send.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from volplugins.lab.serve.frames import DEBUG_IO, FILE_IO, STATE_CHANGE_64
from volplugins.lab.serve.registers import DR6, DR7
from volplugins.lab.serve.served_machine import ServedMachine

ACKNOWLEDGEMENT, CONTINUE, ANSWER = "acknowledgement", "continue", "answer"
EXCEPTION_CHANGE, SYMBOLS_CHANGE, COMMAND_CHANGE = 0x3030, 0x3031, 0x3032
PRINT, PROMPT, CREATE_FILE = 0x3230, 0x3231, 0x3430
_BREAKPOINT, _FIRST_CHANCE = 0x80000003, 1
_SIZE, _MORE_32 = 0xF0, 4
_CONTROL_REPORT, _SYMBOLS_AT = 192, 32
_SEGMENTS_INCLUDED, _STANDARD_CODE = 1, 2
_LEVEL = 6
_INSTRUCTION_BYTES = 16
_LONGEST_ANSWER = 0x100
#: How often what is no stop is sent again before the kernel takes the debugger for gone.
RETRIES = 4


@dataclass(frozen=True, slots=True)
class Announcement:
    """A packet that the kernel sends unasked.

    Attributes:
        kind: packet type.
        until: what ends it: ACKNOWLEDGEMENT, CONTINUE or ANSWER (a packet of the same type).
        tries: how often it is sent again, None for ever.
    """

    kind: int
    payload: bytes
    until: str
    tries: int | None = None


def exception(machine: ServedMachine, processor: int) -> Announcement:
    """The kernel stands at a breakpoint on a processor."""
    head = _head(machine, EXCEPTION_CHANGE, processor)
    pc = _program_counter(machine, processor)
    record = struct.pack("<IIQQII15Q", _BREAKPOINT, 0, 0, pc, 1, 0, *(0,) * 15)
    body = (record + struct.pack("<I", _FIRST_CHANCE)).ljust(_CONTROL_REPORT - len(head), b"\0")
    more = b"" if machine.wide else bytes(_MORE_32)
    payload = (head + body + _control_report(machine, processor, pc)).ljust(_SIZE, b"\0") + more
    return Announcement(STATE_CHANGE_64, payload, CONTINUE)


def symbols(machine: ServedMachine, path: str, base: int, size: int, checksum: int) -> Announcement:
    """An image was loaded; at boot, the kernel itself."""
    name = path.encode("ascii") + b"\0"
    processor = machine.current
    body = struct.pack("<IIQQIIBxxx", len(name), 0, _extended(base), 0xFFFFFFFFFFFFFFFF, checksum, size, 0)
    head = _head(machine, SYMBOLS_CHANGE, processor) + body
    report = _control_report(machine, processor, _program_counter(machine, processor))
    payload = (head.ljust(_CONTROL_REPORT, b"\0") + report).ljust(_SIZE, b"\0") + name
    return Announcement(STATE_CHANGE_64, payload, CONTINUE, RETRIES)


def command(machine: ServedMachine, text: str) -> Announcement:
    """The kernel passes a command to the debugger, in two strings."""
    payload = _head(machine, COMMAND_CHANGE, machine.current).ljust(_SIZE, b"\0") + b"lab\0" + text.encode() + b"\0"
    return Announcement(STATE_CHANGE_64, payload, CONTINUE, RETRIES)


def debug_print(machine: ServedMachine, text: str) -> Announcement:
    """A line of DbgPrint."""
    return Announcement(DEBUG_IO, _debug_io(machine, PRINT, text), ACKNOWLEDGEMENT, RETRIES)


def prompt(machine: ServedMachine, text: str) -> Announcement:
    """A question of DbgPrompt, which waits for an answer."""
    return Announcement(DEBUG_IO, _debug_io(machine, PROMPT, text), ANSWER, RETRIES)


def wanted_file(path: str) -> Announcement:
    """The kernel asks whether the debugger has a driver for it in place of its own."""
    name = (path + "\0").encode("utf-16-le")
    payload = struct.pack("<II", CREATE_FILE, 0).ljust(0x40, b"\0") + name
    return Announcement(FILE_IO, payload, ANSWER, RETRIES)


def _debug_io(machine: ServedMachine, api: int, text: str) -> bytes:
    data = text.encode("ascii", "replace")
    # the header is as long for a print as for a prompt, which says in its last word how much of an answer it takes
    return struct.pack("<IHHII", api, _LEVEL, machine.current, len(data), _LONGEST_ANSWER) + data


def _extended(address: int) -> int:
    return address | 0xFFFFFFFF00000000 if 0x80000000 <= address < 1 << 32 else address


def _program_counter(machine: ServedMachine, processor: int) -> int:
    context = machine.processors[processor].context
    at, width = (0xF8, 8) if machine.wide else (0xB8, 4)
    return int.from_bytes(context[at : at + width], "little")


def _head(machine: ServedMachine, state: int, processor: int) -> bytes:
    pc, thread = _program_counter(machine, processor), machine.thread(processor)
    return struct.pack(
        "<IHHIIQQ", state, _LEVEL, processor, len(machine.processors), 0, _extended(thread), _extended(pc)
    )


def _control_report(machine: ServedMachine, processor: int, pc: int) -> bytes:
    context = machine.processors[processor].context
    code = machine.memory.virtual(pc, _INSTRUCTION_BYTES)
    stream = struct.pack("<HH16s", len(code), _SEGMENTS_INCLUDED | _STANDARD_CODE, code)
    if machine.wide:
        flags, selectors = context[0x44:0x48], context[0x38:0x40]  # cs, ds, es, fs
        return struct.pack("<QQ", DR6, DR7) + flags + stream + selectors
    flags = context[0xC0:0xC4]
    selectors = context[0xBC:0xBE] + context[0x98:0x9A] + context[0x94:0x96] + context[0x90:0x92]
    return struct.pack("<II", DR6, DR7) + stream + selectors + flags
