"""Object types by index in ObTypeIndexTable, as public listings of these builds give them; from the third entry on.

The first two entries of the table are no types. Windows XP has no table: an object's header points to its type.
"""

from __future__ import annotations

from volplugins.lab.kernel.process_records import link_list
from volplugins.lab.machine.machine import Machine

_SHARED = ("Type", "Directory", "SymbolicLink", "Token", "Job", "Process", "Thread")
_WINDOWS_7 = (
    *_SHARED, "UserApcReserve", "IoCompletionReserve", "DebugObject", "Event", "EventPair", "Mutant", "Callback",
    "Semaphore", "Timer", "Profile", "KeyedEvent", "WindowStation", "Desktop", "TpWorkerFactory", "Adapter",
    "Controller", "Device", "Driver", "IoCompletion", "File", "TmTm", "TmTx", "TmRm", "TmEn", "Section", "Session",
    "Key", "ALPC Port", "PowerRequest", "WmiGuid", "EtwRegistration", "EtwConsumer", "FilterConnectionPort",
    "FilterCommunicationPort", "PcwObject",
)  # fmt: skip
_WINDOWS_10 = (
    *_SHARED, "Partition", "UserApcReserve", "IoCompletionReserve", "ActivityReference", "PsSiloContextPaged",
    "PsSiloContextNonPaged", "DebugObject", "Event", "Mutant", "Callback", "Semaphore", "Timer", "IRTimer", "Profile",
    "KeyedEvent", "WindowStation", "Desktop", "Composition", "RawInputManager", "CoreMessaging", "ActivationObject",
    "TpWorkerFactory", "Adapter", "Controller", "Device", "Driver", "IoCompletion", "WaitCompletionPacket", "File",
    "TmTm", "TmTx", "TmRm", "TmEn", "Section", "Session", "Key", "RegistryTransaction", "ALPC Port", "EnergyTracker",
    "PowerRequest", "WmiGuid", "EtwRegistration", "EtwSessionDemuxEntry", "EtwConsumer",
)  # fmt: skip


def add_object_types(machine: Machine) -> None:
    """_OBJECT_TYPE objects, and ObTypeIndexTable and ObHeaderCookie where the build has them."""
    indexed = machine.structures.has("_OBJECT_HEADER", "TypeIndex")
    names: tuple[str, ...] = _WINDOWS_10 if machine.profile.build >= 10240 else _WINDOWS_7
    if machine.profile.build < 6000:  # LPC, before ALPC
        names = tuple("Port" if name == "ALPC Port" else name for name in names)
    machine.pool.type_indexes = {name: index for index, name in enumerate(names, 2)}
    if indexed:
        machine.write_pointer(machine.symbol("nt!ObTypeIndexTable") + machine.width, 0xBAD0B0B0)
    for name, index in machine.pool.type_indexes.items():
        address = _object_type(machine, name, index)
        machine.pool.object_types[name] = address
        if indexed:
            machine.write_pointer(machine.symbol("nt!ObTypeIndexTable") + index * machine.width, address)
    if machine.pool.cookie:
        machine.write(machine.symbol("nt!ObHeaderCookie"), bytes([machine.pool.cookie]))
    for name in ("Process", "Thread"):
        machine.write_pointer(machine.symbol(f"nt!Ps{name}Type"), machine.pool.object_types[name])


def _object_type(machine: Machine, name: str, index: int) -> int:
    record = machine.record("_OBJECT_TYPE").set("Name", machine.pool.text(name)).fill(Index=index)
    record.fill(TotalNumberOfObjects=32, TotalNumberOfHandles=48, Key=name[:4].encode().ljust(4))
    address = machine.pool.allocate_object(len(record.data), "ObjT", "Type", name)
    if name == "Type" and machine.structures.has("_OBJECT_HEADER", "Type"):  # the first one is of its own type
        header = {member: machine.structures.offset("_OBJECT_HEADER", member) for member in ("Type", "Body")}
        machine.write_pointer(address - header["Body"] + header["Type"], address)
    machine.write(address, record.data)
    link_list(machine, address + record.offset("TypeList"), [])
    return address
