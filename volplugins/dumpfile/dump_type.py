"""The values of DumpType. Sources: kdmp-parser, rizin's format description."""

from __future__ import annotations

from enum import IntEnum


class DumpType(IntEnum):
    """What kind of dump a file is."""

    FULL = 1
    KERNEL_SUMMARY = 2
    HEADER_ONLY = 3
    TRIAGE = 4
    BITMAP_FULL = 5
    BITMAP_KERNEL = 6
    AUTOMATIC = 7
    KERNEL_MEMORY = 8
    KERNEL_AND_USER = 9
    COMPLETE = 0xA


DESCRIPTIONS = {
    DumpType.FULL: "complete memory dump",
    DumpType.KERNEL_SUMMARY: "kernel (summary) memory dump",
    DumpType.HEADER_ONLY: "header only",
    DumpType.TRIAGE: "small (triage) dump",
    DumpType.BITMAP_FULL: "complete memory dump with a bitmap",
    DumpType.BITMAP_KERNEL: "kernel, automatic or active memory dump with a bitmap",
    DumpType.AUTOMATIC: "automatic memory dump",
    DumpType.KERNEL_MEMORY: "kernel memory written by a debugger (.dump /k), experimental",
    DumpType.KERNEL_AND_USER: "kernel and user memory written by a debugger (.dump /ka), experimental",
    DumpType.COMPLETE: "complete memory written by a debugger (.dump /f), experimental",
}
