"""The kinds of findings, one row per kind, most telling first within a severity. docs/findings.md describes each.

Techniques: MITRE ATT&CK for Enterprise (T1014 rootkit, T1036 masquerading, T1055 process injection and .012 process
hollowing, T1620 reflective code loading).
"""

from __future__ import annotations

from volplugins.findings.finding import Kind, Severity

HIDDEN_PROCESS = Kind("hidden-process", Severity.SUSPICIOUS, "T1014")
HIDDEN_THREAD = Kind("hidden-thread", Severity.SUSPICIOUS, "T1014")
THREAD_OUTSIDE_MODULES = Kind("thread-outside-modules", Severity.SUSPICIOUS, "T1055")
DRIVER_HIDDEN = Kind("driver-hidden", Severity.SUSPICIOUS, "T1014")
DRIVER_WITHOUT_IMAGE = Kind("driver-without-image", Severity.SUSPICIOUS, "T1014")
ROUTINE_OUTSIDE_MODULES = Kind("routine-outside-modules", Severity.SUSPICIOUS, "T1014")
GATE_OUTSIDE_KERNEL = Kind("gate-outside-kernel", Severity.SUSPICIOUS, "T1014")
CALL_GATE = Kind("call-gate", Severity.SUSPICIOUS, "T1014")
RETURN_OVERWRITTEN = Kind("return-overwritten", Severity.SUSPICIOUS)
MODULE_NOT_MAPPED = Kind("module-not-mapped", Severity.SUSPICIOUS, "T1055.012")
CODE_OUTSIDE_SECTIONS = Kind("code-outside-sections", Severity.SUSPICIOUS, "T1055")
WRITABLE_IMAGE_CODE = Kind("writable-image-code", Severity.ODD, "T1055")
MODULE_NOT_LISTED = Kind("module-not-listed", Severity.ODD, "T1055")
MODULE_PARTLY_LISTED = Kind("module-partly-listed", Severity.ODD, "T1014")
MODULE_OTHER_FILE = Kind("module-other-file", Severity.ODD, "T1036")
KERNEL_MODULE_MISMATCH = Kind("kernel-module-mismatch", Severity.ODD, "T1014")
DEADLOCK = Kind("deadlock", Severity.ODD)
DEVICE_WITHOUT_DRIVER = Kind("device-without-driver", Severity.ODD, "T1014")
DEVICE_STACK_ORDER = Kind("device-stack-order", Severity.ODD, "T1014")
DESCRIPTOR_TABLE = Kind("descriptor-table", Severity.ODD, "T1014")
EXITED_WITH_THREADS = Kind("exited-with-threads", Severity.ODD)
MEMORY_ERROR = Kind("memory-error", Severity.DAMAGE)
CONTAINER = Kind("container", Severity.DAMAGE)
PAGE_DIRECTORY = Kind("page-directory", Severity.DAMAGE)
LIST_BROKEN = Kind("list-broken", Severity.DAMAGE)
REQUEST_FREED = Kind("request-freed", Severity.DAMAGE)
STACK_BROKEN = Kind("stack-broken", Severity.DAMAGE)
# compilers at run time do the same in nearly every healthy machine
MADE_EXECUTABLE = Kind("made-executable", Severity.INFO, "T1055")
PRIVATE_EXECUTABLE = Kind("private-executable", Severity.INFO, "T1055")
FOREIGN_WAIT = Kind("foreign-wait", Severity.INFO)

KINDS = (
    HIDDEN_PROCESS, HIDDEN_THREAD, THREAD_OUTSIDE_MODULES, DRIVER_HIDDEN, DRIVER_WITHOUT_IMAGE,
    ROUTINE_OUTSIDE_MODULES, GATE_OUTSIDE_KERNEL, CALL_GATE, RETURN_OVERWRITTEN, MODULE_NOT_MAPPED,
    CODE_OUTSIDE_SECTIONS, WRITABLE_IMAGE_CODE, MODULE_NOT_LISTED, MODULE_PARTLY_LISTED, MODULE_OTHER_FILE,
    KERNEL_MODULE_MISMATCH, DEADLOCK,
    DEVICE_WITHOUT_DRIVER, DEVICE_STACK_ORDER, DESCRIPTOR_TABLE, EXITED_WITH_THREADS, MEMORY_ERROR, CONTAINER,
    PAGE_DIRECTORY, LIST_BROKEN, REQUEST_FREED, STACK_BROKEN, MADE_EXECUTABLE, PRIVATE_EXECUTABLE, FOREIGN_WAIT,
)  # fmt: skip
