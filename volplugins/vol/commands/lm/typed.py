"""Rows of windows.kd.lm about addresses that were typed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from volplugins.memory.address_text import parse_address
from volplugins.vol.commands.lm.row import LmRow, failure_row
from volplugins.vol.commands.lm.rows import Wanted, lm_rows

if TYPE_CHECKING:
    from volplugins.vol.commands.shell import Request


def typed_rows(request: Request, wanted: Wanted) -> Iterator[LmRow]:
    """The modules wanted, of those that hold an address of --addr where it is given; a row for each that is none.

    Raises:
        DumpError, WrongUse: as ``Request.scene`` and ``Request.images``.
    """
    addresses = request.texts("addr")
    found = [parse_address(text) for text in addresses]
    wrong = [text for text, value in zip(addresses, found, strict=True) if value is None]
    for text in wrong:
        yield failure_row(f"{text}: no address")
    if addresses and len(wrong) == len(addresses):
        return
    wanted = replace(wanted, addresses=[value for value in found if value is not None])
    yield from lm_rows(request.scene(), wanted, request.progress, request.images())
