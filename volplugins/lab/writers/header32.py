"""DUMP_HEADER32: offsets of its fields.

Facts: Microsoft's public metadata for DUMP_HEADER32, volatility3's crash.json and rizin's dmp_specs.h.
"""

from __future__ import annotations

from volplugins.lab.writers.header_layout import HeaderLayout

LAYOUT = HeaderLayout(
    size=0x1000,
    valid_dump=b"DUMP",
    word=4,
    integers={
        "MajorVersion": (0x8, 4),
        "MinorVersion": (0xC, 4),
        "DirectoryTableBase": (0x10, 4),
        "PfnDataBase": (0x14, 4),
        "PsLoadedModuleList": (0x18, 4),
        "PsActiveProcessHead": (0x1C, 4),
        "MachineImageType": (0x20, 4),
        "NumberProcessors": (0x24, 4),
        "BugCheckCode": (0x28, 4),
        "BugCheckParameter1": (0x2C, 4),
        "BugCheckParameter2": (0x30, 4),
        "BugCheckParameter3": (0x34, 4),
        "BugCheckParameter4": (0x38, 4),
        "PaeEnabled": (0x5C, 1),
        "KdSecondaryVersion": (0x5D, 1),
        "KdDebuggerDataBlock": (0x60, 4),
        "Attributes": (0x8A0, 4),
        "BootId": (0x8A4, 4),
        "DumpType": (0xF88, 4),
        "MiniDumpFields": (0xF8C, 4),
        "SecondaryDataState": (0xF90, 4),
        "ProductType": (0xF94, 4),
        "SuiteMask": (0xF98, 4),
        "WriterStatus": (0xF9C, 4),
        "RequiredDumpSpace": (0xFA0, 8),
        "SystemUpTime": (0xFB8, 8),
        "SystemTime": (0xFC0, 8),
    },
    texts={"VersionUser": (0x3C, 32), "Comment": (0x820, 128)},
    memory_block=(0x64, 700),
    context=(0x320, 1200),
    exception=(0x7D0, 0x50),
)
