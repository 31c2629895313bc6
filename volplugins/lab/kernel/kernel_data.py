"""The kernel's own variables: debugger data block, version block, shared user data, module lists.

KDDEBUGGER_DATA64 offsets: the structure as published in the debugger SDK's wdbgexts.h; unloaded-driver entries:
public symbol tables (_UNLOADED_DRIVERS).
"""

from __future__ import annotations

import struct
from collections.abc import Sequence

from volplugins.lab.kernel.memory_counters import COUNTER_ADDRESSES, usual_counters, write_memory_counters
from volplugins.lab.kernel.process_records import TICK, link_list
from volplugins.lab.machine.machine import LoadedImage, Machine
from volplugins.lab.machine.processors import Processor

# kernel variable whose address a member holds: member offset to name
_KDBG_SYMBOLS = {
    0x48: "PsLoadedModuleList", 0x50: "PsActiveProcessHead", 0x58: "PspCidTable", 0x60: "ExpSystemResourcesList",
    0x88: "KiBugcheckData", 0x98: "ObpRootDirectoryObject", 0xC0: "MmPfnDatabase",
    0x1C8: "MmHighestUserAddress", 0x1D0: "MmSystemRangeStart",
    0x1D8: "MmUserProbeAddress", 0x208: "NtBuildLab", 0x218: "KiProcessorBlock", 0x220: "MmUnloadedDrivers",
    0x228: "MmLastUnloadedDriver", 0x268: "CmNtCSDVersion", 0x270: "MmPhysicalMemoryBlock", 0x2D8: "KeLoaderBlock",
}  # fmt: skip
# offset or size of a structure member: member offset to (structure, path); an empty path is the structure's size
_KDBG_OFFSETS = {
    0x298: ("_KTHREAD", "NextProcessor"), 0x29A: ("_KTHREAD", "Teb"), 0x29C: ("_KTHREAD", "KernelStack"),
    0x29E: ("_KTHREAD", "InitialStack"), 0x2A0: ("_KTHREAD", "ApcState.Process"), 0x2A2: ("_KTHREAD", "State"),
    0x2A8: ("_EPROCESS", ""), 0x2AA: ("_EPROCESS", "Peb"), 0x2AC: ("_EPROCESS", "InheritedFromUniqueProcessId"),
    0x2AE: ("_EPROCESS", "Pcb.DirectoryTableBase"), 0x2B0: ("_KPRCB", ""), 0x2B2: ("_KPRCB", "DpcRoutineActive"),
    0x2B4: ("_KPRCB", "CurrentThread"), 0x2B6: ("_KPRCB", "MHz"), 0x2B8: ("_KPRCB", "CpuType"),
    0x2BA: ("_KPRCB", "VendorString"), 0x2BC: ("_KPRCB", "ProcessorState.ContextFrame"), 0x2BE: ("_KPRCB", "Number"),
    0x2C0: ("_ETHREAD", ""), 0x2F2: ("_KPRCB", "ProcessorState.SpecialRegisters"), 0x2E0: ("_KPCR", ""),
    0x338: ("_KPRCB", "Context"),
}  # fmt: skip
_PCR_OFFSETS_64 = {0x2E2: "Self", 0x2E4: "CurrentPrcb", 0x2E6: "Prcb"}
_PCR_OFFSETS_32 = {0x2E2: "SelfPcr", 0x2E4: "Prcb", 0x2E6: "PrcbData"}
_SELECTORS_64 = {0x2F4: 0x10, 0x2F6: 0x18, 0x2F8: 0, 0x2FA: 0x33, 0x2FC: 0x2B, 0x2FE: 0, 0x300: 0, 0x302: 0x40,
                 0x304: 0x20, 0x306: 0x50}  # fmt: skip
_SELECTORS_32 = {0x2F4: 0x8, 0x2F6: 0x10, 0x2F8: 0x30, 0x2FA: 0x18, 0x2FC: 0x20, 0x2FE: 0x38, 0x300: 0x48, 0x302: 0x28}
# what protection indexes 0 to 7 mean; 8 to 31 are the same with PAGE_NOCACHE, PAGE_GUARD or PAGE_WRITECOMBINE
_PROTECTIONS = (0x01, 0x02, 0x10, 0x20, 0x04, 0x08, 0x40, 0x80)
_TICKS_PER_SECOND = 10_000_000


