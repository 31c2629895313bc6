"""``volplugins dump TARGET -o FILE``: any memory as a crash dump that debuggers open."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from volplugins.cli.folders import WRONG_USE, require_folders, split_folders

if TYPE_CHECKING:
    from volplugins.cli.progress import Show
    from volplugins.dumpwriter.dump_plan import DumpPlan
    from volplugins.dumpwriter.writer import Patches, Progress, Written
    from volplugins.target.target import Target


def add_parser(subparsers: Any) -> None:
    """Add the command."""
    parser = subparsers.add_parser(
        "dump",
        help="write a memory image, or a dump of another type, as a crash dump that WinDbg opens",
        description="Writes the memory of TARGET (raw image, LiME, ELF core, AVML, VMware, a crash dump that is not a "
        "small one; x86 or x64) as a crash dump: a header with all that is known of the kernel, the kernel's debugger "
        "data block in clear, and the memory. Pages of zeros take no room on disk where the file system knows holes.",
        epilog="full: every page of RAM in the runs of the header (type 1), pages that the target lacks as zeros. "
        "bitmap: only the pages that are there (type 5; of a kernel dump, type 6). Without --kind it is full where "
        "nothing is missing and the runs fit the header, else bitmap. Where no bugcheck is recorded the dump says "
        "0x161 LIVE_SYSTEM_DUMP, as Windows does of a machine that went on running. Example: volplugins dump mem.raw "
        "-o MEMORY.DMP && windbg -z MEMORY.DMP. Exit codes: 0 done; 1 done, with pages of the target lost, or not "
        "written (disk full); 2 wrong use, such as an output that is there already; 3 TARGET cannot be opened.",
    )
    parser.add_argument("target", metavar="TARGET", help="a memory image, or a dump that holds pages")
    parser.add_argument("-o", "--output", metavar="FILE", required=True, help="the dump to write; never overwritten")
    parser.add_argument("-s", "--symbols", metavar="DIRS", default="", help="symbol folders, separated by ;, as vol -s")
    parser.add_argument("--kind", choices=("full", "bitmap"), help="what to write (chosen by what the target holds)")
    parser.add_argument("-q", "--quiet", action="store_true", help="print nothing but what went wrong")


def run(args: argparse.Namespace) -> int:
    """Write the dump; DumpError reaches main, which says why in one line."""
    symbols = split_folders(args.symbols)
    require_folders("-s", symbols)
    if not args.output or not args.target:
        return _wrong("an empty name is no file")
    output = Path(args.output)
    why = _no_place(output)
    return _wrong(f"{output}: {why}") if why else _run(args, output, symbols)


def _run(args: argparse.Namespace, output: Path, symbols: list[str]) -> int:
    from volplugins.cli.progress import progress_display
    from volplugins.cli.termination import clean_termination
    from volplugins.dumpwriter.dump_plan import DoesNotFit, OutputKind, plan_dump
    from volplugins.target.as_dump import (
        clear_debugger_data,
        header_facts,
        refuse_what_is_no_memory,
        with_debugger_data,
    )
    from volplugins.vol.layers.live_machines import leaving
    from volplugins.vol.scene.crash_scene import target_below
    from volplugins.vol.scene.kernel_addresses import lacking_addresses
    from volplugins.vol.scene.session import open_any

    kind = OutputKind(args.kind) if args.kind else None
    with clean_termination(), progress_display(args.quiet) as show, leaving(args.target, lambda text: None):
        show("opening", 0.0)
        target = target_below(*open_any(args.target, symbols))
        refuse_what_is_no_memory(target)
        target = with_debugger_data(target)
        assert target.memory is not None
        try:
            partial = target.dump is not None and not target.holds_all
            plan = plan_dump(target.memory, header_facts(target, lacking_addresses(target)), kind, partial)
        except DoesNotFit as error:
            return _wrong(f"{args.target}: {error}")
        patches = clear_debugger_data(target)
        try:
            written = _write(target, plan, patches, output, show)
        except FileExistsError as error:
            return _wrong(f"{output}: {error.strerror}")
        except OSError as error:
            return _not_written(f"{output}: cannot be written, and nothing is left of it: {error.strerror or error}")
    if not args.quiet:
        print("\n".join(_summary(output, target, plan, written)))
    return _faults(target, plan, written)


def _write(target: Target, plan: DumpPlan, patches: Patches, output: Path, show: Show) -> Written:
    from volplugins.dumpwriter.new_file import new_file
    from volplugins.dumpwriter.writer import write_dump

    assert target.memory is not None
    with new_file(output) as out:
        return write_dump(target.memory, plan, patches, out, _shown(show, plan.pages))


def _shown(show: Show, pages: int) -> Progress:
    """Progress that speaks once for each part in a hundred."""
    said = -1

    def tell(done: int) -> None:
        nonlocal said
        percent = 100 * done // max(pages, 1)
        if percent != said:
            said = percent
            show("writing", float(percent))

    return tell


def _no_place(output: Path) -> str:
    """Why nothing can be written there, as far as that can be told beforehand."""
    if output.is_dir():
        return "is a directory; give the name of the file to write"
    if output.exists() or output.is_symlink():
        return "is there already; nothing is overwritten"
    return "" if output.parent.is_dir() else f"{output.parent} is no folder"


def _summary(output: Path, target: Target, plan: DumpPlan, written: Written) -> list[str]:
    from volplugins.dumpfile.dump_type import DESCRIPTIONS

    crash = f"bugcheck {target.bugcheck.code:#x}" if target.crashed else "no bugcheck is recorded: written as 0x161"
    system = f"{'x64' if target.bits == 64 else 'x86'}, build {target.build or 'unknown'}; {crash}"
    lines = [
        f"{output}: {DESCRIPTIONS[plan.dump_type]}, {plan.pages} pages, {plan.size} bytes",
        f"From    {target.format}",
        f"System  {system}",
    ]
    if plan.absent:
        lines.append(f"Absent  {plan.absent} pages are not in the target and are written as zeros")
    if written.unreadable:
        lines.append(f"Lost    {written.unreadable} pages could not be read and are written as zeros")
    lines += [f"Fault   {note.field}: {note.text}" for note in target.notes if note.severity == "fault"]
    return lines


def _faults(target: Target, plan: DumpPlan, written: Written) -> int:
    """1 where something that should be there is not; what a type of dump leaves out is no fault."""
    return int(bool(written.unreadable or target.completeness.truncated))


def _not_written(text: str) -> int:
    print(f"volplugins: {text}", file=sys.stderr)
    return 1


def _wrong(text: str) -> int:
    print(f"volplugins: {text}", file=sys.stderr)
    return WRONG_USE
