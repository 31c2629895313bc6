"""Images from folders of files, where memory lacks their pages: matched by name, time stamp and size.

A folder holds bare files, or a symbol store's layout (``name/TTTTTTTTsize/name``: time stamp in eight digits, size of
the image without leading zeros), as WinDbg's .exepath takes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pefile

_LARGEST_FILE = 1 << 28


class ImageFiles:
    """Looks images up in folders; what was found is kept."""

    def __init__(self, folders: Sequence[str | Path]) -> None:
        self._folders = [Path(folder) for folder in folders]
        self._found: dict[tuple[str, int | None, int], bytes | None] = {}

    def find(self, name: str, timestamp: int | None, size: int) -> bytes | None:
        """The image laid out as in memory, or None where no file matches.

        Args:
            name: file name, letter case ignored.
            timestamp: TimeDateStamp; None where it is not known, and the size alone must do.
            size: SizeOfImage in bytes.
        """
        key = (name.lower(), timestamp, size)
        if key not in self._found:
            candidates = (_laid_out(path, timestamp, size) for path in self._files(name, timestamp, size))
            self._found[key] = next((image for image in candidates if image is not None), None)
        return self._found[key]

    def _files(self, name: str, timestamp: int | None, size: int) -> Iterator[Path]:
        """Files of that name, those of a symbol store first."""
        plain = Path(name.replace("\\", "/")).name
        if not plain or plain in (".", ".."):
            return
        for folder in self._folders:
            for named in _named(folder, plain):
                if named.is_file():
                    yield named
                elif timestamp is not None:
                    for stamped in _named(named, f"{timestamp:08X}{size:x}"):
                        yield from (file for file in _named(stamped, plain) if file.is_file())


def _named(folder: Path, name: str) -> Iterator[Path]:
    """Entries of a folder with this name, whatever its letter case."""
    exact = folder / name
    if exact.exists():
        yield exact
        return
    try:
        yield from sorted(entry for entry in folder.iterdir() if entry.name.lower() == name.lower())
    except OSError:
        return


def _laid_out(path: Path, timestamp: int | None, size: int) -> bytes | None:
    """The file's image if it is the right one."""
    try:
        if path.stat().st_size > _LARGEST_FILE:
            return None
        with pefile.PE(str(path), fast_load=True) as image:
            stamp, length = image.FILE_HEADER.TimeDateStamp, image.OPTIONAL_HEADER.SizeOfImage
            if length != size or (timestamp is not None and stamp != timestamp):
                return None
            return bytes(image.get_memory_mapped_image(max_virtual_address=_LARGEST_FILE))
    except (OSError, pefile.PEFormatError, ValueError, AttributeError):
        return None
