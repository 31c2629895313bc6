"""Whose a tagged blob is: the tags of secondary data by name, with where each name is from.

Tags are looked up by their first three fields (64 bits). Of black boxes, System Informer's header gives those fields as
two 64-bit words, the last eight bytes in reverse and in some rows shifted by half a byte: only the first three are
taken from it; where the real small dumps of the tests hold the blob, it bears them so.
"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

WDF_LOG, WDF_DRIVERS = "WDF in-flight recorder log of a driver", "WDF drivers"
SMBIOS, PROCESSOR, BOOT_STATUS = "SMBIOS tables", "registry values of processor 0", "black box: boot status data (BSD)"
BLACK_BOX = "black box: "
RECORDER = "WPP recorder log"
UNKNOWN = "unknown"

_INFORMER = "System Informer, phnt/ntpoapi.h"
_WDF = "Microsoft's Windows-Driver-Frameworks, fxifr.h"
_CONTENT = "by what it holds in real dumps"


@dataclass(frozen=True, slots=True)
class Tag:
    """What a blob is, and the source of that."""

    name: str
    source: str


def _black_boxes(rows: str) -> dict[str, Tag]:
    made = {}
    for row in rows.strip().splitlines():
        first, name = row.strip().split(maxsplit=1)
        made[first] = Tag(BLACK_BOX + name, _INFORMER)
    return made


_BY_FIRST = {
    **_black_boxes("""
        e1d08891-d5a3-45f9 service control manager (SCM)
        b7631941-532a-4cd6 plug and play (PNP)
        3b2ea98b-f755-429f ACPI
        2523db46-4ddb-4a65 power IRPs (POIRP)
        6b2d3e93-aa07-4e3e Winlogon notifications
        33dbddbb-2a6e-4e91 power dependency coordinator locks (PDCLOCK)
        e0e85a55-0e88-4275 power engine plug-in work orders (PEPWORKORDER)
        5545f79e-5326-4467 power watchdog
        8beff310-386c-4131 plug and play event worker
        c1294d5e-8590-452e plug and play device completion queue
        7392a43b-ff3a-4d9c plug and play delayed removal
        b3beb7ee-ed00-44d6 display (DXG)
        be84d651-a550-4367 crashed process
        6de4c85a-57f3-4cda update orchestrator commit (UsoCommit)
        32d3ea49-912a-457d hardware errors (WHEA)
        00afe9c4-940d-4213 NTFS
        80cc79cf-a719-4af1 Winlogon
        aa9a6517-b9ac-4d93 Explorer logon tasks
        f5a6b2e1-1623-4e12 Explorer core startup
        c1b941df-b1a5-44be caller of a live dump from user mode
        4ee76bd8-3cf4-44a0 code integrity (CI)
        42c1add0-c061-470b CSR
        d368f58f-ac4a-42d2 session manager (SM)
    """),
    "f57308df-cc45-4e01": Tag(BOOT_STATUS, _INFORMER),
    "54c84888-01d1-4c1e": Tag(WDF_LOG, _WDF),
    "f87e4a4c-c5a1-4d2f": Tag(WDF_DRIVERS, _WDF),
    "2b88b710-1c93-4f7c": Tag("event tracing (ETW) buffers", "System Informer, phnt/ntwmi.h"),
    "270a33fd-3da6-460d": Tag("display driver timeouts (TDR)", "Microsoft's page on bugcheck 0x141"),
    "bc5c008f-1e3a-44d7": Tag(SMBIOS, _CONTENT),
    "6c7ac389-4313-47dc": Tag(PROCESSOR, _CONTENT),
    "d03dc06f-d88e-44c5": Tag("CPUID leaves", _CONTENT),
    "e83b40d2-b0a0-4842": Tag("starts of ACPI tables", _CONTENT),
    "9276c055-eb87-425c": Tag("PCI devices and their configuration space", _CONTENT),
    "da82441d-7142-4bc1": Tag("storport's counters", _CONTENT),
    "bf2297dc-34ba-11dc": Tag("NVIDIA display driver", _CONTENT),
}
# of WPP recorders, in the real dumps: a log has this behind 28 bytes of its name; what all logs of a driver have in
# common is a blob of 68 bytes that starts with the driver's name and ends with two counts that are equal
_LOG_SIGNATURE = b"WPLg"
_COMMON_SIZE = 68


def tag_of(tag: UUID, data: bytes) -> Tag:
    """What the blob of this tag is; ``data``: its bytes, since a WPP recorder uses its driver's own GUIDs."""
    known = _BY_FIRST.get(str(tag)[:18])
    if known is not None:
        return known
    common = len(data) == _COMMON_SIZE and data[:1].isalnum() and data[64:66] == data[66:68] != b"\0\0"
    return Tag(RECORDER, _CONTENT) if common or data[28:32] == _LOG_SIGNATURE else Tag(UNKNOWN, "")
