"""``volplugins lab``: makes sample dumps, and says what can be made."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from volplugins.lab.damage.directories import DIRECTORY_DEFECTS, with_directory_defect
from volplugins.lab.damage.files import DEFECTS, apply
from volplugins.lab.damage.user import USER_DEFECTS, with_user_defect
from volplugins.lab.machine.snapshot import Snapshot
from volplugins.lab.writers import KINDS, kinds_of, write

_DONE, _WRONG_USE = 0, 2
_DESCRIPTION = """\
Makes dumps of small made-up Windows machines, in every format that Windows writes, and beside each a file
NAME.truth.json that says what was built into it. They need no Windows and hold nobody's data.
"""
_EPILOG = """\
examples:
  volplugins lab list
  volplugins lab make -o MEMORY.DMP
  volplugins lab make --machine win7-x64 --kind triage -o small.dmp
  volplugins lab make --kind full --defect truncated-half -o samples/
  volplugins lab make --machine win7-x64 --wow64 -o wow64.dmp
  volplugins lab make --directory self-map-elsewhere -o bad-directory.dmp
  volplugins lab make --populous 100 -o many-processes.dmp
  volplugins lab make --user load-order-loops --victim services.exe -o bad-list.dmp
  volplugins lab make --all -o samples/
"""


@dataclass(frozen=True, slots=True)
class _Order:
    """One dump to be made."""

    machine: str
    fault: str
    kind: str
    base: int
    host: int
    defect: str | None
    directory: str | None = None
    populous: int | None = None
    user: str | None = None
    wow64: bool = False
    litter: bool = False
    sparse: bool = False

    @property
    def name(self) -> str:
        """The file's name without its extension: whatever is not usual is in it."""
        parts = [self.machine, self.fault, self.kind]
        parts += [f"base{self.base}"] * (self.base != 0) + [f"host{self.host}"] * (self.host != 0)
        parts += [f"populous{self.populous}"] * (self.populous is not None) + ["wow64"] * self.wow64
        parts += ["litter"] * self.litter + ["sparse"] * self.sparse
        return "-".join([*parts, *(name for name in (self.directory, self.user, self.defect) if name)])


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
    from volplugins.lab.machine.profiles import HOSTS  # noqa: PLC0415
    from volplugins.lab.machines.catalogue import BASES, EVERY_FAULT, MACHINES  # noqa: PLC0415 - large tables: only when asked for

    # Names come from `list`: help that spelt them all out could not be read.
    plain = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser("volplugins lab", description=_DESCRIPTION, epilog=_EPILOG, formatter_class=plain)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    listing = commands.add_parser("list", help="machines, faults, kinds of dump and defects that can be made")
    listing.set_defaults(run=_list)
    make = commands.add_parser(
        "make", help="make a dump", description=_DESCRIPTION, epilog=_EPILOG, formatter_class=plain
    )
    machines, faults = tuple(MACHINES), tuple(EVERY_FAULT)
    make.add_argument(
        "--machine", metavar="MACHINE", choices=machines, help="the machine (default: win10-x64; with --all: every one)"
    )
    make.add_argument(
        "--fault", metavar="FAULT", choices=faults, default=faults[0], help=f"what crashed it (default: {faults[0]})"
    )
    make.add_argument(
        "--kind", metavar="KIND", choices=KINDS, help="the kind of dump (default: full; with --all: every one)"
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
    make.add_argument("--litter", action="store_true", help="stacks full of what earlier calls left there")
    make.add_argument("--sparse", action="store_true", help="kernel and drivers without PDBs that export few functions")
    make.add_argument("--all", action="store_true", help="every machine in every kind that it can be written as")
    make.add_argument(
        "-o", dest="output", required=True, metavar="FILE_OR_DIR", help="where to; --all needs a directory"
    )
    make.set_defaults(run=_make)
    return parser


def _add_damage(make: argparse.ArgumentParser) -> None:
    """The options that damage what is made."""
    make.add_argument("--defect", metavar="DEFECT", choices=tuple(DEFECTS), help="damage the file in this way")
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
        "--victim", metavar="IMAGE", default="explorer.exe", help="whose (--directory: * for all but System's)"
    )
    make.add_argument(
        "--narrow", action="store_true", help="--user: the 32-bit structures of a 32-bit program on x64 (--wow64)"
    )