def write_kernel_variables(machine: Machine, processors: list[Processor]) -> None:
    """KDBG, version block, build strings and the small variables that they point to."""
    profile = machine.profile
    wide = machine.width == 8
    machine.write(machine.symbol("nt!KdDebuggerDataBlock"), _kdbg(machine))
    machine.write(machine.symbol("nt!KdVersionBlock"), _version_block(machine))
    for name, text in (("NtBuildLab", profile.build_lab), ("NtBuildLabEx", profile.build_lab_ex)):
        machine.write(machine.symbol("nt!" + name), text.encode() + b"\0")
    machine.write(machine.symbol("nt!CmNtCSDVersion"), struct.pack("<I", profile.service_pack << 8))
    machine.write(machine.symbol("nt!NtBuildNumber"), struct.pack("<I", 0xF0000000 | profile.build))
    machine.write(machine.symbol("nt!KeNumberProcessors"), struct.pack("<I", len(processors)))
    values = [value | (extra if value != 1 else 0) for extra in (0, 0x200, 0x100, 0x400) for value in _PROTECTIONS]
    machine.write(machine.symbol("nt!MmProtectToValue"), struct.pack("<32I", *values))
    machine.write(machine.symbol("nt!ObpInfoMaskToOffset"), _header_offsets(machine))
    highest, start, probe = (
        (0x7FFFFFFEFFFF if profile.build >= 9200 else 0x7FFFFFEFFFF, 0xFFFF800000000000, 0x7FFFFFFF0000)
        if wide else (profile.user_end - 0x10001, profile.user_end, profile.user_end - 0x10000)
    )  # fmt: skip
    write_wait_keys(machine)
    write_memory_counters(machine, usual_counters(machine))
    machine.write_pointer(machine.symbol("nt!MmPfnDatabase"), pfn_database(machine))
    machine.write_pointer(machine.symbol("nt!MmHighestUserAddress"), highest)
    machine.write_pointer(machine.symbol("nt!MmSystemRangeStart"), start)
    machine.write_pointer(machine.symbol("nt!MmUserProbeAddress"), probe)


def write_bugcheck_data(machine: Machine, code: int, parameters: Sequence[int]) -> None:
    """KiBugCheckData: the code and its four parameters, all zero on a machine that did not crash."""
    words = b"".join(machine.pointer(value) for value in (code, *parameters))
    machine.write(machine.symbol("nt!KiBugcheckData"), words)


def write_bugcheck_driver(machine: Machine, parameters: Sequence[int]) -> None:
    """KiBugCheckDriver: the name of the first driver that a parameter points into, in its entry of the module list."""
    found = next((stem for value in parameters for stem, loaded in machine.images.items()
                  if loaded.base <= value < loaded.end and stem not in ("nt", "hal")), "")  # fmt: skip
    machine.truth["bugcheck_driver"] = found
    if found:
        name = machine.structures.offset(_entry(machine), "BaseDllName")
        machine.write_pointer(machine.symbol("nt!KiBugCheckDriver"), machine.io.loader[found] + name)


def write_wait_keys(machine: Machine) -> None:
    """KiWaitNever and KiWaitAlways, chosen at random at every boot; kernels without an encoded block have none here."""
    chooser = machine.random("wait keys")
    for name in ("KiWaitNever", "KiWaitAlways"):
        if name in machine.images["nt"].image.symbols:
            machine.write_pointer(machine.symbol(f"nt!{name}"), chooser.getrandbits(64))


def write_memory_runs(machine: Machine) -> None:
    """MmPhysicalMemoryBlock: the runs of RAM that a dump's header states (_PHYSICAL_MEMORY_DESCRIPTOR, public)."""
    runs = machine.profile.runs
    words = [len(runs), sum(count for _, count in runs), *(number for run in runs for number in run)]
    block = machine.pool.store(b"".join(machine.pointer(word) for word in words), "MmPh")
    machine.write_pointer(machine.symbol("nt!MmPhysicalMemoryBlock"), block)


