"""What looks wrong in a header whose numbers could be read: facts for the user, none of them stops the opening."""

from __future__ import annotations

from collections.abc import Iterator

from volplugins.dumpfile.context import AMD64, ARM64, I386
from volplugins.dumpfile.header import DumpHeader
from volplugins.dumpfile.note import Note

_BITS = {I386: 32, AMD64: 64, ARM64: 64}
_MOST_PROCESSORS = {32: 32, 64: 2048}  # Windows Server: 64 groups of processors, 2048 supported
_FIRST_KERNEL_ADDRESS = {32: 0x80000000, 64: 0xFFFF800000000000}
_LIVE_SYSTEM_DUMP = 0x161
_FIRST_FILETIME = 0x1B9B90A9F21C000  # 1995: no kernel that writes these headers is older


def header_notes(header: DumpHeader) -> Iterator[Note]:
    """Everything odd about ``header``, in the order of its fields."""
    for check in (_machine, _directory, _addresses, _processors, _records, _time):
        yield from check(header)


def _machine(header: DumpHeader) -> Iterator[Note]:
    bits = _BITS.get(header.machine)
    if bits is None:
        yield Note("MachineImageType", f"{header.machine:#x} is no machine that is known here")
    elif bits != header.bits:
        yield Note("MachineImageType", f"{header.machine:#x} is {bits}-bit, the header {header.bits}-bit")


def _directory(header: DumpHeader) -> Iterator[Note]:
    if not header.directory_table_base:
        yield Note("DirectoryTableBase", "is zero: the page tables have to be searched for")
    elif header.bits == 32 and header.directory_table_base & 0x1F:
        yield Note("DirectoryTableBase", f"{header.directory_table_base:#x} is aligned to no kind of page directory")
    elif header.directory_table_base >> 52:
        yield Note("DirectoryTableBase", f"{header.directory_table_base:#x} is no physical address")


def _addresses(header: DumpHeader) -> Iterator[Note]:
    first = _FIRST_KERNEL_ADDRESS[header.bits]
    for name, value in (
        ("PsLoadedModuleList", header.ps_loaded_module_list),
        ("PsActiveProcessHead", header.ps_active_process_head),
        ("KdDebuggerDataBlock", header.kd_debugger_data_block),
    ):
        if not value:
            # Windows 2000 and older left KdDebuggerDataBlock unwritten
            yield Note(name, "was not written", "info")
        elif value < first:
            yield Note(name, f"{value:#x} is no kernel address")


def _processors(header: DumpHeader) -> Iterator[Note]:
    if not 0 < header.number_processors <= _MOST_PROCESSORS[header.bits]:
        yield Note("NumberProcessors", f"{header.number_processors} is no number of processors")


def _records(header: DumpHeader) -> Iterator[Note]:
    if not header.context_written and header.bugcheck_code == _LIVE_SYSTEM_DUMP:
        yield Note(
            "ContextRecord", "was never written: no processor failed in a dump of a machine that went on", "info"
        )
    elif header.context is None and header.machine in _BITS:
        yield Note("ContextRecord", "no context of this machine: never written, or its flags are another machine's")
    elif header.context is not None and not header.context.flags:
        yield Note("ContextRecord", "its ContextFlags are zero; used, since both its pointers are kernel addresses")
    if header.exception is None:
        yield Note("Exception", "was never written", "info")


def _time(header: DumpHeader) -> Iterator[Note]:
    if header.system_time is not None and (header.system_time < _FIRST_FILETIME or header.system_time_utc() is None):
        yield Note("SystemTime", f"{header.system_time:#x} is no time that a crash could have")
