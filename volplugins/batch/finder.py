"""Dumps in files and folders, by their first bytes; packed ones too."""

from __future__ import annotations

import gzip
import lzma
import os
import shutil
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, cast

# header signatures (docs/support.md)
MAGICS = (b"PAGEDUMP", b"PAGEDU64", b"RDMP", b"SDMP", b"FDMP")
_PACKED = (".gz", ".xz", ".zip")
MOST_UNPACKED = 1 << 38  # bytes of one packed dump: 256 GiB
_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class Found:
    """One candidate: ``packed`` says that it must be unpacked first."""

    path: Path
    packed: bool


def find_dumps(paths: Sequence[Path]) -> Iterator[Found]:
    """Candidates in the order of their paths: files that were named, whatever they are; in folders, dumps only.

    Symbolic links to folders are not followed, so that no walk runs in circles.
    """
    for path in paths:
        if path.is_dir():
            for folder, folders, names in os.walk(path):
                folders.sort()
                for name in sorted(names):
                    found = _candidate(Path(folder) / name)
                    if found is not None:
                        yield found
        else:
            yield Found(path, path.suffix.lower() in _PACKED)


def _candidate(path: Path) -> Found | None:
    try:
        if not path.is_file():
            return None
        packed = path.suffix.lower() in _PACKED
        with _opened(path) if packed else path.open("rb") as file:
            first = file.read(8)
    except (OSError, EOFError, lzma.LZMAError, zipfile.BadZipFile, ValueError, RuntimeError, NotImplementedError):
        return None
    return Found(path, packed) if first.startswith(MAGICS) else None


def _opened(path: Path) -> IO[bytes]:
    """The contents of a packed file; of an archive its largest member."""
    suffix = path.suffix.lower()
    if suffix == ".gz":
        return cast(IO[bytes], gzip.open(path, "rb"))
    if suffix == ".xz":
        return lzma.open(path, "rb")
    archive = zipfile.ZipFile(path)
    return archive.open(max(archive.infolist(), key=lambda member: member.file_size))


def unpack(path: Path, folder: Path, most: int = MOST_UNPACKED) -> Path:
    """The dump of a packed file, unpacked into ``folder``.

    Raises:
        OSError: it cannot be unpacked, or is larger than ``most`` or than the room that is left; one line.
    """
    target = folder / (path.stem or "dump")
    room = min(most, shutil.disk_usage(folder).free)
    written = 0
    try:
        with _opened(path) as source, target.open("wb") as file:
            while data := source.read(_CHUNK):
                written += len(data)
                if written > room:
                    raise OSError(f"{path}: unpacked, it takes more than {room} bytes")
                file.write(data)
    except (EOFError, lzma.LZMAError, zipfile.BadZipFile, ValueError, RuntimeError, NotImplementedError) as error:
        raise OSError(f"{path}: cannot be unpacked: {error}") from None
    return target