def _header_offsets(machine: Machine) -> bytes:
    """Where the last of an object's optional headers lies before its header, by InfoMask (Windows 7 and later)."""
    names = ("CREATOR", "NAME", "HANDLE", "QUOTA", "PROCESS")
    known = [f"_OBJECT_HEADER_{name}_INFO" for name in names]
    sizes = [machine.structures.size(name) if machine.structures.has(name) else 0 for name in known]
    return bytes(sum(size for bit, size in enumerate(sizes) if mask >> bit & 1) for mask in range(0x20))


def pfn_database(machine: Machine) -> int:
    """The address that MmPfnDatabase holds (what is there: page_database.py)."""
    if machine.width == 4:
        return 0x81000000 if machine.profile.build < 6000 else 0x83000000
    return 0xFFFFFA8000000000 if machine.profile.build < 14393 else machine.profile.regions[1]


def _kdbg(machine: Machine) -> bytes:
    profile = machine.profile
    block = bytearray(profile.kdbg_size)
    address = machine.symbol("nt!KdDebuggerDataBlock")

    def put(offset: int, value: int, size: int = 8) -> None:
        if offset + size <= len(block):
            block[offset : offset + size] = (value & ((1 << 8 * size) - 1)).to_bytes(size, "little")

    put(0, _extended(address))
    put(8, _extended(address))
    block[0x10:0x14] = b"KDBG"
    put(0x14, len(block), 4)
    put(0x18, _extended(machine.images["nt"].base))
    for offset, name in _KDBG_SYMBOLS.items():
        put(offset, _extended(machine.symbol("nt!" + name)))
    for offset, name in COUNTER_ADDRESSES.items():
        if name in machine.images["nt"].image.symbols:
            put(offset, _extended(machine.symbol("nt!" + name)))
    put(0x138, 0x1000)
    for offset, (structure, path) in _KDBG_OFFSETS.items():
        known = machine.structures
        if not path:
            put(offset, known.size(structure), 2)
        elif known.has(structure, path.partition(".")[0]):
            put(offset, known.offset(structure, path), 2)
    for offset, name in (_PCR_OFFSETS_64 if machine.width == 8 else _PCR_OFFSETS_32).items():
        put(offset, machine.structures.offset("_KPCR", name), 2)
    for offset, selector in (_SELECTORS_64 if machine.width == 8 else _SELECTORS_32).items():
        put(offset, selector, 2)
    return bytes(block)


def _extended(address: int) -> int:
    """32-bit addresses are kept sign-extended."""
    return address | 0xFFFFFFFF00000000 if 0x80000000 <= address < 1 << 32 else address


def _version_block(machine: Machine) -> bytes:
    block = machine.record("_DBGKD_GET_VERSION64")
    wide = machine.width == 8
    block.fill(
        MajorVersion=0xF,
        MinorVersion=machine.profile.build,
        ProtocolVersion=6,
        Flags=7 if wide else 3,
        MachineType=0x8664 if wide else 0x14C,
        MaxPacketType=0xC,
        MaxStateChange=3,
        MaxManipulate=0x33,
        KernBase=_extended(machine.images["nt"].base),
        PsLoadedModuleList=_extended(machine.symbol("nt!PsLoadedModuleList")),
        DebuggerDataList=_extended(machine.symbol("nt!KdDebuggerDataBlock")),
    )
    return bytes(block.data)


