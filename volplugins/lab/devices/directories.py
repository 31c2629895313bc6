"""The object manager's directories: hash tables of named objects, each object's header leading back to its directory.

Members: public symbol tables; the hash of a name: ReactOS, ObpLookupEntryDirectory (37 buckets, names in upper case,
the newest entry first in its chain).
"""

from __future__ import annotations

from volplugins.lab.devices.tree import LINKS
from volplugins.lab.machine.machine import Machine

BUCKETS = 37
ALWAYS = ("\\Driver", "\\FileSystem", "\\Device", "\\GLOBAL??", "\\ObjectTypes")


def write_directories(machine: Machine) -> None:
    """Directories for all named objects of the registry, below the root that ObpRootDirectoryObject leads to."""
    _add_links(machine)
    types = {f"\\ObjectTypes\\{name}": address for name, address in machine.pool.object_types.items()}
    objects = {**types, **machine.io.named}
    root = _directory(machine, "\\")
    directories = {"": root}
    for path in sorted({*ALWAYS, *(up for name in objects for up in _above(name))}):
        directories[path] = objects[path] = _directory(machine, path.rpartition("\\")[2])
    machine.io.named.update({path: address for path, address in directories.items() if path})
    chains: dict[int, list[list[tuple[int, int]]]] = {
        address: [[] for _ in range(BUCKETS)] for address in directories.values()
    }
    for path, body in objects.items():
        parent, _, name = path.rpartition("\\")
        value = name_hash(name)
        chains[directories[parent]][value % BUCKETS].insert(0, (body, value))
        machine.pool.set_directory(body, directories[parent])
    for address, buckets in chains.items():
        _fill(machine, address, buckets)
    machine.write_pointer(machine.symbol("nt!ObpRootDirectoryObject"), root)
    for symbol, kind in (("ObpDirectoryObjectType", "Directory"), ("IoDriverObjectType", "Driver"),
                         ("IoDeviceObjectType", "Device"), ("IoFileObjectType", "File")):  # fmt: skip
        machine.write_pointer(machine.symbol(f"nt!{symbol}"), machine.pool.object_types[kind])


def name_hash(name: str) -> int:
    """The number that a name's bucket is found by."""
    value = 0
    for character in name.upper():
        value = (value + (value << 1) + (value >> 1) + ord(character)) & 0xFFFFFFFF
    return value


def _above(path: str) -> list[str]:
    """The directories that a path leads through, without the root."""
    parts = path.split("\\")[1:-1]
    return ["\\" + "\\".join(parts[: count + 1]) for count in range(len(parts))]


def _directory(machine: Machine, name: str) -> int:
    record = machine.record("_OBJECT_DIRECTORY").fill(SessionId=0xFFFFFFFF)
    address = machine.pool.allocate_object(len(record.data), "Dire", "Directory", name)
    machine.write(address, record.data)
    return address


def _fill(machine: Machine, directory: int, buckets: list[list[tuple[int, int]]]) -> None:
    table = machine.structures.offset("_OBJECT_DIRECTORY", "HashBuckets")
    for number, chain in enumerate(buckets):
        following = 0
        for body, value in reversed(chain):
            entry = machine.record("_OBJECT_DIRECTORY_ENTRY").fill(ChainLink=following, Object=body, HashValue=value)
            following = machine.pool.store(entry.data, "ObDi")
        machine.write_pointer(directory + table + number * machine.width, following)


def _add_links(machine: Machine) -> None:
    """Symbolic links: drive letters and devices under their names for programs, ``\\??`` and ``\\DosDevices``."""
    wide = machine.profile.build >= 6000
    letters = {"C:": f"\\Device\\HarddiskVolume{2 if wide else 1}"}
    for name, target in {**LINKS, **letters}.items():
        machine.io.named[f"\\GLOBAL??\\{name}"] = _link(machine, name, target)
    machine.io.named["\\DosDevices"] = _link(machine, "DosDevices", "\\GLOBAL??")


def _link(machine: Machine, name: str, target: str) -> int:
    record = machine.record("_OBJECT_SYMBOLIC_LINK").set("LinkTarget", machine.pool.text(target))
    record.set("CreationTime.QuadPart", machine.host.crash_time - machine.host.uptime + 20_000_000)
    address = machine.pool.allocate_object(len(record.data), "Symb", "SymbolicLink", name)
    machine.write(address, record.data)
    return address
