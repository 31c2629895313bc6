"""What a process's user memory says of itself: the loader's lists, the process parameters, the environment.

Offsets are the structure tables' own. The list in initialisation order leaves the program itself out, as Windows does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from volplugins.lab.kernel.processes import Process
from volplugins.lab.machine.machine import LoadedImage, Machine
from volplugins.lab.machine.ranges import private_range

REGION = 0x20000
_ENTRIES = 0x100  # from the start of the region, where the list heads are
_ENTRY_SIZE, _END = 0x160, 0x170000  # the first user stack begins at the end
_LINKS = ("InLoadOrder", "InMemoryOrder", "InInitializationOrder")


def write_user_structures(
    machine: Machine, process: Process, region: int = REGION, variables: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """Write them and lead the PEB to them; gives what was written, in plain types.

    Args:
        region: where they are to lie.
        variables: of the environment, besides the usual ones.
    """
    images = [process.images[stem] for stem in reversed(process.images)]  # the program first, then what it needs
    layout = _Layout.of(images, region)
    process.space.map(region, layout.end - region, "data")
    process.add(private_range(region, layout.end - region))
    writer = _Writer(machine, process, layout)
    writer.loader_lists(images)
    command = f'"{images[0].path}" -session {process.session or 0}'
    environment = {
        "ALLUSERSPROFILE": "C:\\ProgramData", "COMPUTERNAME": machine.host.computer, "OS": "Windows_NT",
        "Path": "C:\\Windows\\system32;C:\\Windows", "SystemRoot": "C:\\Windows", "USERNAME": "SYSTEM",
        **(variables or {}),
    }  # fmt: skip
    parameters = {
        "ImagePathName": images[0].path, "CommandLine": command, "DllPath": "C:\\Windows\\System32",
        "WindowTitle": images[0].path, "CurrentDirectory": "C:\\Windows\\system32\\",
    }  # fmt: skip
    writer.parameters(parameters, environment)
    modules = [
        {"base": each.base, "size": each.image.size, "path": each.path, "timestamp": each.image.timestamp,
         "loaded": loaded if machine.structures.has("_LDR_DATA_TABLE_ENTRY", "LoadTime") else 0}
        for each, loaded in zip(images, writer.loaded, strict=True)
    ]  # fmt: skip
    return {"modules": modules, "parameters": parameters, "environment": environment}


@dataclass(frozen=True, slots=True)
class _Layout:
    """Where everything lies; what grows with the number of modules has at least the room of a usual process."""

    start: int
    parameters: int
    strings: int
    environment: int
    end: int

    @classmethod
    def of(cls, images: Sequence[LoadedImage], start: int) -> _Layout:
        parameters = max(start + 0xC00, (start + _ENTRIES + len(images) * _ENTRY_SIZE + 0xFF) & ~0xFF)
        strings = parameters + 0x600
        room = max(0x1E00, 0x800 + sum(4 * len(each.path) + 20 for each in images))
        environment = (strings + room + 0xFFF) & ~0xFFF
        if start < _END < environment + 0x1000:
            raise ValueError(f"{len(images)} modules are more than a process of the lab can list")
        return cls(start, parameters, strings, environment, environment + 0x1000)


class _Writer:
    """Writes into one process's region."""

    def __init__(self, machine: Machine, process: Process, layout: _Layout) -> None:
        self.machine, self.space, self.peb, self.layout = machine, process.space, process.peb, layout
        self.next_string = layout.strings
        self.loaded = [process.created + 654_321 * (number + 1) for number in range(len(process.images))]

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
        ldr = self.layout.start
        self.space.write(ldr, bytes(record.data))
        entries = [ldr + _ENTRIES + number * _ENTRY_SIZE for number in range(len(images))]
        for number, (place, each) in enumerate(zip(entries, images, strict=True)):
            entry = self.machine.record("_LDR_DATA_TABLE_ENTRY")
            entry.fill(DllBase=each.base, EntryPoint=each.base + each.image.entry, SizeOfImage=each.image.size)
            entry.fill(TimeDateStamp=each.image.timestamp)
            if self.machine.structures.has("_LDR_DATA_TABLE_ENTRY", "LoadTime"):  # since Windows 7
                entry.set("LoadTime.QuadPart", self.loaded[number])
            entry.set("FullDllName", self.text(each.path)).set("BaseDllName", self.text(each.path.rsplit("\\", 1)[-1]))
            self.space.write(place, bytes(entry.data))
        for links in _LINKS:
            chosen = entries[1:] if links == "InInitializationOrder" else entries
            head = ldr + offset("_PEB_LDR_DATA", f"{links}ModuleList")
            at = offset("_LDR_DATA_TABLE_ENTRY", f"{links}Links")
            self._ring([head, *(entry + at for entry in chosen)])
        self.to_peb("Ldr", ldr)

    def _ring(self, ring: Sequence[int]) -> None:
        for index, entry in enumerate(ring):
            links = self.machine.pointer(ring[(index + 1) % len(ring)]) + self.machine.pointer(ring[index - 1])
            self.space.write(entry, links)

    def parameters(self, values: dict[str, str], environment: dict[str, str]) -> None:
        block = "".join(f"{name}={value}\0" for name, value in environment.items()) + "\0"
        data = block.encode("utf-16-le")
        self.space.write(self.layout.environment, data)
        record = self.machine.record("_RTL_USER_PROCESS_PARAMETERS")
        size = self.machine.structures.size("_RTL_USER_PROCESS_PARAMETERS")
        record.fill(MaximumLength=size, Length=size, Flags=1, Environment=self.layout.environment)
        record.fill(EnvironmentSize=len(data))
        for name, value in values.items():
            record.set(f"{name}.DosPath" if name == "CurrentDirectory" else name, self.text(value))
        self.space.write(self.layout.parameters, bytes(record.data))
        self.to_peb("ProcessParameters", self.layout.parameters)
