"""Why a file could not be opened: one root, subclasses named by cause, each text one line for the user."""

from __future__ import annotations


class DumpError(Exception):
    """A file that cannot be opened as a kernel crash dump.

    Attributes:
        reason: one line for the user.
        field: the header field at fault, or empty.
        offset: its offset in the file, or None.
    """

    def __init__(self, reason: str, field: str = "", offset: int | None = None) -> None:
        self.reason = " ".join(reason.splitlines())
        super().__init__(self.reason)
        self.field = field
        self.offset = offset


class DumpNotFound(DumpError):
    """There is no such file, or it may not be read."""


class IsADirectory(DumpError):
    """The path is a directory."""


class EmptyFile(DumpError):
    """The file has no byte in it."""


class NotADump(DumpError):
    """The file is something else.

    Attributes:
        may_be_an_image: whether nothing is known that speaks against a memory image.
    """

    may_be_an_image = False


class UserModeDump(NotADump):
    """A dump of one process, which other tools open."""


class TruncatedDump(DumpError):
    """Not even the header is whole."""


class EncryptedDump(DumpError):
    """The pages are encrypted."""


class UnsupportedDumpType(DumpError):
    """A dump whose type holds no memory, or one that is not known."""


class DamagedDump(DumpError):
    """The header contradicts itself or the file, so that nothing of the memory can be found."""
