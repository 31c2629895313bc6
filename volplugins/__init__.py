"""volplugins reads Windows crash dumps as WinDbg would, and explains what WinDbg leaves unexplained.

As a library: ``with volplugins.open("MEMORY.DMP") as target: ...`` (docs/python.md); what is public is ``__all__``, and
nothing of it is imported before it is asked for. The rooms and who may import whom: docs/architecture.md.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

__version__ = "0.1.0"

if TYPE_CHECKING:
    from volplugins.api import (
        Analysis,
        DamagedDump,
        DumpError,
        DumpNotFound,
        EmptyFile,
        EncryptedDump,
        Finding,
        ImageFacts,
        IsADirectory,
        Listing,
        Module,
        NoSuchProcess,
        NotADump,
        OpenTarget,
        Process,
        Region,
        Stack,
        StackFrame,
        TargetInfo,
        Thread,
        Translation,
        TruncatedDump,
        UnreadableMemory,
        UnsupportedDumpType,
        UserModeDump,
        filetime,
        open,
    )

__all__ = [
    "Analysis",
    "DamagedDump",
    "DumpError",
    "DumpNotFound",
    "EmptyFile",
    "EncryptedDump",
    "Finding",
    "ImageFacts",
    "IsADirectory",
    "Listing",
    "Module",
    "NoSuchProcess",
    "NotADump",
    "OpenTarget",
    "Process",
    "Region",
    "Stack",
    "StackFrame",
    "TargetInfo",
    "Thread",
    "Translation",
    "TruncatedDump",
    "UnreadableMemory",
    "UnsupportedDumpType",
    "UserModeDump",
    "__version__",
    "filetime",
    "open",
]


def __getattr__(name: str) -> object:
    """A public name, imported when it is asked for first."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from volplugins import api  # noqa: PLC0415 - `import volplugins` alone stays cheap

    found: object = getattr(api, name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
