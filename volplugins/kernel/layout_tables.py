"""Member offsets by build, for dumps whose kernel symbols are not to be had. One row per build, facts only.

Source: the public symbol tables of these very builds (x64: 7601, 9600, 14393, 17763, 19041, 20348, 22000; x86:
XP 2600, 7601, 19041). A build between two rows uses the row below it, and what it says is checked against the
System process before it is trusted (kernel/layouts.py). The rows 15063 and 18362 of EPROCESS are those of 17763 and
14393, whose first members these builds share. None: the build has no such member, or its place is not known.
"""

from __future__ import annotations

EPROCESS_COLUMNS = (
    "UniqueProcessId", "ActiveProcessLinks", "ImageFileName", "InheritedFromUniqueProcessId", "Peb", "CreateTime",
    "ExitTime", "ThreadListHead", "DirectoryTableBase", "VadRoot", "VadCount", "ObjectTable", "Session", "CommitCharge",
    "Wow64Process", "Flags", "PageDirectoryPte", "Flags3", "ProfileListHead",
)  # fmt: skip
# VadRoot: where the pointer to the tree's root node is, whatever structure holds it. VadCount of Windows 7 is a bit
# field from bit 8 on: its bytes behind the first.
EPROCESS_64 = {
    7600: (
        0x180, 0x188, 0x2E0, 0x290, 0x338, 0x168, 0x170, 0x308, 0x28, 0x458, 0x471, 0x200, 0x2D8, 0x1B8, 0x320, 0x440,
        0x2D0, None, 0x18,
    ),
    9200: (
        0x2E0, 0x2E8, 0x438, 0x3D0, 0x3E8, 0x2D0, 0x640, 0x470, 0x28, None, None, 0x408, None, None, None, None,
        None, None, 0x18,
    ),
    9600: (
        0x2E0, 0x2E8, 0x438, 0x3D0, 0x3E8, 0x2D0, 0x640, 0x470, 0x28, 0x5D8, 0x5E8, 0x408, 0x3F0, 0x4D0, 0x418, 0x2FC,
        0x430, 0x67C, 0x18,
    ),
    14393: (
        0x2E8, 0x2F0, 0x450, 0x3E0, 0x3F8, 0x308, 0x690, 0x488, 0x28, 0x620, 0x638, 0x418, 0x400, 0x4F0, 0x428, 0x304,
        0x440, 0x6CC, 0x18,
    ),
    15063: (
        0x2E0, 0x2E8, 0x450, 0x3E0, 0x3F8, 0x308, 0x690, 0x488, 0x28, 0x628, 0x638, 0x418, 0x400, 0x4F0, 0x428, 0x304,
        0x440, 0x6CC, 0x18,
    ),
    18362: (
        0x2E8, 0x2F0, 0x450, 0x3E0, 0x3F8, 0x308, 0x690, 0x488, 0x28, None, None, 0x418, 0x400, None, 0x428, None,
        None, None, 0x18,
    ),
    19041: (
        0x440, 0x448, 0x5A8, 0x540, 0x550, 0x468, 0x840, 0x5E0, 0x28, 0x7D8, 0x7E8, 0x570, 0x558, 0x648, 0x580, 0x464,
        0x598, 0x87C, 0x18,
    ),
}  # fmt: skip
EPROCESS_32 = {
    2600: (
        0x84, 0x88, 0x174, 0x14C, 0x1B0, 0x70, 0x78, 0x190, 0x18, 0x11C, None, 0xC4, 0x170, 0xA8, None, 0x248,
        0x168, None, 0x10,
    ),
    7600: (
        0xB4, 0xB8, 0x16C, 0x140, 0x1A8, 0xA0, 0xA8, 0x188, 0x18, 0x280, 0x28D, 0xF4, 0x168, 0xD0, None, 0x270,
        0x160, None, 0x10,
    ),
    19041: (
        0xE4, 0xE8, 0x1AC, 0x170, 0x17C, 0x100, 0x388, 0x1D0, 0x18, 0x350, 0x358, 0x18C, 0x180, 0x224, None, 0xFC,
        0x1A0, 0x3A8, 0x10,
    ),
}  # fmt: skip