def write_shared_user_data(machine: Machine) -> None:
    """KUSER_SHARED_DATA, mapped before any process is made so that each can share its page."""
    profile, host = machine.profile, machine.host
    machine.kernel.map(profile.shared_user_data, 0x1000, "data")
    data = machine.record("_KUSER_SHARED_DATA")
    root = "C:\\Windows" if profile.build >= 6000 else "C:\\WINDOWS"
    data.set("NtSystemRoot", (root + "\0").encode("utf-16-le"))
    data.fill(NtMajorVersion=profile.version[0], NtMinorVersion=profile.version[1], NtBuildNumber=profile.build,
              NtProductType=1, ProductTypeIsValid=1, TickCountMultiplier=0xFA00000, SuiteMask=0x110,
              NumberOfPhysicalPages=sum(count for _, count in profile.runs), ActiveProcessorCount=2,
              ImageNumberLow=0x8664 if machine.width == 8 else 0x14C,
              ImageNumberHigh=0x8664 if machine.width == 8 else 0x14C)  # fmt: skip
    for member, value in {
        "InterruptTime": host.uptime,
        "SystemTime": host.crash_time,
        "TimeZoneBias": host.time_zone_bias * 60 * _TICKS_PER_SECOND,
    }.items():
        low, high = value & 0xFFFFFFFF, value >> 32 & 0xFFFFFFFF
        data.set(member + ".LowPart", low).set(member + ".High1Time", high).set(member + ".High2Time", high)
    ticks = host.uptime // TICK
    data.fill(TickCountQuad=ticks, TickCountLow=ticks)
    machine.write(profile.shared_user_data, data.data)


def _entry(machine: Machine) -> str:
    """The structure of an entry of the module list."""
    return "_KLDR_DATA_TABLE_ENTRY" if machine.structures.has("_KLDR_DATA_TABLE_ENTRY") else "_LDR_DATA_TABLE_ENTRY"


def write_module_list(machine: Machine) -> None:
    """PsLoadedModuleList: an entry per image, in load order."""
    name = _entry(machine)
    machine.io.loader = {stem: _module_entry(machine, loaded, name) for stem, loaded in machine.images.items()}
    link_list(machine, machine.symbol("nt!PsLoadedModuleList"), list(machine.io.loader.values()))
    machine.truth["modules"] = [_module_truth(*each) for each in machine.images.items()]


def _module_entry(machine: Machine, loaded: LoadedImage, structure: str) -> int:
    image = loaded.image
    entry = machine.record(structure)
    entry.set("FullDllName", machine.pool.text(loaded.path))
    entry.set("BaseDllName", machine.pool.text(loaded.path.rpartition("\\")[2]))
    entry.fill(DllBase=loaded.base, EntryPoint=loaded.base + image.entry, SizeOfImage=image.size,
               LoadCount=1, ObsoleteLoadCount=1, Flags=0x49104000, TimeDateStamp=image.timestamp,
               CheckSum=image.checksum)  # fmt: skip
    if image.bits == 64 and 3 in image.directories:
        start, size = image.directories[3]
        entry.fill(ExceptionTable=loaded.base + start, ExceptionTableSize=size)
    return machine.pool.store(entry.data, "MmLd")


def _module_truth(stem: str, loaded: LoadedImage) -> dict[str, object]:
    image = loaded.image
    return {
        "name": stem,
        "file": loaded.path.rpartition("\\")[2],
        "path": loaded.path,
        "base": loaded.base,
        "size": image.size,
        "pdb": image.source.pdb.rpartition("\\")[2],
        "guid": image.guid.hex.upper(),
        "age": image.age,
        "timestamp": image.timestamp,
        "checksum": image.checksum,
    }


def write_unloaded_drivers(machine: Machine) -> None:
    """MmUnloadedDrivers: two drivers that were unloaded earlier; the ring has room for fifty."""
    width = machine.width
    size = 5 * width if width == 8 else 6 * width
    ring = bytearray(50 * size)
    low = machine.profile.driver_bases[machine.base_index] + 0x300000
    known = []
    for slot, (name, length) in enumerate((("dump_storport.sys", 0x12000), ("hwpolicy.sys", 0x9000))):
        start = low + slot * 0x40000
        when = machine.host.crash_time - machine.host.uptime + (slot + 1) * 9_000_000_00
        entry = machine.pool.text(name) + machine.pointer(start) + machine.pointer(start + length)
        entry += struct.pack("<Q", when)
        ring[slot * size : slot * size + len(entry)] = entry
        known.append({"name": name, "base": start, "end": start + length, "time": when})
    machine.write_pointer(machine.symbol("nt!MmUnloadedDrivers"), machine.pool.store(ring, "MmDT"))
    machine.write(machine.symbol("nt!MmLastUnloadedDriver"), struct.pack("<I", len(known)))
    machine.truth["unloaded"] = known
