"""What a process's user memory says of itself: the loader's lists, the process parameters, the environment.

Offsets are the structure tables' own. The list in initialisation order leaves the program itself out, as Windows does.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from volplugins.lab.machine import LoadedImage, Machine
from volplugins.lab.processes import Process
from volplugins.lab.ranges import private_range

REGION, _SIZE = 0x20000, 0x4000
_LDR, _ENTRIES, _PARAMETERS, _STRINGS, _ENVIRONMENT = (REGION + at for at in (0, 0x100, 0xC00, 0x1200, 0x3000))
_ENTRY_SIZE = 0x160
_LINKS = ("InLoadOrder", "InMemoryOrder", "InInitializationOrder")


def write_user_structures(machine: Machine, process: Process) -> dict[str, Any]:
    """Write them and lead the PEB to them; gives what was written, in plain types."""
    process.space.map(REGION, _SIZE, "data")
    process.add(private_range(REGION, _SIZE))
    writer = _Writer(machine, process)
    images = [process.images[stem] for stem in reversed(process.images)]  # the program first, then what it needs
    writer.loader_lists(images)
    command = f'"{images[0].path}" -session {process.session or 0}'
    environment = {
        "ALLUSERSPROFILE": "C:\\ProgramData", "COMPUTERNAME": machine.host.computer, "OS": "Windows_NT",
        "Path": "C:\\Windows\\system32;C:\\Windows", "SystemRoot": "C:\\Windows", "USERNAME": "SYSTEM",
    }  # fmt: skip
    parameters = {
        "ImagePathName": images[0].path, "CommandLine": command, "DllPath": "C:\\Windows\\System32",
        "WindowTitle": images[0].path, "CurrentDirectory": "C:\\Windows\\system32\\",
    }  # fmt: skip
    writer.parameters(parameters, environment)
    modules = [{"base": each.base, "size": each.image.size, "path": each.path} for each in images]
    return {"modules": modules, "parameters": parameters, "environment": environment}


class _Writer:
    """Writes into one process's region."""

    def __init__(self, machine: Machine, process: Process) -> None:
        self.machine, self.space, self.peb = machine, process.space, process.peb
        self.next_string = _STRINGS

    def text(self, value: str) -> bytes:
        """A _UNICODE_STRING, its text in the region."""
        data = value.encode("utf-16-le")
        width = self.machine.width
        head = len(data).to_bytes(2, "little") + (len(data) + 2).to_bytes(2, "little") + bytes(width - 4)
        at = self.next_string
        self.space.write(at, data + b"\0\0")
        self.next_string += (len(data) + 9) & ~7
        return head + self.machine.pointer(at)

    def to_peb(self, member: str, value: int) -> None:
        at = self.peb + self.machine.structures.offset("_PEB", member)
        self.space.write(at, self.machine.pointer(value))

    def loader_lists(self, images: Sequence[LoadedImage]) -> None:
        offset = self.machine.structures.offset
        record = self.machine.record("_PEB_LDR_DATA").fill(Length=self.machine.structures.size("_PEB_LDR_DATA"))
        record.fill(Initialized=1)
        self.space.write(_LDR, bytes(record.data))
        entries = [_ENTRIES + number * _ENTRY_SIZE for number in range(len(images))]
        for place, each in zip(entries, images, strict=True):
            entry = self.machine.record("_LDR_DATA_TABLE_ENTRY")
            entry.fill(DllBase=each.base, EntryPoint=each.base + each.image.entry, SizeOfImage=each.image.size)
            entry.fill(TimeDateStamp=each.image.timestamp)
            entry.set("FullDllName", self.text(each.path)).set("BaseDllName", self.text(each.path.rsplit("\\", 1)[-1]))
            self.space.write(place, bytes(entry.data))
        for links in _LINKS:
            chosen = entries[1:] if links == "InInitializationOrder" else entries
            head = _LDR + offset("_PEB_LDR_DATA", f"{links}ModuleList")
            at = offset("_LDR_DATA_TABLE_ENTRY", f"{links}Links")
            self._ring([head, *(entry + at for entry in chosen)])
        self.to_peb("Ldr", _LDR)

    def _ring(self, ring: Sequence[int]) -> None:
        for index, entry in enumerate(ring):
            links = self.machine.pointer(ring[(index + 1) % len(ring)]) + self.machine.pointer(ring[index - 1])
            self.space.write(entry, links)

    def parameters(self, values: dict[str, str], environment: dict[str, str]) -> None:
        block = "".join(f"{name}={value}\0" for name, value in environment.items()) + "\0"
        data = block.encode("utf-16-le")
        self.space.write(_ENVIRONMENT, data)
        record = self.machine.record("_RTL_USER_PROCESS_PARAMETERS")
        size = self.machine.structures.size("_RTL_USER_PROCESS_PARAMETERS")
        record.fill(MaximumLength=size, Length=size, Flags=1, Environment=_ENVIRONMENT, EnvironmentSize=len(data))
        for name, value in values.items():
            record.set(f"{name}.DosPath" if name == "CurrentDirectory" else name, self.text(value))
        self.space.write(_PARAMETERS, bytes(record.data))
        self.to_peb("ProcessParameters", _PARAMETERS)
