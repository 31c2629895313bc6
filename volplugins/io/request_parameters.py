"""What a stack location asks for, in words: its parameters by major function.

The union's members are words of the machine, four of them; which is which: IO_STACK_LOCATION in the public headers wdm
and ntifs. What has no table here is shown as its words, where any is set.
"""

from __future__ import annotations

from collections.abc import Callable

from volplugins.io.request import StackLocation
from volplugins.io.words import file_words, functions, power_words
from volplugins.io.words.control_codes import describe
from volplugins.io.words.flag_words import numbered

_ULONG, _USHORT = 0xFFFFFFFF, 0xFFFF
_WAIT_WAKE, _POWER_SEQUENCE = 0, 1
_MOUNT, _VERIFY = 1, 2
_START_DEVICE, _RELATIONS, _INTERFACE, _TEXT, _CONFIG, _ID, _USAGE = 0x00, 0x07, 0x08, 0x0C, (0x0F, 0x10), 0x13, 0x16


def parameter_words(location: StackLocation, bits: int) -> str:
    """The parameters as ``key value`` texts, joined by ``, ``; empty where there are none."""
    words = tuple(location.word(index, bits // 8) for index in range(4))
    made = _MAKERS.get(location.major, _plain)
    return ", ".join(made(location, words))


Words = tuple[int, ...]


def _plain(location: StackLocation, words: Words) -> list[str]:
    return [f"arguments {' '.join(f'{word:#x}' for word in words)}"] if any(words) else []


def _control(location: StackLocation, words: Words) -> list[str]:
    internal = location.major == functions.INTERNAL_DEVICE_CONTROL
    output, given, code, buffer = words[0] & _ULONG, words[1] & _ULONG, words[2] & _ULONG, words[3]
    if internal and not code:  # storage and class drivers send their own blocks so (IRP_MJ_SCSI: an SRB)
        return [f"argument {words[0]:#x}"] if words[0] else []
    said = [f"code {describe(code, internal)}", f"input {given} bytes", f"output {output} bytes"]
    return [*said, f"input at {buffer:#x}"] if code & 3 == 3 and buffer else said  # METHOD_NEITHER


def _file_system_control(location: StackLocation, words: Words) -> list[str]:
    if location.minor in (_MOUNT, _VERIFY):
        return [f"vpb {words[0]:#x}", f"device {words[1]:#x}"]
    return _control(location, words)


def _transfer(location: StackLocation, words: Words) -> list[str]:
    return [f"length {words[0] & _ULONG}", f"offset {_offset(location):#x}"]


def _lock(location: StackLocation, words: Words) -> list[str]:
    return [f"length at {words[0]:#x}", f"key {words[1] & _ULONG:#x}", f"offset {_offset(location):#x}"]


def _offset(location: StackLocation) -> int:
    """The 64 bits from the third word on."""
    at = len(location.parameters) // 2
    return int.from_bytes(location.parameters[at : at + 8], "little")


def _create(location: StackLocation, words: Words) -> list[str]:
    options, attributes = words[1] & _ULONG, words[2] & _USHORT
    said = [f"options {file_words.create_words(options)}", f"share {words[2] >> 16 & _USHORT:#x}"]
    return [*said, f"attributes {attributes:#x}"] if attributes else said


def _file_information(location: StackLocation, words: Words) -> list[str]:
    return [f"class {file_words.file_class(words[1] & _ULONG)}", f"length {words[0] & _ULONG}"]


def _volume_information(location: StackLocation, words: Words) -> list[str]:
    return [f"class {file_words.volume_class(words[1] & _ULONG)}", f"length {words[0] & _ULONG}"]


def _directory(location: StackLocation, words: Words) -> list[str]:
    if location.minor == 1:  # IRP_MN_QUERY_DIRECTORY
        return [f"class {file_words.file_class(words[2] & _ULONG)}", f"length {words[0] & _ULONG}"]
    return [f"length {words[0] & _ULONG}", f"filter {words[1] & _ULONG:#x}"]


def _power(location: StackLocation, words: Words) -> list[str]:
    if location.minor == _WAIT_WAKE:
        return [f"state {power_words.power_state(0, words[0] & _ULONG)}"]
    if location.minor == _POWER_SEQUENCE:
        return []
    kind, state, action = (word & _ULONG for word in words[1:4])
    said = [f"state {power_words.power_state(kind, state)}", f"type {power_words.state_type(kind)}"]
    return [*said, f"action {power_words.power_action(action)}"] if action else said


def _system_control(location: StackLocation, words: Words) -> list[str]:
    return [f"provider {words[0]:#x}", f"data {words[1]:#x}", f"buffer {words[2] & _ULONG} bytes at {words[3]:#x}"]


def _pnp(location: StackLocation, words: Words) -> list[str]:
    first, second, third, fourth = (word & _ULONG for word in words)
    said = {
        _RELATIONS: [f"relations {numbered(power_words.RELATIONS, first)}"],
        _ID: [f"id {numbered(power_words.IDS, first)}"],
        _TEXT: [f"text {numbered(power_words.TEXTS, first)}", f"language {second:#x}"],
        _USAGE: [f"usage {numbered(power_words.USAGES, second)}", "in path" if first & 0xFF else "not in path"],
        _START_DEVICE: [f"resources {words[0]:#x}", f"translated {words[1]:#x}"],
        _INTERFACE: [f"interface at {words[0]:#x}", f"size {second & _USHORT}", f"version {second >> 16}"],
    }.get(location.minor)
    if location.minor in _CONFIG:
        said = [f"space {first:#x}", f"offset {third:#x}", f"length {fourth}"]
    return said if said is not None else _plain(location, words)


_MAKERS: dict[int, Callable[[StackLocation, Words], list[str]]] = {
    functions.CREATE: _create,
    functions.CREATE_NAMED_PIPE: _create,
    functions.CREATE_MAILSLOT: _create,
    functions.READ: _transfer,
    functions.WRITE: _transfer,
    functions.QUERY_INFORMATION: _file_information,
    functions.SET_INFORMATION: _file_information,
    functions.QUERY_VOLUME: _volume_information,
    functions.SET_VOLUME: _volume_information,
    functions.DIRECTORY_CONTROL: _directory,
    functions.FILE_SYSTEM_CONTROL: _file_system_control,
    functions.DEVICE_CONTROL: _control,
    functions.INTERNAL_DEVICE_CONTROL: _control,
    functions.LOCK_CONTROL: _lock,
    functions.POWER: _power,
    functions.SYSTEM_CONTROL: _system_control,
    functions.PNP: _pnp,
}
