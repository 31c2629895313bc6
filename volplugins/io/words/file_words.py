"""File objects and requests on files in words: flags, options and dispositions of an open, classes of information.

Source: the public headers wdm and ntifs as MinGW-w64 publishes them, and the phnt headers for the classes.
"""

from __future__ import annotations

from volplugins.io.words.flag_words import in_words, numbered, table

FILE_FLAGS = table("""
FO_FILE_OPEN=0x1 FO_SYNCHRONOUS_IO=0x2 FO_ALERTABLE_IO=0x4 FO_NO_INTERMEDIATE_BUFFERING=0x8 FO_WRITE_THROUGH=0x10
FO_SEQUENTIAL_ONLY=0x20 FO_CACHE_SUPPORTED=0x40 FO_NAMED_PIPE=0x80 FO_STREAM_FILE=0x100 FO_MAILSLOT=0x200
FO_QUEUE_IRP_TO_THREAD=0x400 FO_DIRECT_DEVICE_OPEN=0x800 FO_FILE_MODIFIED=0x1000 FO_FILE_SIZE_CHANGED=0x2000
FO_CLEANUP_COMPLETE=0x4000 FO_TEMPORARY_FILE=0x8000 FO_DELETE_ON_CLOSE=0x10000 FO_OPENED_CASE_SENSITIVE=0x20000
FO_HANDLE_CREATED=0x40000 FO_FILE_FAST_IO_READ=0x80000 FO_RANDOM_ACCESS=0x100000 FO_FILE_OPEN_CANCELLED=0x200000
FO_VOLUME_OPEN=0x400000 FO_BYPASS_IO_ENABLED=0x800000 FO_REMOTE_ORIGIN=0x1000000 FO_SKIP_COMPLETION_PORT=0x2000000
FO_SKIP_SET_EVENT=0x4000000 FO_SKIP_SET_FAST_IO=0x8000000 FO_INDIRECT_WAIT_OBJECT=0x10000000
FO_SECTION_MINSTORE_TREATMENT=0x20000000
""")
DISPOSITIONS = ("FILE_SUPERSEDE", "FILE_OPEN", "FILE_CREATE", "FILE_OPEN_IF", "FILE_OVERWRITE", "FILE_OVERWRITE_IF")
CREATE_OPTIONS = table("""
FILE_DIRECTORY_FILE=0x1 FILE_WRITE_THROUGH=0x2 FILE_SEQUENTIAL_ONLY=0x4 FILE_NO_INTERMEDIATE_BUFFERING=0x8
FILE_SYNCHRONOUS_IO_ALERT=0x10 FILE_SYNCHRONOUS_IO_NONALERT=0x20 FILE_NON_DIRECTORY_FILE=0x40
FILE_CREATE_TREE_CONNECTION=0x80 FILE_COMPLETE_IF_OPLOCKED=0x100 FILE_NO_EA_KNOWLEDGE=0x200
FILE_OPEN_REMOTE_INSTANCE=0x400 FILE_RANDOM_ACCESS=0x800 FILE_DELETE_ON_CLOSE=0x1000 FILE_OPEN_BY_FILE_ID=0x2000
FILE_OPEN_FOR_BACKUP_INTENT=0x4000 FILE_NO_COMPRESSION=0x8000 FILE_OPEN_REQUIRING_OPLOCK=0x10000
FILE_DISALLOW_EXCLUSIVE=0x20000 FILE_RESERVE_OPFILTER=0x100000 FILE_OPEN_REPARSE_POINT=0x200000
FILE_OPEN_NO_RECALL=0x400000 FILE_OPEN_FOR_FREE_SPACE_QUERY=0x800000
""")
# from 1 on
_FILE_CLASSES = """
Directory FullDirectory BothDirectory Basic Standard Internal Ea Access Name Rename Link Names Disposition Position
FullEa Mode Alignment All Allocation EndOfFile AlternateName Stream Pipe PipeLocal PipeRemote MailslotQuery MailslotSet
Compression ObjectId Completion MoveCluster Quota ReparsePoint NetworkOpen AttributeTag Tracking IdBothDirectory
IdFullDirectory ValidDataLength ShortName IoCompletionNotification IoStatusBlockRange IoPriorityHint SfioReserve
SfioVolume HardLink ProcessIdsUsingFile NormalizedName NetworkPhysicalName IdGlobalTxDirectory IsRemoteDevice Unused
NumaNode StandardLink RemoteProtocol Rename+BypassAccessCheck Link+BypassAccessCheck VolumeName Id IdExtdDirectory
ReplaceCompletion HardLinkFullId IdExtdBothDirectory Disposition+Ex Rename+Ex Rename+ExBypassAccessCheck
DesiredStorageClass Stat MemoryPartition StatLx CaseSensitive
"""
_VOLUME_CLASSES = """
Volume Label Size Device Attribute Control FullSize ObjectId DriverPath VolumeFlags SectorSize DataCopy MetadataSize
FullSize+Ex Guid
"""


def _classes(prefix: str, names: str) -> tuple[str, ...]:
    """`Rename+Ex` stands for what follows the word Information."""
    parts = [name.partition("+") for name in names.split()]
    return ("", *(f"{prefix}{name}Information{behind}" for name, _, behind in parts))


FILE_CLASSES = _classes("File", _FILE_CLASSES)
VOLUME_CLASSES = _classes("FileFs", _VOLUME_CLASSES)


def file_flags(value: int) -> str:
    """FILE_OBJECT.Flags as ``FO_…|FO_…``; ``0x0`` for none."""
    return in_words(value, FILE_FLAGS)


def create_words(options: int) -> str:
    """Parameters.Create.Options: the disposition (its highest byte), then the options where there are any."""
    chosen = in_words(options & 0xFFFFFF, CREATE_OPTIONS)
    disposition = numbered(DISPOSITIONS, options >> 24 & 0xFF)
    return disposition if chosen == "0x0" else f"{disposition} {chosen}"


def file_class(number: int) -> str:
    """``FileBasicInformation``; the number where it has no name."""
    return numbered(FILE_CLASSES, number)


def volume_class(number: int) -> str:
    """``FileFsSizeInformation``; the number where it has no name."""
    return numbered(VOLUME_CLASSES, number)
