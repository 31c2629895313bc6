"""A live machine as a crash dump: written as any target is, and resumable as long as the machine stands still.

A run that ends before all is read leaves FILE.part beside FILE.part.json: which machine at which moment it is of, and
how many bytes of RAM it has. Another run goes on there, if the machine has not run since.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from volplugins.cli.folders import WRONG_USE

if TYPE_CHECKING:
    from volplugins.cli.progress import Show
    from volplugins.dumpwriter.writer import Written
    from volplugins.target.target import Target


def write_snapshot(name: str, context: Any, layer: str, show: Show, quiet: bool) -> int:
    """Write the dump; the exit code. LineLost, with what is written kept, reaches main."""
    from volplugins.dumpwriter.dump_plan import DoesNotFit, plan_dump
    from volplugins.target.as_dump import clear_debugger_data, header_facts, refuse_what_is_no_memory
    from volplugins.vol.scene.crash_scene import target_below
    from volplugins.vol.scene.kernel_addresses import lacking_addresses

    output = Path(name)
    if not name or output.is_dir() or os.path.lexists(output) or not output.parent.is_dir():
        print(f"volplugins: {name or 'an empty name'}: is no new file in a folder that is there", file=sys.stderr)
        return WRONG_USE
    target = target_below(context, layer)
    refuse_what_is_no_memory(target)
    assert target.memory is not None
    try:
        plan = plan_dump(target.memory, header_facts(target, lacking_addresses(target)), None)
    except DoesNotFit as error:
        print(f"volplugins: {name}: {error}", file=sys.stderr)
        return WRONG_USE
    with _part(output, _moment(target), plan.size) as (out, reached):
        written = _written(target, plan, clear_debugger_data(target), out, reached, show)
    if not quiet:
        print("\n".join(_summary(output, target, plan.pages, plan.size, written)))
    return int(bool(written.unreadable))


def _written(target: Target, plan: Any, patches: Any, out: BinaryIO, reached: Any, show: Show) -> Written:
    from volplugins.dumpwriter.writer import write_dump
    from volplugins.vol.layers.live_machines import read_so_far

    assert target.memory is not None

    def tell(done: int) -> None:
        reached(done)
        show(f"writing: {read_so_far()}", 100.0 * done / max(plan.pages, 1))

    return write_dump(target.memory, plan, patches, out, tell, start=reached.start, piece=_PIECE)


_PIECE = 64  # pages at a time: 256 KiB, about two seconds over QEMU's port


def _moment(target: Target) -> dict[str, Any]:
    """What tells this machine at this moment from others: it stands still, so its clock does."""
    return {
        "kernel": target.kernel_base, "build": target.build, "time": target.system_time, "uptime": target.system_uptime,
        "directory": target.directory_table_base, "processors": [each.cr3 for each in target.processors],
    }  # fmt: skip


class _Reached:
    """How many pages are written, kept beside the file."""

    def __init__(self, path: Path, moment: dict[str, Any], size: int) -> None:
        self._path, self._known = path, {"moment": moment, "size": size}
        self.start = self._read()

    def _read(self) -> int:
        try:
            found = json.loads(self._path.read_text(encoding="utf-8"))
            pages = found.pop("pages")
        except (OSError, ValueError, KeyError, AttributeError):
            return 0
        return pages if found == self._known and type(pages) is int and pages >= 0 else 0

    def __call__(self, pages: int) -> None:
        text = json.dumps({**self._known, "pages": pages})
        made = self._path.with_name(self._path.name + ".new")
        made.write_text(text, encoding="utf-8")
        made.replace(self._path)


@contextmanager
def _part(output: Path, moment: dict[str, Any], size: int) -> Iterator[tuple[BinaryIO, _Reached]]:
    """The unfinished file, for its owner alone, which gets its name when the block ends well and stays where not."""
    part, beside = output.with_name(output.name + ".part"), output.with_name(output.name + ".part.json")
    reached = _Reached(beside, moment, size)
    if not part.is_file():
        reached.start = 0
    flags = os.O_RDWR | os.O_CREAT | (0 if reached.start else os.O_TRUNC) | getattr(os, "O_NOFOLLOW", 0)
    with open(os.open(part, flags | getattr(os, "O_BINARY", 0), 0o600), "r+b") as out:
        yield out, reached
        out.flush()
        os.fsync(out.fileno())
    if os.path.lexists(output):
        raise FileExistsError(17, "is there already; what was read is in the .part beside it", str(output))
    part.rename(output)
    with suppress(OSError):
        beside.unlink()


def _summary(output: Path, target: Target, pages: int, size: int, written: Written) -> Iterator[str]:
    crash = f"bugcheck {target.bugcheck.code:#x}" if target.crashed else "no bugcheck is recorded: written as 0x161"
    yield f"{output}: {pages} pages, {size} bytes"
    yield f"From      {target.format}, build {target.build}; {crash}"
    if written.unreadable:
        yield f"Lost      {written.unreadable} pages could not be read and are written as zeros"
