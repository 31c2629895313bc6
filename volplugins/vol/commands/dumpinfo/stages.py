"""The stages of windows.kd.dumpinfo: what memory says, and files, are extras whose loss costs themselves alone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from volplugins.vol.commands.dumpinfo.blobs import saved_rows
from volplugins.vol.commands.dumpinfo.row import DUMPINFO, DumpinfoRow
from volplugins.vol.commands.dumpinfo.rows import dumpinfo_rows
from volplugins.vol.scene.shared_work import fault_text

if TYPE_CHECKING:
    from volplugins.vol.commands.shell import Request


def staged_rows(request: Request) -> Iterator[DumpinfoRow]:
    """The rows of the target, then those of the files that --save asks for.

    Raises:
        DumpError: the file is no target.
    """
    target = request.target()
    scene, fault = None, ""
    try:
        scene = request.scene()
    except Exception as error:  # what memory says is an extra here: its loss is a row
        fault = fault_text(error)
    yield from dumpinfo_rows(target, scene, request.layers())
    if fault:
        yield DUMPINFO.failure(fault)._replace(group="crosscheck")
    save = request.texts("save")
    if save:
        yield from saved_rows(target.dump.secondary if target.dump is not None else None, save, request.open)
