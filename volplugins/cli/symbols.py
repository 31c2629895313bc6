"""``volplugins symbols DUMP…``: which PDBs and images dumps need, a list to fetch them by, the import."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from volplugins.cli.folders import require_folders, split_folders

if TYPE_CHECKING:
    from volplugins.symbols_exchange.imports import Imported
    from volplugins.symbols_exchange.needed import Needs

_DONE, _FAULTS, _WRONG_USE = 0, 1, 2


def add_parser(subparsers: Any) -> None:
    """Add the command."""
    parser = subparsers.add_parser(
        "symbols",
        help="which PDBs dumps need and which are missing; a list to fetch them by, and the import of what comes back",
        description="Lists each PDB that the kernel modules of the dumps need, with how many dumps need it and whether "
        "its symbol table is at hand; and the image of each module whose PDB is not named in the dump, as in small "
        "dumps: the image names it. --list writes what is missing to a file for a machine with a network, "
        "--import takes what comes back into the folder where volatility3 looks. Nothing is fetched here.",
    )
    parser.add_argument(
        "inputs",
        metavar="DUMP",
        nargs="+",
        type=Path,
        help="crash dumps, folders of them, folders that triage or batch wrote, or a file that --list wrote",
    )
    parser.add_argument("-s", "--symbols", metavar="DIRS", default="", help="symbol folders, separated by ;, as vol -s")
    parser.add_argument("--user", action="store_true", help="modules of processes too")
    parser.add_argument(
        "--list",
        metavar="FILE",
        type=Path,
        action="append",
        default=[],
        help="write what is missing: JSON lines, or with the ending .txt a manifest as symchk /im takes it; repeatable",
    )
    parser.add_argument(
        "--import",
        dest="folders",
        metavar="FOLDER",
        type=Path,
        nargs="+",
        action="extend",
        default=[],
        help="take images and PDB files (bare, or a symbol store) and symbol tables (.json, .xz, .gz) below FOLDER "
        "into the first folder of -s, else into volatility3's folder of the user's own",
    )
    parser.add_argument(
        "--image-path", metavar="DIR", action="append", default=[], help="folder with image files; may be repeated"
    )


def run(args: argparse.Namespace) -> int:
    """Print a line per PDB and image; exit code 1 where an input or file is of no use, or a kernel's PDB not named."""
    from volplugins.symbols_exchange.inputs import gather
    from volplugins.vol.symbols.symbol_path import search_symbols

    wrong = _wrong_use(args)
    if wrong:
        print(f"volplugins: {wrong}", file=sys.stderr)
        return _WRONG_USE
    symbols = split_folders(args.symbols)
    require_folders("-s", symbols[1:] if args.folders else symbols)  # an import makes the first where it is missing
    require_folders("--image-path", args.image_path)
    search_symbols(symbols)
    needs = gather(args.inputs, symbols, args.user, args.image_path)
    search_symbols(symbols)
    images = _import_images(needs, args.folders, symbols)
    _find(needs)
    faults = len(needs.all_faults) + len(images.refused)
    for note in (*needs.notes, *needs.all_faults):
        print(f"# {note}")
    if args.folders:
        faults += _import(needs, args.folders, symbols, images)
    _show(needs)
    for path in args.list:
        _write(needs, path)
    return _FAULTS if faults else _DONE


def _wrong_use(args: argparse.Namespace) -> str:
    """What is wrong with the options; empty where nothing is."""
    for folder in args.folders:
        if not folder.is_dir():
            return f"--import {folder}: no such folder"
    for path in args.list:
        if path.exists():
            return f"--list {path}: exists already and is left alone; give another name"
        if not path.parent.is_dir():
            return f"--list {path}: no such folder"
    return ""


def _find(needs: Needs) -> None:
    """Note which tables are at hand."""
    from volplugins.vol.symbols.pdb_store import table_location
    from volplugins.vol.symbols.symbol_files import find_location

    for pdb in needs.pdbs.values():
        try:
            pdb.present = find_location(pdb.record) or table_location(pdb.record) or ""
        except (ValueError, NotImplementedError):  # a name that no path or identifier takes
            pdb.present = ""


def _place(symbols: list[str]) -> Path:
    from volplugins.vol.symbols.symbol_path import user_symbols

    return Path(symbols[0]).absolute() if symbols else user_symbols()


def _import_images(needs: Needs, folders: list[Path], symbols: list[str]) -> Imported:
    """Take images first: they name PDBs, which may have come back too."""
    from volplugins.symbols_exchange.image_imports import import_images

    return import_images(needs, folders, _place(symbols))


def _import(needs: Needs, folders: list[Path], symbols: list[str], images: Imported) -> int:
    """Take the rest of what came back; return how many files of it were refused."""
    from volplugins.symbols_exchange.imports import import_folders

    place = _place(symbols)
    found = import_folders(needs, folders, place)
    taken, refused = [*images.taken, *found.taken], [*images.refused, *found.refused]
    for line in taken:
        print(f"taken\t{line}")
    for line in refused:
        print(f"refused\t{line}")
    passed = images.passed + found.passed
    print(f"# {len(taken)} taken into {place}, {len(refused)} refused, {passed} that nothing needs")
    return len(found.refused)


def _show(needs: Needs) -> None:
    for pdb in needs.in_order():
        record, status = pdb.record, "present" if pdb.present else "missing"
        images = ",".join("".join(c if c.isprintable() else "?" for c in image) for image in pdb.images)
        print(f"{status}\t{pdb.dumps}\t{images}\t{record.pdb_name}\t{record.guid}\t{record.age}\t{record.symbol_path}")
    for needed in needs.images_in_order():
        image, status = needed.image, "present" if needed.present else "missing"
        line = f"{needed.dumps}\t{image.name}\t{image.timestamp:08X}\t{image.size:x}\t{image.store_path}"
        print(f"image\t{status}\t{line}")
    if needs.images:
        print(f"# {len(needs.images)} images needed, {len(needs.missing_images)} missing")
    print(f"# {len(needs.pdbs)} PDBs needed, {len(needs.missing)} missing")


def _write(needs: Needs, path: Path) -> None:
    from volplugins.symbols_exchange.lists import write_list

    print(f"# {write_list(path, needs.missing, needs.missing_images)} missing PDBs and images listed in {path}")
