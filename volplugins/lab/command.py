"""``volplugins lab``: makes sample dumps and memory images, and says what can be made."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from volplugins.lab.damage.directories import DIRECTORY_DEFECTS, with_directory_defect
from volplugins.lab.damage.files import DEFECTS, apply
from volplugins.lab.damage.gates import GATE_HOOKS, with_gate_hook
from volplugins.lab.damage.images import IMAGE_DEFECTS, damaged_memory, write_damaged
from volplugins.lab.damage.io import IO_DEFECTS, with_io_defect
from volplugins.lab.damage.page_database import PFN_DEFECTS, with_pfn_defect
from volplugins.lab.damage.shadow_stacks import SHADOW_DEFECTS, with_shadow_defect
from volplugins.lab.damage.unknown_kernel import without_symbols
from volplugins.lab.damage.user import USER_DEFECTS, with_user_defect
from volplugins.lab.machine.snapshot import Snapshot
from volplugins.lab.order import VARIANTS, Order, truth_of
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
    from volplugins.lab.machine.profiles import HOSTS  # noqa: PLC0415
    from volplugins.lab.machines.catalogue import BASES, EVERY_FAULT, EVERY_MACHINE  # noqa: PLC0415 - large tables: only when asked for

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
    bases, hosts = range(BASES), range(len(HOSTS))
    make.add_argument("--base", type=int, choices=bases, default=0, help="which addresses everything lies at")
    make.add_argument("--host", type=int, choices=hosts, default=0, help="which computer: other processes and times")
    _add_damage(make)
    make.add_argument(
        "--sections", action="store_true", help="user pages of every state: shared, in transition, paged out, large"
    )
    make.add_argument(
        "--populous", type=int, metavar="N", help="N more processes, each with 200 modules and 300 ranges of addresses"
    )
    make.add_argument("--wow64", action="store_true", help="a program of 32-bit code as well (x64 machines)")
    make.add_argument("--vdm", action="store_true", help="a program that runs 16-bit code as well (x86 machines)")
    make.add_argument("--litter", action="store_true", help="stacks full of what earlier calls left there")
    make.add_argument("--sparse", action="store_true", help="kernel and drivers without PDBs that export few functions")
    make.add_argument(
        "--no-symbols",
        action="store_true",
        help="a kernel of which there is no symbol table: another GUID",
    )
    make.add_argument("--processor", type=int, choices=(0, 1), default=0, help="which processor crashes")
    make.add_argument("--all", action="store_true", help="every machine in every kind that it can be written as")
    make.add_argument(
        "-o", dest="output", required=True, metavar="FILE_OR_DIR", help="where to; --all needs a directory"
    )
    make.set_defaults(run=_make)
    return parser


def _add_damage(make: argparse.ArgumentParser) -> None:
    """The options that damage what is made."""
    make.add_argument(
        "--defect", metavar="DEFECT", choices=(*DEFECTS, *IMAGE_DEFECTS), help="damage the file in this way"
    )
    make.add_argument(
        "--directory",
        metavar="NAME",
        choices=tuple(DIRECTORY_DEFECTS),
        help="damage the page directory of one process in this way",
    )
    make.add_argument(
        "--user",
        metavar="NAME",
        choices=tuple(USER_DEFECTS),
        help="damage the PEB, lists, parameters, VADs or threads of one process in this way",
    )
    make.add_argument(
        "--io", metavar="NAME", choices=tuple(IO_DEFECTS), help="damage drivers, devices, requests or their directories"
    )
    make.add_argument(
        "--gates", metavar="NAME", choices=tuple(GATE_HOOKS), help="change a processor's descriptor tables in this way"
    )
    make.add_argument(
        "--shadow", metavar="NAME", choices=tuple(SHADOW_DEFECTS),
        help="overwrite a thread's stack in this way, whose shadow stack tells the truth (win11-24h2-x64)",
    )  # fmt: skip
    make.add_argument(
        "--pfn", metavar="NAME", choices=tuple(PFN_DEFECTS),
        help="let the database of page frames contradict the page tables in this way (win11-24h2-x64)",
    )  # fmt: skip
    make.add_argument(
        "--victim", metavar="IMAGE", default="explorer.exe", help="whose (--directory: * for all but System's)"
    )
    make.add_argument(
        "--narrow", action="store_true", help="--user: the 32-bit structures of a 32-bit program on x64 (--wow64)"
    )


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
        snapshot = _build(machine, arguments)
        snapshot = _damaged(snapshot, arguments)
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


def _damaged(snapshot: Snapshot, arguments: argparse.Namespace) -> Snapshot:
    """The machine with all the damage that is asked for."""
    if arguments.directory:
        snapshot = with_directory_defect(snapshot, arguments.directory, arguments.victim)
    if arguments.user:
        snapshot = with_user_defect(snapshot, arguments.user, arguments.victim, arguments.narrow)
    if arguments.io:
        snapshot = with_io_defect(snapshot, arguments.io)
    if arguments.gates:
        snapshot = with_gate_hook(snapshot, arguments.gates)
    if arguments.shadow:
        snapshot = with_shadow_defect(snapshot, arguments.shadow)
    if arguments.pfn:
        snapshot = with_pfn_defect(snapshot, arguments.pfn)
    if arguments.no_symbols:
        snapshot = without_symbols(snapshot)
    return snapshot


def _build(machine: str, arguments: argparse.Namespace) -> Snapshot:
    if arguments.populous is None:
        from volplugins.lab.machines.catalogue import build  # noqa: PLC0415 - see _parser

        variants = {name: getattr(arguments, name) for name in VARIANTS}
        return build(machine, arguments.fault, arguments.base, arguments.host, arguments.sections, **variants)
    from volplugins.lab.machines.populous import build_populous  # noqa: PLC0415 - see _parser

    others = ("all", "base", "host", "sections", *VARIANTS)
    if any(getattr(arguments, name) for name in others):
        raise ValueError(
            f"--populous goes with --machine, --fault and --kind, not with {', '.join('--' + name for name in others)}"
        )
    return build_populous(arguments.populous, machine=machine, fault=arguments.fault)
