"""_MMVAD and what it maps (_SUBSECTION, _CONTROL_AREA, _FILE_OBJECT) by build.

Notation and sources: this folder's own text.
"""

from __future__ import annotations

# links of the tree, range in pages, and what maps it; VadFlags is the word that VAD_BITS describes
VAD_COLUMNS = (
    "Left", "Right", "StartingVpn", "EndingVpn", "StartingVpnHigh", "EndingVpnHigh", "VadFlags", "Subsection",
    "ControlArea", "FirstPrototypePte", "LastContiguousPte",
)  # fmt: skip
VAD_64 = {
    3790: (0x8, 0x10, 0x18, 0x20, None, None, 0x28, None, 0x30, 0x38, 0x40),
    6000: (0x8, 0x10, 0x18, 0x20, None, None, 0x28, 0x48, None, 0x50, 0x58),
    9200: (0x8, 0x10, 0x18, 0x1C, None, None, 0x28, 0x48, None, 0x50, 0x58),
    9600: (0x0, 0x8, 0x18, 0x1C, 0x20, 0x21, 0x30, 0x48, None, 0x50, 0x58),
}
VAD_32 = {
    2600: (0xC, 0x10, 0x0, 0x4, None, None, 0x14, None, 0x18, 0x1C, 0x20),
    3790: (0x4, 0x8, 0xC, 0x10, None, None, 0x14, None, 0x18, 0x1C, 0x20),
    6000: (0x4, 0x8, 0xC, 0x10, None, None, 0x14, 0x24, None, 0x28, 0x2C),
    9200: (0x4, 0x8, 0xC, 0x10, None, None, 0x18, 0x2C, None, 0x30, 0x34),
    9600: (0x0, 0x4, 0xC, 0x10, None, None, 0x1C, 0x2C, None, 0x30, 0x34),
}
# pages numbers are 32 bits wide from this build on, x64 too; their upper byte is a member of its own since 9600
NARROW_VPN_BUILD = 9200
# bit fields: (bytes from VadFlags, lowest bit, width), by build as above; 64 bits in one word up to 7601
_FIRST_64 = {
    "CommitCharge": (0, 0, 51), "VadType": (0, 52, 3), "MemCommit": (0, 55, 1), "Protection": (0, 56, 5),
    "PrivateMemory": (0, 63, 1),
}  # fmt: skip
_SINCE_2003_32 = {
    "CommitCharge": (0, 0, 19), "VadType": (0, 20, 3), "MemCommit": (0, 23, 1), "Protection": (0, 24, 5),
    "PrivateMemory": (0, 31, 1),
}  # fmt: skip
_XP_32 = {
    "CommitCharge": (0, 0, 19), "PhysicalMapping": (0, 19, 1), "ImageMap": (0, 20, 1), "UserPhysicalPages": (0, 21, 1),
    "WriteWatch": (0, 23, 1), "Protection": (0, 24, 5), "LargePages": (0, 29, 1), "MemCommit": (0, 30, 1),
    "PrivateMemory": (0, 31, 1),
}  # fmt: skip
_CHARGE = {"CommitCharge": (4, 0, 31), "MemCommit": (4, 31, 1)}
_WIN8 = {"VadType": (0, 0, 3), "Protection": (0, 3, 5), "PrivateMemory": (0, 15, 1), **_CHARGE}
_1803 = {**_WIN8, "PrivateMemory": (0, 14, 1)}
_1903 = {"VadType": (0, 4, 3), "Protection": (0, 7, 5), "PrivateMemory": (0, 20, 1), **_CHARGE}
_21H2 = {**_1903, "PrivateMemory": (0, 21, 1)}
# the bit moved from the charge's word to that of the flags, and the charge has all of its own
_24H2 = {**_21H2, "MemCommit": (0, 25, 1), "CommitCharge": (4, 0, 32)}
VAD_BITS_64 = {3790: _FIRST_64, 9200: _WIN8, 17134: _1803, 18362: _1903, 20348: _21H2, 26100: _24H2}
VAD_BITS_32 = {2600: _XP_32, 3790: _SINCE_2003_32, 9200: _WIN8, 17134: _1803, 18362: _1903}

# what a range maps
SUBSECTION_COLUMNS = ("ControlArea",)
SUBSECTION_64, SUBSECTION_32 = {3790: (0x0,)}, {2600: (0x0,)}
CONTROL_AREA_COLUMNS = ("FilePointer",)
CONTROL_AREA_64 = {3790: (0x30,), 6001: (0x40,)}
CONTROL_AREA_32 = {2600: (0x24,), 9600: (0x20,)}
FILE_OBJECT_COLUMNS = ("FileName",)
FILE_OBJECT_64, FILE_OBJECT_32 = {3790: (0x58,)}, {2600: (0x30,)}
