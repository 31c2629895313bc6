"""Flags of requests and of their stack locations in words.

Source: the public headers wdm and ntifs as MinGW-w64 publishes them, and Microsoft's page on `!irp`. Some bits mean one
thing for one function and another for the next.
"""

from __future__ import annotations

from volplugins.io.words import functions
from volplugins.io.words.flag_words import in_words, table

REQUEST_FLAGS = table("""
IRP_NOCACHE=0x1 IRP_PAGING_IO=0x2 IRP_SYNCHRONOUS_API=0x4 IRP_ASSOCIATED_IRP=0x8 IRP_BUFFERED_IO=0x10
IRP_DEALLOCATE_BUFFER=0x20 IRP_INPUT_OPERATION=0x40 IRP_CREATE_OPERATION=0x80 IRP_READ_OPERATION=0x100
IRP_WRITE_OPERATION=0x200 IRP_CLOSE_OPERATION=0x400 IRP_DEFER_IO_COMPLETION=0x800 IRP_OB_QUERY_NAME=0x1000
IRP_HOLD_DEVICE_QUEUE=0x2000 IRP_RETRY_IO_COMPLETION=0x4000 IRP_CLASS_CACHE_OPERATION=0x8000
IRP_UM_DRIVER_INITIATED_IO=0x400000
""")
PAGING_IO = 0x2
# with IRP_PAGING_IO the bit of IRP_INPUT_OPERATION says that the pager waits
_PAGING_FLAGS = REQUEST_FLAGS | {0x40: "IRP_SYNCHRONOUS_PAGING_IO"}
ALLOCATION_FLAGS = table("""
IRP_QUOTA_CHARGED=0x1 IRP_ALLOCATED_MUST_SUCCEED=0x2 IRP_ALLOCATED_FIXED_SIZE=0x4 IRP_LOOKASIDE_ALLOCATION=0x8
IRP_BEING_VERIFIED=0x10
""")

_READ_OR_WRITE = table("""
SL_KEY_SPECIFIED=0x1 SL_OVERRIDE_VERIFY_VOLUME=0x2 SL_WRITE_THROUGH=0x4 SL_FT_SEQUENTIAL_WRITE=0x8
SL_FORCE_DIRECT_WRITE=0x10 SL_REALTIME_STREAM=0x20 SL_BYPASS_IO=0x40
""")
_CONTROL = table("SL_READ_ACCESS_GRANTED=0x1 SL_OVERRIDE_VERIFY_VOLUME=0x2 SL_WRITE_ACCESS_GRANTED=0x4")
_CREATE = table("""
SL_FORCE_ACCESS_CHECK=0x1 SL_OPEN_PAGING_FILE=0x2 SL_OPEN_TARGET_DIRECTORY=0x4 SL_STOP_ON_SYMLINK=0x8
SL_IGNORE_READONLY_ATTRIBUTE=0x40 SL_CASE_SENSITIVE=0x80
""")
_DIRECTORY = table("""
SL_RESTART_SCAN=0x1 SL_RETURN_SINGLE_ENTRY=0x2 SL_INDEX_SPECIFIED=0x4 SL_RETURN_ON_DISK_ENTRIES_ONLY=0x8
SL_NO_CURSOR_UPDATE=0x10
""")
_NOTIFY_CHANGE = 2  # the minor function of which the lowest bit is SL_WATCH_TREE
LOCATION_FLAGS = {
    functions.CREATE: _CREATE,
    functions.CREATE_NAMED_PIPE: _CREATE,
    functions.CREATE_MAILSLOT: _CREATE,
    functions.READ: _READ_OR_WRITE,
    functions.WRITE: _READ_OR_WRITE,
    functions.DIRECTORY_CONTROL: _DIRECTORY,
    functions.FILE_SYSTEM_CONTROL: _CONTROL,
    functions.DEVICE_CONTROL: _CONTROL,
    functions.INTERNAL_DEVICE_CONTROL: _CONTROL,
    functions.LOCK_CONTROL: table("SL_FAIL_IMMEDIATELY=0x1 SL_EXCLUSIVE_LOCK=0x2"),
}

PENDING_RETURNED, ERROR_RETURNED = 0x01, 0x02
INVOKE_ON_CANCEL, INVOKE_ON_SUCCESS, INVOKE_ON_ERROR = 0x20, 0x40, 0x80
CONTROL_FLAGS = table("""
SL_PENDING_RETURNED=0x1 SL_ERROR_RETURNED=0x2 SL_INVOKE_ON_CANCEL=0x20 SL_INVOKE_ON_SUCCESS=0x40 SL_INVOKE_ON_ERROR=0x80
""")


def request_flags(value: int) -> str:
    """IRP.Flags as ``IRP_…|IRP_…``; ``0x0`` for none."""
    return in_words(value, _PAGING_FLAGS if value & PAGING_IO else REQUEST_FLAGS)


def allocation_flags(value: int) -> str:
    """IRP.AllocationFlags as ``IRP_…|IRP_…``; ``0x0`` for none."""
    return in_words(value, ALLOCATION_FLAGS)


def location_flags(major: int, minor: int, value: int) -> str:
    """IO_STACK_LOCATION.Flags as ``SL_…|SL_…``; ``0x0`` for none."""
    if major == functions.DIRECTORY_CONTROL and minor >= _NOTIFY_CHANGE:
        return in_words(value, {1: "SL_WATCH_TREE"})
    return in_words(value, LOCATION_FLAGS.get(major, {}))


def control_flags(value: int) -> str:
    """IO_STACK_LOCATION.Control as ``SL_…|SL_…``; ``0x0`` for none."""
    return in_words(value, CONTROL_FLAGS)


def invoked_on(control: int) -> tuple[str, ...]:
    """When the completion routine is called, in the words and the order of `!irp`."""
    when = ((INVOKE_ON_SUCCESS, "success"), (INVOKE_ON_ERROR, "error"), (INVOKE_ON_CANCEL, "cancel"))
    return tuple(word for bit, word in when if control & bit)
