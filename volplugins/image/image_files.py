"""Images from folders of files, where memory lacks their pages: matched by name, time stamp and size.

A folder holds bare files, or a symbol store's layout (``name/TTTTTTTTsize/name``: time stamp in eight digits, size of
the image without leading zeros), as WinDbg's .exepath takes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from volplugins.image.pe_file import NoImage, PeFile, laid_out, read_pe_file

# the kernel's copies of the drivers that write the dump itself: dump_storahci.sys is the file storahci.sys
_COPY = "dump_"
_MOST_KEPT = 1 << 28  # bytes of images


def file_name(name: str) -> str:
    """The name that an image's file has on disk and on a symbol server, of a name in a list of modules."""
    plain = name.replace("\\", "/").rsplit("/", 1)[-1]
    return plain[len(_COPY) :] if plain.lower().startswith(_COPY) and len(plain) > len(_COPY) else plain


def store_key(timestamp: int, size: int) -> str:
    """The folder of an image in a symbol store: time stamp in eight upper-case digits, size without leading zeros.

    The convention of Microsoft's symbol servers (SymStore; also in "Simple Symbol Query Protocol", SSQP, of .NET's
    symstore).
    """
    return f"{timestamp:08X}{size:x}"


class ImageFiles:
    """Looks images up in folders; what was found is kept."""

    def __init__(self, folders: Sequence[str | Path]) -> None:
        self._folders = [Path(folder) for folder in folders]
        self._found: dict[tuple[str, int | None, int], bytes | None] = {}
        self._kept = 0

    def find(self, name: str, timestamp: int | None, size: int) -> bytes | None:
        """The image laid out as in memory, or None where no file matches.

        Args:
            name: file name, letter case ignored.
            timestamp: TimeDateStamp; None where it is not known, and the size alone must do.
            size: SizeOfImage in bytes.
        """
        key = (name.lower(), timestamp, size)
        if key not in self._found:
            self._keep(key, self._laid_out(name, timestamp, size))
        return self._found[key]

    def file(self, name: str, timestamp: int | None, size: int) -> PeFile | None:
        """The first file that matches, or None."""
        names = dict.fromkeys((name, file_name(name)))
        candidates = (_matching(path, timestamp, size) for each in names for path in self._files(each, timestamp, size))
        return next((image for image in candidates if image is not None), None)

    def _keep(self, key: tuple[str, int | None, int], image: bytes | None) -> None:
        """Keep the answer, and forget the oldest images where they are too many together."""
        self._found[key] = image
        self._kept += len(image or b"")
        for old in [*self._found]:
            if self._kept <= _MOST_KEPT or old == key:
                return
            self._kept -= len(self._found.pop(old) or b"")

    def _laid_out(self, name: str, timestamp: int | None, size: int) -> bytes | None:
        image = self.file(name, timestamp, size)
        try:
            return laid_out(image) if image is not None else None
        except OSError:
            return None

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
                    for stamped in _named(named, store_key(timestamp, size)):
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


def _matching(path: Path, timestamp: int | None, size: int) -> PeFile | None:
    """The file's headers if it is the right one."""
    try:
        image = read_pe_file(path)
    except (OSError, NoImage):
        return None
    return image if image.size_of_image == size and timestamp in (None, image.timestamp) else None