# _MMVAD: links of the tree, range in pages, and what maps it; VadFlags is the word that VAD_BITS describes
VAD_COLUMNS = (
    "Left", "Right", "StartingVpn", "EndingVpn", "StartingVpnHigh", "EndingVpnHigh", "VadFlags", "Subsection",
    "ControlArea", "FirstPrototypePte", "LastContiguousPte",
)  # fmt: skip
VAD_64 = {
    7600: (0x8, 0x10, 0x18, 0x20, None, None, 0x28, 0x48, None, 0x50, 0x58),
    9600: (0x0, 0x8, 0x18, 0x1C, 0x20, 0x21, 0x30, 0x48, None, 0x50, 0x58),
}
VAD_32 = {
    2600: (0xC, 0x10, 0x0, 0x4, None, None, 0x14, None, 0x18, 0x1C, 0x20),
    7600: (0x4, 0x8, 0xC, 0x10, None, None, 0x14, 0x24, None, 0x28, 0x2C),
    19041: (0x0, 0x4, 0xC, 0x10, None, None, 0x1C, 0x2C, None, 0x30, 0x34),
}
# bit fields: (bytes from VadFlags, lowest bit, width), by build as above
_WIN7_64 = {
    "CommitCharge": (0, 0, 51),
    "VadType": (0, 52, 3),
    "Protection": (0, 56, 5),
    "PrivateMemory": (0, 63, 1),
    "MemCommit": (0, 55, 1),
}
_WIN7_32 = {
    "CommitCharge": (0, 0, 19),
    "VadType": (0, 20, 3),
    "Protection": (0, 24, 5),
    "PrivateMemory": (0, 31, 1),
    "MemCommit": (0, 23, 1),
}
_XP_32 = {
    "CommitCharge": (0, 0, 19),
    "ImageMap": (0, 20, 1),
    "Protection": (0, 24, 5),
    "PrivateMemory": (0, 31, 1),
    "PhysicalMapping": (0, 19, 1),
    "UserPhysicalPages": (0, 21, 1),
    "WriteWatch": (0, 23, 1),
    "LargePages": (0, 29, 1),
    "MemCommit": (0, 30, 1),
}
_WIN8 = {
    "VadType": (0, 0, 3),
    "Protection": (0, 3, 5),
    "PrivateMemory": (0, 15, 1),
    "CommitCharge": (4, 0, 31),
    "MemCommit": (4, 31, 1),
}
_1809 = {
    "VadType": (0, 0, 3),
    "Protection": (0, 3, 5),
    "PrivateMemory": (0, 14, 1),
    "CommitCharge": (4, 0, 31),
    "MemCommit": (4, 31, 1),
}
_20H1 = {
    "VadType": (0, 4, 3),
    "Protection": (0, 7, 5),
    "PrivateMemory": (0, 20, 1),
    "CommitCharge": (4, 0, 31),
    "MemCommit": (4, 31, 1),
}
_21H2 = {**_20H1, "PrivateMemory": (0, 21, 1)}
VAD_BITS_64 = {7600: _WIN7_64, 9600: _WIN8, 17763: _1809, 19041: _20H1, 20348: _21H2}
VAD_BITS_32 = {2600: _XP_32, 7600: _WIN7_32, 19041: _20H1}

# _SUBSECTION, _CONTROL_AREA (Flags: _MMSECTION_FLAGS) and _FILE_OBJECT: what a range maps
SUBSECTION_COLUMNS = ("ControlArea",)
SUBSECTION_64, SUBSECTION_32 = {7600: (0x0,)}, {2600: (0x0,)}
CONTROL_AREA_COLUMNS = ("FilePointer", "Flags")
CONTROL_AREA_64 = {7600: (0x40, 0x38)}
CONTROL_AREA_32 = {2600: (0x24, 0x20), 7600: (0x24, 0x1C), 19041: (0x20, 0x1C)}
FILE_OBJECT_COLUMNS = ("FileName",)
FILE_OBJECT_64, FILE_OBJECT_32 = {7600: (0x58,)}, {2600: (0x30,)}

