"""Changes integers and bytes of a written dump file in place, so that its holes stay holes."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType

from volplugins.lab.writers import header32, header64
from volplugins.lab.writers.header_layout import HeaderLayout


class DumpEditor:
    """A dump file open for change; a context manager.

    Attributes:
        layout: where the header's fields are.
        dump_type: the header's DumpType.
        size: bytes of the file when it was opened.
    """

    def __init__(self, path: Path) -> None:
        self._file = path.open("r+b")
        self.layout: HeaderLayout = header64.LAYOUT if self.read(4, 4) == b"DU64" else header32.LAYOUT
        self.dump_type = self.get("DumpType")
        self.size = path.stat().st_size

    def __enter__(self) -> DumpEditor:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def get(self, name: str) -> int:
        """A header field by Microsoft's name."""
        return self.number(*self.layout.integers[name])

    def set(self, name: str, value: int) -> None:
        """Change a header field."""
        self.put(*self.layout.integers[name], value)

    def number(self, offset: int, size: int) -> int:
        """An unsigned integer of the file."""
        return int.from_bytes(self.read(offset, size), "little")

    def put(self, offset: int, size: int, value: int) -> None:
        """Write an integer, cut to its size."""
        self.write(offset, (value & ((1 << 8 * size) - 1)).to_bytes(size, "little"))

    def read(self, offset: int, size: int) -> bytes:
        """Bytes of the file, fewer at its end."""
        self._file.seek(offset)
        return self._file.read(size)

    def write(self, offset: int, data: bytes) -> None:
        """Write bytes at an offset."""
        self._file.seek(offset)
        self._file.write(data)

    def cut(self, size: int) -> None:
        """Cut the file to a size in bytes."""
        self._file.truncate(size)

    def require(self, *dump_types: int) -> None:
        """Raise ValueError unless the file is of one of these types."""
        if self.dump_type not in dump_types:
            wanted = ", ".join(str(one) for one in dump_types)
            raise ValueError(f"a defect of dumps of type {wanted}, and this one is of type {self.dump_type}")
