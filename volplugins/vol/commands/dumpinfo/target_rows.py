"""The group ``target`` of windows.kd.dumpinfo: what is looked at, where its kernel is, and how each was found."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from volplugins.dumpfile.header import MACHINES
from volplugins.vol.commands.dumpinfo.row import DumpinfoRow
from volplugins.vol.output.rows import NOT_AVAILABLE, Cell
from volplugins.vol.scene.kernel_revision import revision_of

if TYPE_CHECKING:
    from volplugins.bugcheck.scene.crash_scene import CrashScene
    from volplugins.target.target import Target


def target_rows(target: Target, scene: CrashScene | None, layers: str = "") -> Iterator[DumpinfoRow]:
    """The rows; what was found on the way to the kernel comes last, in the order of the search.

    Args:
        layers: names of volatility3's layers, top to bottom; without them the container's format alone is shown.
    """
    known = {"Kind", "Format", "KernelBase", "DirectoryTableBase", "Machine", "Build"}
    machine = MACHINES.get(target.machine, f"machine {target.machine:#x}")
    for field, value, how in (
        ("Kind", target.kind.value, target.how("Kind")),
        ("Format", layers or target.format, f"{target.format}: {target.how('Format')}"),
        ("KernelBase", *_kernel_base(target, scene)),
        ("DirectoryTableBase", *_directory(target, scene)),
        ("Machine", machine, target.how("Machine")),
        ("Build", str(target.build) if target.build else NOT_AVAILABLE, target.how("Build")),
    ):
        yield DumpinfoRow("target", field, value, how)
    revision = revision_of(scene) if scene is not None else None
    if revision is not None:
        yield DumpinfoRow("target", "Revision", revision.text, revision.how)
    for fact in target.facts:
        if fact.name not in known:
            yield DumpinfoRow("target", fact.name, fact.value, fact.how)


def _kernel_base(target: Target, scene: CrashScene | None) -> tuple[Cell, str]:
    if target.kernel_base:
        return f"{target.kernel_base:#x}", target.how("KernelBase")
    kernel = scene.modules.kernel if scene is not None else None
    if kernel is None:
        return NOT_AVAILABLE, "no list of modules leads to the kernel's image"
    return f"{kernel.base:#x}", f"{kernel.image_name} in the list of modules"


def _directory(target: Target, scene: CrashScene | None) -> tuple[Cell, str]:
    space = scene.space if scene is not None else None
    if space is not None:
        return f"{space.space.directory_table_base:#x}", f"{space.source}; {space.evidence}"
    if target.directory_table_base:
        return f"{target.directory_table_base:#x}", f"{target.directory_source}; nothing was read through it"
    return NOT_AVAILABLE, "nothing says it"