# _HANDLE_TABLE.HandleCount; from Windows 8 on that of the first of its free lists
HANDLE_COLUMNS = ("HandleCount",)
HANDLE_64 = {7600: (0x58,), 9600: (0x58,)}
HANDLE_32 = {2600: (0x3C,), 7600: (0x30,), 19041: (0x4C,)}
# _MM_SESSION_SPACE.SessionId, every build
SESSION_COLUMNS = ("SessionId",)
SESSION_64 = {7600: (0x8,)}
SESSION_32 = {2600: (0x8,)}

ETHREAD_COLUMNS = (
    "InitialStack", "StackLimit", "KernelStack", "StackBase", "TrapFrame", "State", "Teb", "ApcProcess", "Cid",
    "ThreadListEntry", "Process", "WaitReason",
)  # fmt: skip
ETHREAD_64 = {
    7600: (0x28, 0x30, 0x38, 0x278, 0x1D8, 0x164, 0xB8, 0x70, 0x3B8, 0x428, 0x210, 0x26B),
    9200: (0x28, 0x30, 0x58, 0x38, 0x90, 0x184, 0xF0, 0xB8, 0x620, 0x688, 0x220, 0x283),
    14393: (0x28, 0x30, 0x58, 0x38, 0x90, 0x184, 0xF0, 0xB8, 0x630, 0x698, 0x220, 0x283),
    17763: (0x28, 0x30, 0x58, 0x38, 0x90, 0x184, 0xF0, 0xB8, 0x638, 0x6A8, 0x220, 0x283),
    19041: (0x28, 0x30, 0x58, 0x38, 0x90, 0x184, 0xF0, 0xB8, 0x478, 0x4E8, 0x220, 0x283),
    20348: (0x28, 0x30, 0x58, 0x38, 0x90, 0x184, 0xF0, 0xB8, 0x4C8, 0x538, 0x220, 0x283),
}
ETHREAD_32 = {
    2600: (0x18, 0x1C, 0x28, 0x168, 0x134, 0x2D, 0x20, 0x44, 0x1EC, 0x22C, 0x220, 0x5B),
    7600: (0x28, 0x2C, 0x30, 0x190, 0x128, 0x68, 0x88, 0x50, 0x22C, 0x268, 0x150, 0x187),
    19041: (0x20, 0x24, 0x48, 0x28, 0x6C, 0x90, 0xA8, 0x80, 0x2AC, 0x2E4, 0x150, 0x18B),
}

# KTHREAD.KernelStackResident: offset of its word, bytes, lowest bit, width
STACK_RESIDENT_64 = {7600: (0x4C, 4, 0, 1), 9200: (0x78, 4, 16, 1), 17763: (0x78, 4, 17, 1)}
STACK_RESIDENT_32 = {2600: (0x12A, 1, 0, 8), 7600: (0x3C, 4, 0, 1), 19041: (0x5C, 4, 17, 1)}

PROCESSOR_COLUMNS = ("CurrentThread", "Number", "ContextFrame")
PROCESSOR_64 = {7600: (0x8, 0x24, 0x120), 9200: (0x8, 0x24, 0x120), 17763: (0x8, 0x24, 0x1F0)}
PROCESSOR_32 = {2600: (0x4, 0x10, 0x1C), 7600: (0x4, 0x3CC, 0x18)}

# size in bytes of members that are no pointers, in every build
SIZES = {
    "ImageFileName": 15, "State": 1, "CreateTime": 8, "ExitTime": 8, "Flags": 4, "Flags3": 4,
    "StartingVpnHigh": 1, "EndingVpnHigh": 1, "HandleCount": 4, "SessionId": 4, "WaitReason": 1, "PageDirectoryPte": 8,
}  # fmt: skip
PAIRS = frozenset({"ActiveProcessLinks", "ThreadListHead", "ThreadListEntry", "Cid", "ProfileListHead", "FileName"})
# bits of EPROCESS.Flags and Flags3, every build that has them
OUTSWAPPED, MINIMAL = 1 << 7, 1 << 0

# KPROCESS.UserDirectoryTableBase (KVA shadow), only for builds whose table has it; patched kernels of 2018 and later
USER_DIRECTORY_64 = {7601: 0x110, 9600: 0x270, 14393: 0x2C0, 17763: 0x278, 19041: 0x388, 20348: 0x388, 22000: 0x388}
