"""Names of status and exception codes. Source: the public NTSTATUS list (MS-ERREF) and the Windows SDK."""

from __future__ import annotations

from collections.abc import Mapping

STATUS_NAMES: Mapping[int, str] = {
    0x80000001: "STATUS_GUARD_PAGE_VIOLATION",
    0x80000002: "STATUS_DATATYPE_MISALIGNMENT",
    0x80000003: "STATUS_BREAKPOINT",
    0x80000004: "STATUS_SINGLE_STEP",
    0xC0000005: "STATUS_ACCESS_VIOLATION",
    0xC0000006: "STATUS_IN_PAGE_ERROR",
    0xC000001D: "STATUS_ILLEGAL_INSTRUCTION",
    0xC0000094: "STATUS_INTEGER_DIVIDE_BY_ZERO",
    0xC0000096: "STATUS_PRIVILEGED_INSTRUCTION",
    0xC00000FD: "STATUS_STACK_OVERFLOW",
    0xC0000409: "STATUS_STACK_BUFFER_OVERRUN",
    0xC0000420: "STATUS_ASSERTION_FAILURE",
}


def status_name(code: int) -> str | None:
    """The name of ``code`` (sign-extended values are cut to 32 bits), or None."""
    return STATUS_NAMES.get(code & 0xFFFFFFFF)
