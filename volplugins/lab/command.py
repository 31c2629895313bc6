"""``volplugins lab``: makes sample dumps and memory images, serves machines, and says what can be made."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from volplugins.lab.damage.directories import DIRECTORY_DEFECTS
from volplugins.lab.damage.files import DEFECTS, apply
from volplugins.lab.damage.gates import GATE_HOOKS
from volplugins.lab.damage.images import IMAGE_DEFECTS, damaged_memory, write_damaged
from volplugins.lab.damage.io import IO_DEFECTS
from volplugins.lab.damage.page_database import PFN_DEFECTS
from volplugins.lab.damage.shadow_stacks import SHADOW_DEFECTS
from volplugins.lab.damage.user import USER_DEFECTS
from volplugins.lab.machine.snapshot import Snapshot
from volplugins.lab.machine_options import add_machine_options, build_machine
from volplugins.lab.order import VARIANTS, Order, truth_of
from volplugins.lab.serve_command import add_serve
from volplugins.lab.writers import IMAGE_KINDS, KINDS, kinds_of, write
from volplugins.lab.writers.live_memory import live_memory

_DONE, _WRONG_USE = 0, 2
_DESCRIPTION = """\
Makes dumps of small made-up Windows machines, in every format that Windows writes, and memory images of them as
other programs write them; beside each a file NAME.truth.json that says what was built into it. They need no Windows
and hold nobody's data.
"""
_EPILOG = """\
examples:
  volplugins lab list
  volplugins lab make -o MEMORY.DMP
  volplugins lab make --machine win7-x64 --kind triage -o small.dmp
  volplugins lab make --kind full --defect truncated-half -o samples/
  volplugins lab make --kind raw -o memory.raw
  volplugins lab make --kind vmware --fault none -o running.vmem
  volplugins lab make --kind lime --defect lime-overlap -o samples/
  volplugins lab make --machine win7-x64 --wow64 -o wow64.dmp
  volplugins lab make --directory self-map-elsewhere -o bad-directory.dmp
  volplugins lab make --populous 100 -o many-processes.dmp
  volplugins lab make --user load-order-loops --victim services.exe -o bad-list.dmp
  volplugins lab make --io dispatch-hook -o hooked.dmp
  volplugins lab make --machine win11-24h2-x64 --shadow rop-chain -o chain.dmp
  volplugins lab make --no-symbols -o unknown-kernel.dmp
  volplugins lab make --gates isr-outside -o hooked-interrupt.dmp
  volplugins lab make --all -o samples/
  volplugins lab serve --machine win7-x86-pae --listen /tmp/win7.sock
