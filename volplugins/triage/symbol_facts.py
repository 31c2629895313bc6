"""The summary's symbols: the kernel's PDB, PDBs that are missing, and images that would name more of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from volplugins.vol.scene.kernel_pdb import KernelPdb, kernel_pdb, module_record
from volplugins.vol.symbols.store_images import image_of, lacks_record
from volplugins.vol.symbols.symbol_files import is_there

if TYPE_CHECKING:
    from volplugins.bugcheck.scene.crash_scene import CrashScene
    from volplugins.image.debug_record import DebugRecord

_MOST_MODULES = 4096
Facts = dict[str, Any]


def symbols_of(scene: CrashScene | None) -> Facts:
    """Identity of the kernel's PDB and how it was recognised; what no symbol or image folder has."""
    if scene is None:
        return {"kernel": None, "missing": [], "images": []}
    kernel = kernel_pdb(scene)
    missing, images = _others(scene)
    if kernel is not None and not kernel.used:
        missing = [_missing(kernel.record), *missing]
    return {"kernel": _of_kernel(kernel), "missing": missing, "images": images}


def _others(scene: CrashScene) -> tuple[list[Facts], list[Facts]]:
    """PDBs of other modules that are missing, and images, the kernel's too, of modules whose PDB nothing names."""
    missing, images = [], []
    for _, module in zip(range(_MOST_MODULES), scene.modules, strict=False):
        record, _ = module_record(scene, module)
        is_kernel = module is scene.modules.kernel
        if record is not None and not is_kernel and not is_there(record):
            missing.append(_missing(record))
        image = image_of(module.image_name, module.timestamp, module.size)
        if record is None and image is not None and lacks_record(scene.memory, module.base):
            images.append({"image": image.name, "path": image.store_path, "kernel": is_kernel})
    return missing, images


def _of_kernel(pdb: KernelPdb | None) -> Facts | None:
    return _identity(pdb.record) | {"recognised": pdb.recognised, "used": pdb.used} if pdb is not None else None


def _identity(record: DebugRecord) -> Facts:
    return {"pdb": record.pdb_name, "guid": record.guid, "age": record.age}


def _missing(record: DebugRecord) -> Facts:
    return _identity(record) | {"path": record.symbol_path}
