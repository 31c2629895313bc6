"""Runs one volatility3 plugin as ``vol`` does, and counts what it touches: ``URL PLUGIN [OPTION…]``.

It prints two numbers, structures and page tables: the places of virtual memory that were read, each once, however
often, and every page of them; the pages of page tables that were looked into, each once. Rows go to standard error, as
JSON lines. A program of its own: a live machine must be left.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable
from typing import Any

import volatility3.cli

from volplugins.dumpfile.physical_memory import PhysicalMemory
from volplugins.kernel.directories import ranged_tables, verdict
from volplugins.kernel.directories.top import Top
from volplugins.paging.address_space import AddressSpace
from volplugins.paging.mode import PagingMode
from volplugins.vol.scene import directory_verdicts

_PAGE = 0x1000
_places: set[tuple[int, int]] = set()
_tables: set[int] = set()


def _before(owner: Any, name: str, note: Callable[..., None]) -> None:
    """Have ``note`` see the arguments of every call."""
    kept = getattr(owner, name)

    def called(*arguments: Any, **named: Any) -> Any:
        note(*arguments)
        return kept(*arguments, **named)

    setattr(owner, name, called)


def _read(space: AddressSpace, address: int, size: int) -> None:
    starts = [address, *range((address // _PAGE + 1) * _PAGE, address + max(size, 1), _PAGE)]
    _places.update((space.directory_table_base, start) for start in starts)


def _after(owner: Any, name: str, note: Callable[..., None]) -> None:
    """Have ``note`` see what every call gives."""
    kept = getattr(owner, name)

    def called(*arguments: Any) -> Any:
        given = kept(*arguments)
        note(given)
        return given

    setattr(owner, name, called)


def _top(top: Top | None) -> None:
    if top is not None:
        _tables.add(top.physical // _PAGE)
        if top.mode is PagingMode.PAE:  # the four directories belong to it
            _tables.update(int(pointer) >> 12 & 0xFFFFFFFFFF for pointer in top.entries if int(pointer) & 1)


def main(url: str, plugin: str, *options: str) -> None:
    """Run it, and print what was touched."""
    _before(AddressSpace, "read", _read)
    _before(AddressSpace, "_entry", lambda _space, where: _tables.add(where // _PAGE))
    for pages in (PhysicalMemory, ranged_tables.RangedTables):
        _before(pages, "read_pages", lambda _pages, frames: _tables.update(frames.tolist()))
    for room in (verdict, directory_verdicts):
        _after(room, "read_top", _top)
    sys.argv = ["vol", "-q", "--offline", "-r", "jsonl", "-f", url, plugin, *options]
    with contextlib.redirect_stdout(sys.stderr), contextlib.suppress(SystemExit):
        volatility3.cli.main()
    print(len(_places), len(_tables))


if __name__ == "__main__":
    main(*sys.argv[1:])
