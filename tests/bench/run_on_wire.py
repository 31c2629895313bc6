"""Runs one volatility3 plugin on a live machine as ``vol`` does, and counts what it touches: ``URL PLUGIN [OPTION…]``.

The last line is the number of structures: the places of virtual memory that were read, each once, however often; where
a read goes over several pages, each of them. Rows go to standard error. A program of its own: the machine must be left.
"""

from __future__ import annotations

import contextlib
import sys

import volatility3.cli

from volplugins.paging.address_space import AddressSpace

_PAGE = 0x1000
_touched: set[tuple[int, int]] = set()
_read = AddressSpace.read


def _counted(self: AddressSpace, address: int, size: int) -> bytes:
    end = address + max(size, 1)
    starts = [address, *range((address // _PAGE + 1) * _PAGE, end, _PAGE)]
    _touched.update((self.directory_table_base, start) for start in starts)
    return _read(self, address, size)


def main(url: str, plugin: str, *options: str) -> None:
    """Run it, and print what was touched."""
    AddressSpace.read = _counted  # type: ignore[method-assign]
    sys.argv = ["vol", "-q", "--offline", "-r", "jsonl", "-f", url, plugin, *options]
    with contextlib.redirect_stdout(sys.stderr), contextlib.suppress(SystemExit):
        volatility3.cli.main()
    print(len(_touched))


if __name__ == "__main__":
    main(*sys.argv[1:])
