"""Places in processes, threads, processors and VADs that neither a list nor a table at hand has, or that lists have of
kernels as they were first sold, while those of today are patched. Each with who says so.

Source: public symbol tables as volatility 2's type tables have them: 3790, 6000 to 6002, 7600, 9200, 10240 to 17134 and
18362 on x64, 2600 to 19041 on x86. 26100: the public type listings of ntdiff, which System Informer's offsets confirm
where it has them; 26200 and 28000 belong to the same set of its list. A bit field: offset and bytes of its word, lowest
bit, width. -1: no such member, or its new place is not known.
"""

from __future__ import annotations

from maintenance.stated import NEWEST, Stated

# the pointer to the root of the tree of VADs, in whatever holds it; until 9200 their number is the upper part of a word
_TREES: Stated = {
    ("process", "VadRoot", 64): {3790: 0x3A8, 6000: 0x390, 7600: 0x458, 9200: 0x5A0},
    ("process", "VadRoot", 32): {3790: 0x258, 6000: 0x240, 7600: 0x280, 9200: 0x27C},
    ("process", "VadCount", 64): {
        3790: (0x3C0, 8, 8, 56), 6000: (0x3A8, 8, 8, 56), 7600: (0x470, 8, 8, 56), 9200: (0x5A8, 8, 8, 56),
    },
    ("process", "VadCount", 32): {
        2600: -1, 3790: (0x264, 4, 8, 24), 6000: (0x24C, 4, 8, 24), 7600: (0x28C, 4, 8, 24), 9200: (0x280, 4, 8, 24),
    },
}  # fmt: skip
_PROCESSES: Stated = {
    ("process", "CommitCharge", 64): {
        3790: 0x120, 6000: 0x128, 7600: 0x1B8, 9200: 0x4D8, 9600: 0x4D0, 10240: 0x4E8, 10586: 0x4F0, 19041: 0x648,
    },
    ("process", "CommitCharge", 32): {
        2600: 0xA8, 3790: 0xB8, 6000: 0xC0, 7600: 0xD0, 9200: 0x1EC, 9600: 0x1E8, 10240: 0x1EC, 15063: 0x1F4,
        19041: 0x224,
    },
    ("process", "PageDirectoryPte", 64): {
        3790: 0x258, 6000: 0x228, 7600: 0x2D0, 9200: 0x430, 10240: 0x440, 19041: 0x598,
    },
    ("process", "PageDirectoryPte", 32): {
        2600: 0x168, 3790: 0x158, 6000: 0x140, 7600: 0x160, 9200: 0x168, 15063: 0x170, 19041: 0x1A0,
    },
    # 1511, of which the lists say nothing
    **{
        ("process", name, 64): {10240: first, 10586: second}
        for name, first, second in (
            ("ImageFileName", 0x448, 0x450), ("ThreadListHead", 0x480, 0x488), ("VadRoot", 0x608, 0x610),
        )
    },
    ("process", "ImageFileName", 32): {10240: 0x170, 10586: 0x174},
    ("process", "ThreadListHead", 32): {10240: 0x194, 10586: 0x198},
    # 10240 as it was patched until 2025
    ("process", "ExitTime", 64): {10240: 0x678}, ("process", "VadCount", 64): {10240: 0x620},
    ("process", "Flags3", 64): {10240: 0x6B4},
    ("process", "VadRoot", 32): {10240: 0x288, 10586: 0x284}, ("process", "VadCount", 32): {10240: 0x290, 10586: 0x28C},
    # KVA shadow: kernels patched since 2018
    ("process", "UserDirectoryTableBase", 64): {7600: -1, 9200: -1, 10240: 0x278, 10586: -1},
    ("process", "ProfileListHead", 64): {3790: 0x18}, ("process", "ProfileListHead", 32): {2600: 0x10},
}  # fmt: skip
# KTHREAD.ApcState.Process; whether the stack is in memory: a byte of its own in XP and Server 2003
_THREADS: Stated = {
    ("thread", "ApcProcess", 64): {3790: 0x68, 7600: 0x70, 9200: 0xB8},
    ("thread", "ApcProcess", 32): {2600: 0x44, 3790: 0x38, 6000: 0x48, 7600: 0x50, 9200: 0x80},
    ("thread", "KernelStackResident", 64): {
        3790: (0x1DC, 1), 6000: (0x90, 4, 0, 1), 7600: (0x4C, 4, 0, 1), 9200: (0x74, 4, 0, 1), 9600: (0x78, 4, 16, 1),
        16299: (0x78, 4, 17, 1),
    },
    ("thread", "KernelStackResident", 32): {
        2600: (0x12A, 1), 3790: (0x120, 1), 6000: (0x68, 4, 0, 1), 7600: (0x3C, 4, 0, 1), 9200: (0x58, 4, 0, 1),
        9600: (0x5C, 4, 16, 1), 16299: (0x5C, 4, 17, 1),
    },
    ("thread", "ExitTime", 64): {
        3790: 0x310, 6000: 0x338, 7600: 0x368, 9200: 0x350, 9600: 0x5D8, 10240: 0x5E0, 14393: 0x5E8, 15063: 0x5F0,
        16299: 0x5F8, 18362: 0x608, 19041: 0x438, 20348: 0x488,
    },
    ("thread", "ExitTime", 32): {
        2600: 0x1C8, 3790: 0x1C0, 6000: 0x1E8, 7600: 0x208, 9200: 0x1F0, 9600: 0x340, 10240: 0x350, 15063: 0x358,
        18362: 0x360, 19041: 0x288,
    },
    # where it is set, Win32StartAddress is the number of a message
    ("thread", "LpcReceivedMsgIdValid", 64): {3790: (0x404, 1, 0, 1), 6000: -1},
    ("thread", "LpcReceivedMsgIdValid", 32): {2600: (0x250, 1, 0, 1), 3790: (0x248, 1, 0, 1), 6000: -1},
}  # fmt: skip
# a byte on x64 before 7. The stacks of 9600 to 14393 as kernels patched since 2018 have them: what stands there is
# checked before it is believed (kernel/processor_stacks.py)
_PROCESSORS: Stated = {
    ("processor", "Number", 64): {3790: (0x4, 1), 6000: (0x4, 1), 7600: 0x24},
    ("processor", "ContextFrame", 64): {3790: 0x120, 15063: 0x1F0},
    ("processor", "ContextFrame", 32): {2600: 0x1C, 7600: 0x18},
    ("processor_stacks", "DpcStack", 64): {6000: 0x3340, 6001: 0x3440},
    ("processor_stacks", "DpcStack", 32): {6000: 0x1988, 6001: 0x1A08},
    ("processor_stacks", "IsrStack", 64): {3790: -1, 9600: 0x6198, 14393: 0x6318},
    ("processor_stacks", "IsrStack", 32): {2600: -1, 9600: 0x419C},
    ("processor_stacks", "ExceptionStack", 64): {3790: -1},
}  # fmt: skip
# links of the tree; a range's pages are numbers of eight bytes up to 7
_NODES: Stated = {
    ("vad", "Left", 64): {3790: 0x8, 9600: 0x0}, ("vad", "Right", 64): {3790: 0x10, 9600: 0x8},
    ("vad", "Left", 32): {2600: 0xC, 3790: 0x4, 9600: 0x0}, ("vad", "Right", 32): {2600: 0x10, 3790: 0x8, 9600: 0x4},
    ("vad", "StartingVpn", 64): dict.fromkeys((3790, 6000, 7600), (0x18, 8)),
    ("vad", "EndingVpn", 64): dict.fromkeys((3790, 6000, 7600), (0x20, 8)),
    ("vad", "ControlArea", 64): {3790: 0x30, 6000: -1}, ("vad", "ControlArea", 32): {2600: 0x18, 6000: -1},
}  # fmt: skip
_OLD_FLAGS = {"CommitCharge": (0, 51), "VadType": (52, 3), "MemCommit": (55, 1), "Protection": (56, 5)}
_OLD_FLAGS_32 = {"CommitCharge": (0, 19), "VadType": (20, 3), "MemCommit": (23, 1), "Protection": (24, 5)}
_XP_FLAGS = {
    "CommitCharge": (0, 19), "PhysicalMapping": (19, 1), "ImageMap": (20, 1), "UserPhysicalPages": (21, 1),
    "WriteWatch": (23, 1), "Protection": (24, 5), "LargePages": (29, 1), "MemCommit": (30, 1), "PrivateMemory": (31, 1),
}  # fmt: skip


