"""``volplugins symbols DUMP``: the PDBs that a dump needs, for someone without a network."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any


def add_parser(subparsers: Any) -> None:
    """Add the command."""
    parser = subparsers.add_parser(
        "symbols",
        help="list the PDBs that dumps need: name, GUID, age, and the path below a symbol server",
        description="Lists the PDB of the kernel and of every module whose debug record is in the dump. "
        "Take the list to a machine with a network; nothing is fetched here.",
    )
    parser.add_argument("dumps", metavar="DUMP", nargs="+", help="Windows crash dumps of any type")
    parser.add_argument("-s", "--symbols", metavar="DIRS", default="", help="symbol folders, separated by ;, as vol -s")


def run(args: argparse.Namespace) -> int:
    """Print a line per module; exit code 1 where a dump's kernel record is missing."""
    folders = [folder for folder in args.symbols.split(";") if folder]
    faults = sum(_list(Path(dump), folders) for dump in args.dumps)
    return 1 if faults else 0


def _list(path: Path, folders: list[str]) -> int:
    """Print one dump's modules; return how many faults were met."""
    from volplugins.vol.crash_scene import debug_record, scene_below
    from volplugins.vol.session import open_file
    from volplugins.vol.symbol_files import find_location

    scene = scene_below(*open_file(path, folders))
    print(f"# {path}")
    found = 0
    for module in scene.modules:
        record = debug_record(scene.memory, module)
        if record is None:
            continue
        found += 1
        status = "present" if find_location(record) else "missing"
        print(f"{status}\t{module.image_name}\t{record.pdb_name}\t{record.guid}\t{record.age}\t{record.symbol_path}")
    absent = len(scene.modules) - found
    if absent:
        print(f"# {absent} of {len(scene.modules)} modules: the debug record is not in the dump")
    kernel = scene.modules.kernel
    if kernel is None or debug_record(scene.memory, kernel) is None:
        print("# the kernel's debug record is not in the dump; its PDB cannot be named")
        return 1
    return 0
