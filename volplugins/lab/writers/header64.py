"""DUMP_HEADER64: offsets of its fields.

Facts: Microsoft's public metadata for DUMP_HEADER64, kdmp-parser's kdmp-parser-structs.h, and a real small dump.
"""

from __future__ import annotations

from volplugins.lab.writers.header_layout import HeaderLayout

LAYOUT = HeaderLayout(
    size=0x2000,
    valid_dump=b"DU64",
    word=8,
    integers={
        "MajorVersion": (0x8, 4),
        "MinorVersion": (0xC, 4),
        "DirectoryTableBase": (0x10, 8),
        "PfnDataBase": (0x18, 8),
        "PsLoadedModuleList": (0x20, 8),
        "PsActiveProcessHead": (0x28, 8),
        "MachineImageType": (0x30, 4),
        "NumberProcessors": (0x34, 4),
        "BugCheckCode": (0x38, 4),
        "BugCheckParameter1": (0x40, 8),
        "BugCheckParameter2": (0x48, 8),
        "BugCheckParameter3": (0x50, 8),
        "BugCheckParameter4": (0x58, 8),
        "KdDebuggerDataBlock": (0x80, 8),
        "DumpType": (0xF98, 4),
        "RequiredDumpSpace": (0xFA0, 8),
        "SystemTime": (0xFA8, 8),
        "SystemUpTime": (0x1030, 8),
        "MiniDumpFields": (0x1038, 4),
        "SecondaryDataState": (0x103C, 4),
        "ProductType": (0x1040, 4),
        "SuiteMask": (0x1044, 4),
        "WriterStatus": (0x1048, 4),
        "KdSecondaryVersion": (0x104D, 1),
        "Attributes": (0x1050, 4),
        "BootId": (0x1054, 4),
    },
    texts={"VersionUser": (0x60, 32), "Comment": (0xFB0, 128)},
    memory_block=(0x88, 700),
    context=(0x348, 3000),
    exception=(0xF00, 0x98),
)
