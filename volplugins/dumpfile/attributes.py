"""The header's Attributes: how the dump came about. Source: DUMP_FILE_ATTRIBUTES in Microsoft's public headers."""

from __future__ import annotations

NAMES = (
    "HiberCrash",
    "DumpDevicePowerOff",
    "InsufficientDumpfileSize",
    "KernelGeneratedTriageDump",
    "LiveDumpGeneratedDump",
    "DumpIsGeneratedOffline",
    "FilterDumpFile",
    "EarlyBootDump",
    "EncryptedDumpData",
    "DecryptedDump",
)
ENCRYPTED, DECRYPTED = 1 << NAMES.index("EncryptedDumpData"), 1 << NAMES.index("DecryptedDump")


def attribute_names(attributes: int) -> tuple[str, ...]:
    """Names of the bits that are set; unknown ones by number."""
    known = tuple(name for bit, name in enumerate(NAMES) if attributes >> bit & 1)
    rest = attributes >> len(NAMES) << len(NAMES)
    return (*known, f"unknown {rest:#x}") if rest else known


def is_encrypted(attributes: int) -> bool:
    """Whether the pages are encrypted still."""
    return bool(attributes & ENCRYPTED) and not attributes & DECRYPTED
