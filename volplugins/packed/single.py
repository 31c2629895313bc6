"""The one dump or image in a packed file, unpacked into a temporary folder that goes again."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from volplugins.dumpfile.errors import DumpError
from volplugins.packed.archives import Archive
from volplugins.packed.candidate import Candidate
from volplugins.packed.compression import CAPS, PLAIN, REFUSED, START, Caps, form_of
from volplugins.packed.errors import UnpackError, reason_of
from volplugins.packed.kinds import suffix_to_keep
from volplugins.packed.unpacking import chunks

_RESERVE = 64 << 20  # bytes of the disk that stay free
_NAMED = 3
_PAGE = 1 << 12
Progress = Callable[[str, float], None]


@dataclass(frozen=True, slots=True)
class PlainFile:
    """A file that can be opened as it is.

    Attributes:
        path: where it lies; label: the place that it came from, as batch names it.
        packed: the file it was unpacked from; None where it was plain already.
        page_files: names of page files that lay beside it and are left out.
    """

    path: Path
    label: str
    packed: Path | None = None
    page_files: tuple[str, ...] = ()


@contextmanager
def plain_file(path: Path, progress: Progress, caps: Caps = CAPS) -> Iterator[PlainFile]:
    """The file itself where it is not packed, else what is in it, until the block ends.

    Raises:
        DumpError: it cannot be unpacked, or holds no dump, or more than one.
    """
    if not path.is_file() or form_of(_head(path)) == PLAIN:
        yield PlainFile(path, str(path))
        return
    with tempfile.TemporaryDirectory(prefix="volplugins-") as folder:
        try:
            one, page_files = _only_one(path, folder)
            target = Path(folder) / f"unpacked{suffix_to_keep(one.member or one.path)}"
            progress("unpacking", 0.0)
            _unpack(one, target, caps, folder)
        except UnpackError as error:
            raise DumpError(f"{path}: {reason_of(error)}") from None
        except OSError as error:
            raise DumpError(f"{path}: cannot be unpacked: {error.strerror or error}") from None
        yield PlainFile(target, one.label, path, page_files)


def _head(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(START)
    except OSError:
        return b""  # whoever opens it says why


def _only_one(path: Path, scratch: str) -> tuple[Candidate, tuple[str, ...]]:
    """What the file holds, and the page files beside it."""
    with path.open("rb") as file:
        found = Archive(os.path.abspath(path), os.fstat(file.fileno()), _head(path), True, scratch).search(file)
    sound = [one for one in found.candidates if one.form != REFUSED]
    memory = [one for one in sound if one.strong] or [one for one in sound if one.called] or sound
    if len(memory) == 1:
        return memory[0], tuple(found.page_files)
    if memory:
        names = ", ".join(one.member for one in memory[:_NAMED])
        more = f" and {len(memory) - _NAMED} more" if len(memory) > _NAMED else ""
        raise UnpackError(
            f"holds more than one file that may be a dump ({names}{more}): unpack one, or give it to batch"
        )
    refused = next((one.reason for one in found.candidates), "")
    raise UnpackError(refused or "no dump and no memory image is in it")


def _unpack(one: Candidate, target: Path, caps: Caps, scratch: str) -> None:
    """Write it; what is empty becomes a hole."""
    with target.open("xb") as file:
        for data in chunks(one, caps, scratch):
            if shutil.disk_usage(scratch).free < _RESERVE:
                raise UnpackError("the disk has no room for it unpacked: unpack it elsewhere, or set TMPDIR")
            if data.count(0) == len(data):
                file.seek(len(data), os.SEEK_CUR)
            else:
                file.write(data)
        file.truncate()