def _flags() -> Stated:
    """Bit fields of a VAD: one word up to 7, then the flags and the charge behind them; they moved with 1803, 1903,
    Server 2022 and 24H2, where the charge's word has no other field left.
    """
    found: Stated = {}

    def say(bits: int, build: int, at: int, size: int, fields: dict[str, tuple[int, int]]) -> None:
        for name, (low, width) in fields.items():
            found.setdefault(("vad", name, bits), {})[build] = (at, size, low, width)

    say(64, 3790, 0x28, 8, {**_OLD_FLAGS, "PrivateMemory": (63, 1)})
    say(32, 2600, 0x14, 4, _XP_FLAGS)
    say(32, 3790, 0x14, 4, {**_OLD_FLAGS_32, "PrivateMemory": (31, 1)})
    for name in ("PhysicalMapping", "ImageMap", "UserPhysicalPages", "WriteWatch", "LargePages"):
        found["vad", name, 32][3790] = -1
    found["vad", "VadType", 32][2600] = -1
    for bits, eight, later in ((64, 0x28, 0x30), (32, 0x18, 0x1C)):
        for build, at in ((9200, eight), (9600, later)):
            say(bits, build, at, 4, {"VadType": (0, 3), "Protection": (3, 5), "PrivateMemory": (15, 1)})
            say(bits, build, at + 4, 4, {"CommitCharge": (0, 31), "MemCommit": (31, 1)})
        say(bits, 17134, later, 4, {"PrivateMemory": (14, 1)})
        say(bits, 18362, later, 4, {"VadType": (4, 3), "Protection": (7, 5), "PrivateMemory": (20, 1)})
    say(64, 20348, 0x30, 4, {"PrivateMemory": (21, 1)})
    say(64, NEWEST, 0x30, 4, {"MemCommit": (25, 1)})
    say(64, NEWEST, 0x34, 4, {"CommitCharge": (0, 32)})
    return found


