"""Member offsets by build, for dumps whose kernel symbols are not to be had. One row per build, facts only.

Source: the public symbol tables of these very builds (x64: 7601, 9600, 14393, 17763, 19041, 20348, 22000; x86:
XP 2600, 7601, 19041). A build between two rows uses the row below it, and what it says is checked against the
System process before it is trusted (kernel/layouts.py). The rows 15063 and 18362 of EPROCESS are those of 17763 and
14393, whose first members these builds share. None: the build has no such member, or its place is not known.
"""

from __future__ import annotations

ETHREAD_COLUMNS = (
    "InitialStack", "StackLimit", "KernelStack", "StackBase", "TrapFrame", "State", "Teb", "ApcProcess", "Cid",
    "ThreadListEntry", "Process", "WaitReason", "ContextSwitches", "CreateTime", "ExitTime", "ExitStatus",
    "StartAddress", "Win32StartAddress",
)  # fmt: skip
ETHREAD_64 = {
    7600: (
        0x28, 0x30, 0x38, 0x278, 0x1D8, 0x164, 0xB8, 0x70, 0x3B8, 0x428, 0x210, 0x26B, 0x134, 0x368, 0x370, 0x380,
        0x390, 0x418,
    ),
    9200: (
        0x28, 0x30, 0x58, 0x38, 0x90, 0x184, 0xF0, 0xB8, 0x620, 0x688, 0x220, 0x283, 0x154, 0x5D0, 0x5D8, 0x6D8,
        0x5F8, 0x678,
    ),
    14393: (
        0x28, 0x30, 0x58, 0x38, 0x90, 0x184, 0xF0, 0xB8, 0x630, 0x698, 0x220, 0x283, 0x154, 0x5E0, 0x5E8, 0x6F0,
        0x608, 0x688,
    ),
    17763: (
        0x28, 0x30, 0x58, 0x38, 0x90, 0x184, 0xF0, 0xB8, 0x638, 0x6A8, 0x220, 0x283, 0x154, 0x5F0, 0x5F8, 0x700,
        0x610, 0x690,
    ),
    19041: (
        0x28, 0x30, 0x58, 0x38, 0x90, 0x184, 0xF0, 0xB8, 0x478, 0x4E8, 0x220, 0x283, 0x154, 0x430, 0x438, 0x548,
        0x450, 0x4D0,
    ),
    20348: (
        0x28, 0x30, 0x58, 0x38, 0x90, 0x184, 0xF0, 0xB8, 0x4C8, 0x538, 0x220, 0x283, 0x154, 0x480, 0x488, 0x598,
        0x4A0, 0x520,
    ),
}  # fmt: skip
# XP: CreateTime is a bit field, below
ETHREAD_32 = {
    2600: (
        0x18, 0x1C, 0x28, 0x168, 0x134, 0x2D, 0x20, 0x44, 0x1EC, 0x22C, 0x220, 0x5B, 0x4C, None, 0x1C8, 0x1D0,
        0x224, 0x228,
    ),
    7600: (
        0x28, 0x2C, 0x30, 0x190, 0x128, 0x68, 0x88, 0x50, 0x22C, 0x268, 0x150, 0x187, 0x64, 0x200, 0x208, 0x210,
        0x218, 0x260,
    ),
    19041: (
        0x20, 0x24, 0x48, 0x28, 0x6C, 0x90, 0xA8, 0x80, 0x2AC, 0x2E4, 0x150, 0x18B, 0x8C, 0x280, 0x288, 0x324,
        0x298, 0x2DC,
    ),
}  # fmt: skip
# bit fields of the row 2600: the lowest three bits of CreateTime's word are NestedFaultCount and ApcNeeded, and where
# LpcReceivedMsgIdValid is set, Win32StartAddress is the number of a message; as STACK_RESIDENT
ETHREAD_BITS_32 = {2600: {"CreateTime": (0x1C0, 8, 3, 61), "LpcReceivedMsgIdValid": (0x250, 1, 0, 1)}}

# KTHREAD.KernelStackResident: offset of its word, bytes, lowest bit, width
STACK_RESIDENT_64 = {7600: (0x4C, 4, 0, 1), 9200: (0x78, 4, 16, 1), 17763: (0x78, 4, 17, 1)}
STACK_RESIDENT_32 = {2600: (0x12A, 1, 0, 8), 7600: (0x3C, 4, 0, 1), 19041: (0x5C, 4, 17, 1)}

PROCESSOR_COLUMNS = ("CurrentThread", "Number", "ContextFrame")
PROCESSOR_64 = {7600: (0x8, 0x24, 0x120), 9200: (0x8, 0x24, 0x120), 17763: (0x8, 0x24, 0x1F0)}
PROCESSOR_32 = {2600: (0x4, 0x10, 0x1C), 7600: (0x4, 0x3CC, 0x18)}

# size in bytes of members that are no pointers, in every build
SIZES = {
    "ImageFileName": 15, "State": 1, "CreateTime": 8, "ExitTime": 8, "Flags": 4, "Flags3": 4,
    "ContextSwitches": 4, "ExitStatus": 4,
    "StartingVpnHigh": 1, "EndingVpnHigh": 1, "HandleCount": 4, "SessionId": 4, "WaitReason": 1, "PageDirectoryPte": 8,
}  # fmt: skip
PAIRS = frozenset({"ActiveProcessLinks", "ThreadListHead", "ThreadListEntry", "Cid", "ProfileListHead", "FileName"})
# bits of EPROCESS.Flags and Flags3, every build that has them
OUTSWAPPED, MINIMAL = 1 << 7, 1 << 0