def _list(_arguments: argparse.Namespace) -> int:
    from volplugins.lab.machines.catalogue import EVERY_FAULT, MACHINES  # noqa: PLC0415 - see _parser

    for title, names in (
        ("machines", MACHINES),
        ("faults", EVERY_FAULT),
        ("kinds", KINDS),
        ("defects", DEFECTS),
        ("directories", DIRECTORY_DEFECTS),
        ("user structures", USER_DEFECTS),
    ):
        print(f"{title}:")
        for name in names:
            print(f"  {name}")
    return _DONE


def _make(arguments: argparse.Namespace) -> int:
    output = Path(arguments.output)
    into = output.is_dir() or arguments.all or arguments.output.endswith("/")
    for snapshot, order in _orders(arguments):
        path = output / f"{order.name}.dmp" if into else output
        path.parent.mkdir(parents=True, exist_ok=True)
        write(snapshot, order.kind, path)
        try:
            if order.defect:
                apply(order.defect, path)
        except ValueError as fault:
            path.unlink()
            if not arguments.all:
                raise
            print(f"volplugins lab: not made: {path.name}: {fault}", file=sys.stderr)
            continue
        path.with_suffix(".truth.json").write_text(_truth(snapshot, order), encoding="utf-8")
        print(path)
    return _DONE


def _orders(arguments: argparse.Namespace) -> Iterator[tuple[Snapshot, _Order]]:
    from volplugins.lab.machines.catalogue import MACHINES, faults_of, hard_faults_of  # noqa: PLC0415 - see _parser

    machines = [arguments.machine] if arguments.machine else list(MACHINES) if arguments.all else ["win10-x64"]
    for machine in machines:
        if arguments.all and arguments.fault not in (*faults_of(machine), *hard_faults_of(machine)):
            print(f"volplugins lab: not made: {machine} has no fault {arguments.fault}", file=sys.stderr)
            continue
        if arguments.all and arguments.wow64 and not machine.endswith("x64"):
            print(f"volplugins lab: not made: {machine} runs 32-bit code only", file=sys.stderr)
            continue
        snapshot = _build(machine, arguments)
        if arguments.directory:
            snapshot = with_directory_defect(snapshot, arguments.directory, arguments.victim)
        if arguments.user:
            snapshot = with_user_defect(snapshot, arguments.user, arguments.victim, arguments.narrow)
        usual = (USER_DEFECTS[arguments.user].kind if arguments.user else "") or "full"
        kinds = [arguments.kind] if arguments.kind else list(kinds_of(snapshot)) if arguments.all else [usual]
        for kind in kinds:
            if arguments.all and kind not in kinds_of(snapshot):
                continue
            order = _Order(machine, arguments.fault, kind, arguments.base, arguments.host, arguments.defect)
            order = replace(order, directory=arguments.directory, user=arguments.user, wow64=arguments.wow64)
            yield (
                snapshot,
                replace(order, populous=arguments.populous, litter=arguments.litter, sparse=arguments.sparse),
            )


def _build(machine: str, arguments: argparse.Namespace) -> Snapshot:
    if arguments.populous is None:
        from volplugins.lab.machines.catalogue import build  # noqa: PLC0415 - see _parser

        return build(
            machine, arguments.fault, arguments.base, arguments.host, arguments.sections, arguments.wow64,
            arguments.litter, arguments.sparse,
        )  # fmt: skip
    from volplugins.lab.machines.populous import build_populous  # noqa: PLC0415 - see _parser

    if (
        arguments.all
        or arguments.base
        or arguments.host
        or arguments.sections
        or arguments.wow64
        or arguments.litter
        or arguments.sparse
    ):
        raise ValueError(
            "--populous goes with --machine, --fault and --kind, not with --all, --base, --host, --sections, --litter, "
            "--sparse"
        )
    return build_populous(arguments.populous, machine=machine, fault=arguments.fault)


def _truth(snapshot: Snapshot, order: _Order) -> str:
    record = {
        "machine": order.machine,
        "fault": order.fault,
        "kind": order.kind,
        "base": order.base,
        "host": order.host,
        "defect": order.defect,
        "directory": order.directory,
        "populous": order.populous,
        "user": order.user,
        "wow64": order.wow64,
        "litter": order.litter,
        "sparse": order.sparse,
        "header": snapshot.header,
        "truth": snapshot.truth,
    }
    return json.dumps(record, indent=1, sort_keys=True, default=_plain) + "\n"


def _plain(value: Any) -> Any:
    if isinstance(value, (set, frozenset)):
        return sorted(value)
    if isinstance(value, (bytes, bytearray)):
        return value.hex()
    raise TypeError(f"no JSON for {type(value).__name__}")
