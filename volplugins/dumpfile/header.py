"""The dump header, decoded: numbers as Windows wrote them, None where it wrote none."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone

from volplugins.dumpfile.attributes import attribute_names
from volplugins.dumpfile.context import RegisterContext, decode_context
from volplugins.dumpfile.dump_type import DESCRIPTIONS
from volplugins.dumpfile.errors import EmptyFile, NotADump, TruncatedDump, UserModeDump
from volplugins.dumpfile.exception_record import ExceptionRecord, decode_exception_record32, decode_exception_record64
from volplugins.dumpfile.header_fields import FILLER, HEADER32, HEADER64, HeaderField, HeaderLayout, read_field
from volplugins.dumpfile.source import ByteSource

_EPOCH = datetime(1601, 1, 1, tzinfo=timezone.utc)
MACHINES = {0x14C: "x86", 0x8664: "x64", 0xAA64: "ARM64", 0x200: "IA64", 0x1C4: "ARM"}
PRODUCTS = {1: "workstation", 2: "domain controller", 3: "server"}


@dataclass(frozen=True, slots=True)
class DumpHeader:
    """The header. Addresses that Windows never wrote are 0, other absent numbers None.

    ``fields`` holds every field under Microsoft's name in file order; ``system_time`` is a FILETIME,
    ``system_uptime`` a count of 100 ns. ``context_written``: whether the context's place is more than filler.
    """

    bits: int
    pae: bool | None
    dump_type: int
    machine: int
    directory_table_base: int
    pfn_data_base: int
    ps_loaded_module_list: int
    ps_active_process_head: int
    number_processors: int
    bugcheck_code: int
    bugcheck_parameters: tuple[int, int, int, int]
    kd_debugger_data_block: int
    major_version: int
    minor_version: int
    version_user: str
    comment: str
    product_type: int | None
    suite_mask: int | None
    writer_status: int | None
    mini_dump_fields: int | None
    secondary_data_state: int | None
    required_dump_space: int | None
    system_time: int | None
    system_uptime: int | None
    attributes: int | None
    boot_id: int | None
    kd_secondary_version: int | None
    context: RegisterContext | None
    exception: ExceptionRecord | None
    fields: tuple[HeaderField, ...]
    context_written: bool

    @property
    def size(self) -> int:
        """Size of the header in bytes."""
        return HEADER64.size if self.bits == 64 else HEADER32.size

    def attribute_names(self) -> tuple[str, ...]:
        """The Attributes by name; none where the header has none."""
        return attribute_names(self.attributes) if self.attributes is not None else ()

    def system_time_utc(self) -> datetime | None:
        """SystemTime, or None where it is absent or no date."""
        if not self.system_time:
            return None
        try:
            return _EPOCH + timedelta(microseconds=self.system_time // 10)
        except OverflowError:
            return None


def identify(source: ByteSource) -> HeaderLayout:
    """The layout of the header that the file starts with.

    Raises:
        EmptyFile: there is no byte.
        NotADump, UserModeDump: the file starts with something else.
        TruncatedDump: the file ends inside the magic.
    """
    magic = source.read(0, 8)
    if magic == b"PAGEDU64":
        return HEADER64
    if magic == b"PAGEDUMP":
        return HEADER32
    if magic[:4] == b"MDMP":
        raise UserModeDump(
            "this is a user-mode minidump (MDMP): one process, not the machine; "
            "open it with WinDbg, lldb or the Python package minidump"
        )
    if magic in (b"USERDUMP", b"USERDU64"):
        raise UserModeDump("this is a user-mode dump of an old kind (USERDUMP): one process; open it with WinDbg")
    if not source.size:
        raise EmptyFile("the file is empty")
    if source.size < 8 and any(whole.startswith(magic) for whole in (b"PAGEDU64", b"PAGEDUMP")):
        raise TruncatedDump("the file ends inside the header's signature", offset=source.size)
    error = NotADump(f"not a Windows kernel crash dump: {_looks_like(magic)}")
    error.may_be_an_image = not any(magic.startswith(start) for start, _ in _PACKED)
    raise error


_PACKED = (
    (b"\x1f\x8b", "it is gzip-compressed; decompress it first"),
    (b"PK\x03\x04", "it is a zip archive; extract the dump first"),
    (b"\xfd7zXZ", "it is xz-compressed; decompress it first"),
    (b"MSCF", "it is a cabinet; extract the dump first"),
    (b"7z\xbc\xaf", "it is a 7z archive; extract the dump first"),
)
_OTHERS = (
    *_PACKED,
    (b"\x7fELF", "it is an ELF file (a LiME, QEMU or VirtualBox core?)"),
    (b"EMiL", "it is a LiME image"),
    (b"hibr", "it is a hibernation file"),
    (b"HIBR", "it is a hibernation file"),
    (b"wake", "it is a hibernation file"),
    (b"PAGE", "its signature is PAGE, but what follows is neither DUMP nor DU64"),
)


def _looks_like(magic: bytes) -> str:
    known = next((text for start, text in _OTHERS if magic.startswith(start)), None)
    return known or f"it starts with {magic.hex(' ')} where PAGEDUMP or PAGEDU64 should be"


def parse_header(source: ByteSource) -> DumpHeader:
    """Decode the header at the start of ``source``.

    Raises:
        EmptyFile, NotADump, UserModeDump: there is no such header.
        TruncatedDump: the file ends inside it.
    """
    layout = identify(source)
    data = source.read(0, layout.size)
    if len(data) < layout.size:
        raise TruncatedDump(
            f"the file ends inside the header: {len(data)} of {layout.size} bytes are there", offset=len(data)
        )
    raw = tuple(read_field(data, field) for field in layout.fields)
    found = {field.name: field.value for field in raw}

    def number(name: str) -> int | None:
        value = found.get(name)
        return value if isinstance(value, int) else None

    def text(name: str) -> str:
        return str(found.get(name) or "")

    machine = number("MachineImageType") or 0
    parameters = [number(f"BugCheckParameter{i}") or 0 for i in range(1, 5)]
    pae = number("PaeEnabled")
    context = data[layout.context : layout.context + layout.context_size]
    exception = data[layout.exception : layout.exception + layout.exception_size]
    decode = decode_exception_record64 if layout.bits == 64 else decode_exception_record32
    return DumpHeader(
        layout.bits,
        bool(pae) if pae in (0, 1) else None,
        number("DumpType") or 0,
        machine,
        number("DirectoryTableBase") or 0,
        number("PfnDataBase") or 0,
        number("PsLoadedModuleList") or 0,
        number("PsActiveProcessHead") or 0,
        number("NumberProcessors") or 0,
        number("BugCheckCode") or 0,
        (parameters[0], parameters[1], parameters[2], parameters[3]),
        number("KdDebuggerDataBlock") or 0,
        number("MajorVersion") or 0,
        number("MinorVersion") or 0,
        text("VersionUser"),
        text("Comment"),
        number("ProductType"),
        number("SuiteMask"),
        number("WriterStatus"),
        number("MiniDumpFields"),
        number("SecondaryDataState"),
        number("RequiredDumpSpace"),
        number("SystemTime"),
        number("SystemUpTime"),
        number("Attributes"),
        number("BootId"),
        number("KdSecondaryVersion"),
        decode_context(context, machine, True),
        decode(exception),
        tuple(_explained(field) for field in raw),
        bool(context.replace(FILLER, b"")),
    )


_MEANINGS = {
    "DumpType": {int(kind): text for kind, text in DESCRIPTIONS.items()},
    "MachineImageType": MACHINES,
    "MajorVersion": {15: "free build", 12: "checked build"},
    "PaeEnabled": {0: "no", 1: "yes"},
    "ProductType": PRODUCTS,
}


def _explained(field: HeaderField) -> HeaderField:
    """The field with what its value means, for those that have names."""
    if field.name == "Attributes" and isinstance(field.value, int):
        note = ", ".join(attribute_names(field.value)) or "none"
    elif isinstance(field.value, int) and field.name in _MEANINGS:
        note = _MEANINGS[field.name].get(field.value, "unknown")
    else:
        return field
    return replace(field, note=note)