# _HANDLE_TABLE.HandleCount, from Windows 8 on that of the first of its free lists; what a range maps
_OTHERS: Stated = {
    ("handle_table", "HandleCount", 64): {3790: 0x68, 6000: 0x58},
    ("handle_table", "HandleCount", 32): {2600: 0x3C, 6000: 0x30, 9200: 0x34, 14393: 0x4C},
    ("control_area", "FilePointer", 64): {3790: 0x30, 6000: 0x30, 6001: 0x40},
    # 24H2's _PSP_SESSION_SPACE has it where _MM_SESSION_SPACE had it, as volatility3 found (issue 1385)
    ("session", "SessionId", 64): {3790: 0x10, 6000: 0x8},
    ("session", "SessionId", 32): {2600: 0x8, 3790: 0xC, 6000: 0x8},
}  # fmt: skip
# MMPFN: the lowest bits of the third byte of u3; what u4 holds of 24H2 by the same listings
_PAGES: Stated = {
    ("pfn", "PageLocation", 64): {NEWEST: (0x22, 1, 0, 3)},
    ("pfn", "PteFrame", 64): {NEWEST: (0x28, 8, 0, 40)},
    ("pfn", "PrototypePte", 64): {NEWEST: (0x28, 8, 63, 1)},
}
_PLACES = {
    "process": {
        "UniqueProcessId": 0x1D0, "ActiveProcessLinks": 0x1D8, "ImageFileName": 0x338,
        "InheritedFromUniqueProcessId": 0x2D0, "Peb": 0x2E0, "CreateTime": 0x1F8, "ExitTime": 0x5C0,
        "ThreadListHead": 0x370, "VadRoot": 0x558, "VadCount": 0x568, "ObjectTable": 0x300, "Session": 0x2E8,
        "CommitCharge": 0x3D8, "Wow64Process": 0x310, "Flags": 0x1F4, "PageDirectoryPte": 0x328, "Flags3": 0x5FC,
        "UserDirectoryTableBase": -1, "SecureHandle": -1,
    },
    "thread": {
        "Cid": 0x508, "ThreadListEntry": 0x578, "CreateTime": 0x4C0, "ExitTime": 0x4C8, "ExitStatus": 0x5D8,
        "StartAddress": 0x4E0, "Win32StartAddress": 0x560,
    },
}  # fmt: skip
STATED_STRUCTURES: Stated = {}
for _said in (_TREES, _PROCESSES, _THREADS, _PROCESSORS, _NODES, _flags(), _OTHERS, _PAGES):
    for _key, _column in _said.items():
        STATED_STRUCTURES.setdefault(_key, {}).update(_column)
for _field, _places in _PLACES.items():
    for _name, _at in _places.items():
        STATED_STRUCTURES.setdefault((_field, _name, 64), {})[NEWEST] = _at