"""


def main(argv: Sequence[str]) -> int:
    """Run the command with its arguments; returns the exit code, 0 or 2."""
    try:
        arguments = _parser().parse_args(list(argv))
    except SystemExit as stop:  # argparse has said why, or shown the help
        return _WRONG_USE if stop.code else _DONE
    try:
        return int(arguments.run(arguments))
    except (ValueError, OSError) as fault:
        print(f"volplugins lab: {fault}", file=sys.stderr)
        return _WRONG_USE


def _parser() -> argparse.ArgumentParser:
    from volplugins.lab.crashes.running import RUNNING_STATES  # noqa: PLC0415 - as below
    from volplugins.lab.machines.catalogue import EVERY_FAULT, EVERY_MACHINE  # noqa: PLC0415 - large tables: only when asked for

    # Names come from `list`: help that spelt them all out could not be read.
    plain = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser("volplugins lab", description=_DESCRIPTION, epilog=_EPILOG, formatter_class=plain)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    listing = commands.add_parser("list", help="machines, faults, kinds of dump and defects that can be made")
    listing.set_defaults(run=_list)
    make = commands.add_parser(
        "make", help="make a dump or an image", description=_DESCRIPTION, epilog=_EPILOG, formatter_class=plain
    )
    machines, faults = tuple(EVERY_MACHINE), (*EVERY_FAULT, *RUNNING_STATES)
    make.add_argument(
        "--machine", metavar="MACHINE", choices=machines, help="the machine (default: win10-x64; with --all: every one)"
    )
    make.add_argument(
        "--fault",
        metavar="FAULT",
        choices=faults,
        default=faults[0],
        help=f"what crashed it (default: {faults[0]}); {' and '.join(RUNNING_STATES)}: nothing did (images only)",
    )
    make.add_argument(
        "--kind", metavar="KIND", choices=(*KINDS, *IMAGE_KINDS),
        help="the kind of dump (default: full; with --all: every one), or of memory image: " + ", ".join(IMAGE_KINDS),
    )  # fmt: skip
    make.add_argument(
        "--clear-kdbg", action="store_true", help="images: the debugger data block in clear where Windows encodes it"
    )
    add_machine_options(make)
    make.add_argument(
        "--defect", metavar="DEFECT", choices=(*DEFECTS, *IMAGE_DEFECTS), help="damage the file in this way"
    )
    make.add_argument("--all", action="store_true", help="every machine in every kind that it can be written as")
    make.add_argument(
        "-o", dest="output", required=True, metavar="FILE_OR_DIR", help="where to; --all needs a directory"
    )
    make.set_defaults(run=_make)
    add_serve(commands)
    return parser


def _list(_arguments: argparse.Namespace) -> int:
    from volplugins.lab.crashes.running import RUNNING_STATES  # noqa: PLC0415 - see _parser
    from volplugins.lab.machines.catalogue import EVERY_FAULT, EVERY_MACHINE  # noqa: PLC0415 - see _parser

    for title, names in (
        ("machines", EVERY_MACHINE),
        ("faults", EVERY_FAULT),
        ("no faults (images only)", RUNNING_STATES),
        ("kinds", KINDS),
        ("image kinds", IMAGE_KINDS),
        ("defects", DEFECTS),
        ("image defects", IMAGE_DEFECTS),
        ("directories", DIRECTORY_DEFECTS),
        ("user structures", USER_DEFECTS),
        ("I/O objects", IO_DEFECTS),
        ("gates", GATE_HOOKS),
        ("shadow stacks", SHADOW_DEFECTS),
        ("page frames", PFN_DEFECTS),
    ):
        print(f"{title}:")
        for name in names:
            print(f"  {name}")
    return _DONE


def _make(arguments: argparse.Namespace) -> int:
    output = Path(arguments.output)
    into = output.is_dir() or arguments.all or arguments.output.endswith("/")
    for snapshot, order in _orders(arguments):
        path = output / f"{order.name}{order.suffix}" if into else output
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            written = _write(snapshot, order, path)
        except ValueError as fault:
            if not arguments.all:
                raise
            print(f"volplugins lab: not made: {path.name}: {fault}", file=sys.stderr)
            continue
        path.with_suffix(".truth.json").write_text(truth_of(written, order), encoding="utf-8")
        print(path)
    return _DONE


def _write(snapshot: Snapshot, order: Order, path: Path) -> Snapshot:
    """The file, and what damage was asked for; where that makes no sense, ValueError and no file.

    Gives the machine as it is in the file.
    """
    if order.kind in IMAGE_KINDS:
        smeared = damaged_memory(snapshot, order.defect or "")
        snapshot = live_memory(smeared, False if order.clear_kdbg else None)
        if order.defect:
            write_damaged(snapshot, order.kind, path, order.defect)
        else:
            write(snapshot, order.kind, path)
        return snapshot
    write(snapshot, order.kind, path)
    try:
        if order.defect:
            apply(order.defect, path)
    except ValueError:
        path.unlink()
        raise
    return snapshot


def _orders(arguments: argparse.Namespace) -> Iterator[tuple[Snapshot, Order]]:
    from volplugins.lab.machines.catalogue import EVERY_MACHINE, every_fault_of  # noqa: PLC0415 - see _parser

    machines = [arguments.machine] if arguments.machine else list(EVERY_MACHINE) if arguments.all else ["win10-x64"]
    for machine in machines:
        if arguments.all and arguments.fault not in every_fault_of(machine):
            print(f"volplugins lab: not made: {machine} has no fault {arguments.fault}", file=sys.stderr)
            continue
        if arguments.all and arguments.wow64 and not machine.endswith("x64"):
            print(f"volplugins lab: not made: {machine} runs 32-bit code only", file=sys.stderr)
            continue
        if arguments.all and arguments.vdm and machine.endswith("x64"):
            print(f"volplugins lab: not made: {machine} runs no 16-bit code", file=sys.stderr)
            continue
        if arguments.all and arguments.user_memory and machine.endswith("x64"):
            print(f"volplugins lab: not made: {machine} has its user memory as it is", file=sys.stderr)
            continue
        snapshot = build_machine(machine, arguments)
        usual = (USER_DEFECTS[arguments.user].kind if arguments.user else "") or ("full" if snapshot.crashed else "raw")
        possible = kinds_of(snapshot) or IMAGE_KINDS
        for kind in [arguments.kind] if arguments.kind else possible if arguments.all else [usual]:
            if arguments.all and kind not in (*possible, *IMAGE_KINDS):
                continue
            order = Order(machine, arguments.fault, kind, arguments.base, arguments.host, arguments.defect)
            order = replace(
                order,
                clear_kdbg=arguments.clear_kdbg,
                directory=arguments.directory,
                user=arguments.user,
                io=arguments.io,
                gates=arguments.gates,
                shadow=arguments.shadow,
                pfn=arguments.pfn,
                no_symbols=arguments.no_symbols,
                populous=arguments.populous,
            )
            yield snapshot, replace(order, **{name: getattr(arguments, name) for name in VARIANTS})
