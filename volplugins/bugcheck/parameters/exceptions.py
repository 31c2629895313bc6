"""Parameters of bugchecks about exceptions that nobody handled. Source: Microsoft's bug check code reference."""

from __future__ import annotations

from volplugins.bugcheck.parameters.parameter import (
    CONTEXT_RECORD,
    EXCEPTION_CODE,
    EXCEPTION_RECORD,
    FAILING_IP,
    RESERVED,
    BugcheckParameters,
    Parameter,
    Role,
)

_TRAP_FRAME = Parameter("address of the trap frame", Role.TRAP_FRAME)
_INFORMATION = (Parameter("first word of the exception's information"), Parameter("second word of it"))
_TRAPS = (
    (0, "divide error"), (1, "debug trap"), (2, "non-maskable interrupt"), (3, "breakpoint"), (4, "overflow"),
    (5, "bound range exceeded"), (6, "invalid opcode"), (7, "no coprocessor"), (8, "double fault"),
    (0xA, "invalid task state segment"), (0xB, "segment not present"), (0xC, "stack fault"),
    (0xD, "general protection fault"), (0xE, "page fault"), (0x10, "floating-point error"),
    (0x11, "alignment check"), (0x12, "machine check"),
)  # fmt: skip
_DETAIL = Parameter("detail that the trap gives, by its kind")

TABLE = (
    BugcheckParameters(0x1E, (EXCEPTION_CODE, FAILING_IP, *_INFORMATION)),
    BugcheckParameters(0x3B, (EXCEPTION_CODE, FAILING_IP, CONTEXT_RECORD, RESERVED)),
    BugcheckParameters(0x7E, (EXCEPTION_CODE, FAILING_IP, EXCEPTION_RECORD, CONTEXT_RECORD)),
    BugcheckParameters(0x8E, (EXCEPTION_CODE, FAILING_IP, _TRAP_FRAME, RESERVED)),
    BugcheckParameters(0x7F, (Parameter("number of the trap", Role.SUBCODE, _TRAPS), _DETAIL, _DETAIL, _DETAIL)),
)
