"""One job from end to end, on whatever machine this runs: unpack, run the child, clean up."""

from __future__ import annotations

import errno
import os
import shutil
import threading
import zlib
from dataclasses import replace
from pathlib import Path

from volplugins.batch import job as jobs
from volplugins.batch.child import Children, run_child
from volplugins.batch.errors import NoRoom, is_full_disk
from volplugins.batch.job import Job, Outcome
from volplugins.packed.compression import PLAIN
from volplugins.packed.errors import UnpackError, reason_of
from volplugins.packed.kinds import suffix_to_keep
from volplugins.packed.unpacking import chunks

_RESERVE = 16 << 20  # bytes of the disk that an unpacked dump leaves free, for its results


def perform(job: Job, output: Path, scratch: Path, children: Children) -> Outcome:
    """Do the job into ``output``; never raises but for a disk that cannot be written.

    Args:
        scratch: a folder for what is removed after: the unpacked dump; and for volatility3's cache, one per thread.
    """
    cache = scratch / f"cache-{threading.get_ident()}"
    cache.mkdir(parents=True, exist_ok=True)
    unpacked: Path | None = None
    try:
        dump = job.candidate.path
        if job.candidate.form != PLAIN:
            unpacked = scratch / f"{job.id}{suffix_to_keep(job.candidate.member or job.candidate.path)}"
            _unpack(job, unpacked, children)
            dump = str(unpacked)
        output.mkdir()
        done = run_child(replace(job, dump=dump, output=str(output), cache=str(cache)), scratch, children)
    except NoRoom as error:
        done = Outcome(jobs.NO_ROOM, reason_of(error))
    except (OSError, UnpackError) as error:
        done = Outcome(jobs.DISK_FULL if is_full_disk(error) else jobs.FAILED, reason_of(error))
    finally:
        if unpacked is not None:
            unpacked.unlink(missing_ok=True)
    if done.folder is None:
        shutil.rmtree(output, ignore_errors=True)
    return done


def _unpack(job: Job, target: Path, children: Children) -> None:
    """Raises UnpackError where the limit or the run's end ends it; NoRoom where the disk is too full for it."""
    one, left = job.candidate, shutil.disk_usage(target.parent).free - _RESERVE
    if job.size > left:
        raise NoRoom(f"{one.form}: needs {job.size} bytes to unpack, and the disk has {max(left, 0)} to give")
    with target.open("xb") as file:
        for chunk in chunks(one, job.caps, str(target.parent)):
            file.write(chunk)
            if children.are_ended():
                raise UnpackError("stopped")


def packed(folder: Path) -> dict[str, bytes]:
    """The folder's files by relative name, compressed, to be sent."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): zlib.compress(path.read_bytes(), 1) for path in files}


def unpacked_into(folder: Path, files: dict[str, bytes]) -> None:
    """Write what was sent.

    Raises:
        OSError: a file cannot be written, or its name leads out of the folder.
    """
    folder.mkdir()
    for name, data in files.items():
        target = folder / name
        if os.path.isabs(name) or ".." in Path(name).parts:
            raise OSError(errno.EINVAL, "a name that leads out of the folder", name)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(zlib.decompress(data))
