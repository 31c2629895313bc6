"""What a dump needs, by the dump itself."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from volplugins.symbols_exchange.found import Found, add_found
from volplugins.symbols_exchange.needed import Needs, record_of, usable
from volplugins.vol.commands.lm.rows import Wanted as WantedModules
from volplugins.vol.commands.lm.rows import lm_rows
from volplugins.vol.scene.crash_scene import debug_record, scene_below
from volplugins.vol.scene.kernel_pdb import HEADER_ADDRESSES, kernel_pdb, why_unnamed
from volplugins.vol.scene.session import open_file
from volplugins.vol.symbols.image_facts import DEFERRED
from volplugins.vol.symbols.image_path import image_file_in
from volplugins.vol.symbols.store_images import lacks_record

if TYPE_CHECKING:
    from volplugins.bugcheck.scene.crash_scene import CrashScene


def add_dump(needs: Needs, path: Path, folders: Sequence[str], user: bool, image_path: Sequence[str]) -> None:
    """The dump's kernel modules and, with ``user``, those of its processes.

    Raises:
        DumpError, OSError: it cannot be opened.
    """
    context, layer = open_file(path, folders)
    image_file = image_file_in(image_path)
    scene = scene_below(context, layer, image_file)
    found = Found()
    for module in scene.modules:
        record = debug_record(scene.memory, module)
        if record is not None:
            found.wanted.append((record, module.image_name, module.is_kernel))
        elif module is not scene.modules.kernel and lacks_record(scene.memory, module.base):
            found.lacks(module.image_name, module.timestamp, module.size)
    _add_kernel(needs, path, scene, found)
    for row in lm_rows(scene, WantedModules(), image_file=image_file) if user else ():
        record = record_of(row.pdb, row.guid_age)
        if record is not None:
            found.wanted.append((record, row.module, False))
        elif row.status == DEFERRED and row.start is not None and row.end is not None:
            found.lacks(row.module, row.timestamp, row.end - row.start)
    add_found(needs, path, found)


def _add_kernel(needs: Needs, path: Path, scene: CrashScene, found: Found) -> None:
    """The kernel where its debug record is not in the dump."""
    kernel = scene.modules.kernel
    if kernel is None:
        needs.unnamed.append((f"{path}: the kernel's image is not known; its PDB cannot be named", None))
        return
    if debug_record(scene.memory, kernel) is not None:
        return
    image = found.lacks(kernel.image_name, kernel.timestamp, kernel.size)
    pdb = kernel_pdb(scene)
    if pdb is None:
        why = why_unnamed(scene, kernel)
        needs.unnamed.append((f"{path}: {why}; its PDB cannot be named without its image", image))
    elif usable(pdb.record):
        found.known = image
        if pdb.recognised == HEADER_ADDRESSES:
            found.wanted.insert(0, (pdb.record, kernel.image_name, True))
            known = f"{pdb.record.pdb_name} {pdb.record.guid_age}"
            why = "by the addresses of header and KDBG: other updates may have the same"
            needs.notes.append(f"{path}: kernel {known} {why}")
