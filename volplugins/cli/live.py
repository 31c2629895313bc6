"""``volplugins live URL``: what stands at the other end of a kernel debugger's line; with --snapshot, a dump of it."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from volplugins.cli.folders import WRONG_USE, require_folders, split_folders
from volplugins.wires.location import is_live, parse_location

if TYPE_CHECKING:
    from volplugins.bugcheck.scene.crash_scene import CrashScene
    from volplugins.target.target import Target


_WIDEST = 1000  # characters


def add_parser(subparsers: Any) -> None:
    """Add the command."""
    parser = subparsers.add_parser(
        "live",
        help="say what a machine on a kernel debugger's line is and where it stands, or write a dump of it",
        description="Stops the Windows machine whose serial port is at URL (booted with kernel debugging on), says its "
        "version, its processors and where each stands, and lets it run on. Nothing of it is written, but for the "
        "instruction pointer where it would else stop at the same breakpoint again. All plugins take "
        "the same URL: volplugins vol -f URL windows.kd.process.",
        epilog="URL: kd+unix:///PATH, kd+tcp://HOST:PORT, kd+pipe://./pipe/NAME, kd+serial:///DEVICE?baud=115200; "
        "after ? also memory=URL (the guest's memory itself, percent-encoded), "
        "stay-stopped=1 and step-past=0 (write nothing at all, though it may be left standing). How to set up guest "
        "and virtual machine: docs/live.md. Exit codes: 0 done; 1 done, with memory that could not be read, or the "
        "machine did not say that it runs on; 2 wrong use; 3 nobody answers as a Windows kernel does.",
    )
    parser.add_argument("url", metavar="URL", help="where the machine's port is")
    parser.add_argument("--snapshot", metavar="FILE", help="write a crash dump of the machine as it stands")
    parser.add_argument("--stay-stopped", action="store_true", help="leave the machine standing at the end")
    parser.add_argument("-s", "--symbols", metavar="DIRS", default="", help="symbol folders, separated by ;, as vol -s")
    parser.add_argument("-q", "--quiet", action="store_true", help="print nothing but what went wrong")


def run(args: argparse.Namespace) -> int:
    """Look at the machine; LiveError reaches main, which says why in one line."""
    from volplugins.cli.progress import progress_display
    from volplugins.cli.termination import clean_termination
    from volplugins.vol.layers.live_machines import leaving, read_so_far, said_that_it_runs, stay_stopped
    from volplugins.vol.scene.session import open_location

    if not is_live(args.url):
        print(
            f"volplugins: {args.url}: no location of a live machine; write kd+unix:///PATH or its like", file=sys.stderr
        )
        return WRONG_USE
    symbols = split_folders(args.symbols)
    require_folders("-s", symbols)
    with clean_termination(), progress_display(args.quiet) as show, leaving(args.url, lambda text: _read(show, text)):
        context, layer = open_location(args.url, symbols)
        if args.stay_stopped:
            stay_stopped()
        code = _snapshot(args, context, layer, show) if args.snapshot is not None else _told(context, layer, args.quiet)
        read = read_so_far()
    runs = said_that_it_runs(args.url)
    if not args.quiet:
        print(f"Read      {read}")
        print(f"Now       {_now(args.stay_stopped or parse_location(args.url).stay_stopped, runs)}")
    return code or int(not runs)


def _now(stays: bool, runs: bool) -> str:
    if stays:
        return "it is left standing"
    return "it runs on" if runs else "it did not say that it runs on"


def _read(show: Any, text: str) -> None:
    show(f"reading: {text}", 0.0)


def _snapshot(args: argparse.Namespace, context: Any, layer: str, show: Any) -> int:
    from volplugins.cli.snapshot import write_snapshot

    return write_snapshot(args.snapshot, context, layer, show, args.quiet)


def _told(context: Any, layer: str, quiet: bool) -> int:
    from volplugins.report.shown_text import shown
    from volplugins.vol.scene.crash_scene import scene_below

    scene = scene_below(context, layer)
    if not quiet:
        for line in _lines(scene):
            print(shown(line, _WIDEST))  # names in it are the machine's
    return 0


def _lines(scene: CrashScene) -> Iterator[str]:
    target = scene.target
    yield f"Machine   {target.format}"
    yield f"System    Windows build {target.build}, {_machine(target)}, kernel at {target.kernel_base:#x}"
    memory = target.memory
    if memory is not None:
        yield f"Memory    {memory.pages_described >> 8} MiB; {target.how('PhysicalMemory')}"
    if target.crashed:
        numbers = ", ".join(f"{value:#x}" for value in target.bugcheck.parameters)
        yield f"Bugcheck  {target.bugcheck.code:#x} ({numbers}), {target.bugcheck.source}"
    threads = {each.index: each.current_thread for each in scene.processors}
    for each in target.processors:
        stands = _place(scene, each.context.ip) if each.context is not None else "it gave no registers"
        thread = threads.get(each.number)
        whose = f", thread {thread.ethread:#x} of {_owner(scene, thread.process)}" if thread is not None else ""
        yield f"CPU {each.number:<5} {stands}{whose}"
    yield from (f"Note      {note.text}" for note in target.notes)


def _machine(target: Target) -> str:
    wide = f"{target.mode.value} page tables" if target.mode is not None else ""
    return f"{'x64' if target.bits == 64 else 'x86'}, {wide}, {target.number_processors} processors"


def _place(scene: CrashScene, ip: int) -> str:
    location = scene.symbolizer.locate(ip)
    return f"{ip:#x} {location.text()}" if location.module is not None else f"{ip:#x} in user mode, or in no module"


def _owner(scene: CrashScene, eprocess: int | None) -> str:
    from volplugins.kernel.process import read_process
    from volplugins.memory.reader import ReadError

    try:
        process = read_process(scene.memory, eprocess, scene.layouts.process) if eprocess else None
    except ReadError:
        process = None
    return f"{process.name} {process.pid}" if process is not None else "a process that cannot be read"
