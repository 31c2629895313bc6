"""Which of many kernels' tables is a dump's, by three addresses: with the index, without, and one after another."""

from __future__ import annotations

import hashlib
import json
import lzma
import shutil
import statistics
from collections.abc import Iterator
from pathlib import Path

from tests.bench.figures import Figures, Unit
from tests.bench.measure import RUNS, timed
from tests.vol.many_tables import changed, expected_of

_TABLES = 213
_SYMBOLS = 40_000  # as many as a real kernel's table has
_FIRST_RUNS = 3  # each unpacks every table
_START = """
import json, sys, time
import volatility3.symbols
from volatility3.framework import constants
constants.CACHE_PATH, constants.OFFLINE = sys.argv[1], True
volatility3.symbols.__path__ = [sys.argv[2]]
expected, sizes = json.loads(sys.argv[3])
from volplugins.vol.symbols.kernel_choice import Evidence, choose, recognised
evidence = Evidence(expected, sizes)
start = time.perf_counter()
"""
_END = """
took = time.perf_counter() - start
if sys.argv[4] not in str(found):
    sys.exit(f"symbol-index: {found} recognised")
print(took)
"""
_RECOGNISED = f"{_START}found = recognised(evidence){_END}"
_LOADED = f"{_START}found = choose(evidence).symbols.identity{_END}"
# what is needed without an index: unpack, and look for one of the addresses in the text
_ONE_BY_ONE = f"""{_START}
import re
from volatility3.framework.layers import resources
from volatility3.framework.symbols import intermed
found = []
for each in intermed.IntermediateSymbolTable.file_symbol_url("windows", "ntkrnlmp.pdb/*"):
    with resources.ResourceAccessor().open(each) as file:
        seen = re.search(rb'"PsLoadedModuleList"\\s*:\\s*\\{{[^{{}}]*?"address"\\s*:\\s*(\\d+)', file.read())
    if seen and int(seen[1]) == expected["PsLoadedModuleList"]:
        found.append(each)
{_END}"""


def _measure(folder: Path, figures: Figures) -> None:
    """Print the time of a further run, of the first one, and of a further one with the table's loading."""
    symbols, cache = folder / "tables", folder / "index-cache"
    wanted = _TABLES // 2
    for number, data in _tables():
        path = symbols / "windows" / "ntkrnlmp.pdb" / f"{number:032X}-1.json.xz"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    arguments = (str(cache), str(symbols), json.dumps(expected_of(changed(wanted))), f"{wanted:032X}")
    pairs = []
    for _ in range(_FIRST_RUNS):
        shutil.rmtree(cache, ignore_errors=True)
        pairs.append((timed(_RECOGNISED, *arguments), timed(_ONE_BY_ONE, *arguments)))
    first, before = (statistics.median(side) for side in zip(*pairs, strict=True))
    further, loaded = (
        statistics.median(timed(program, *arguments) for _ in range(RUNS)) for program in (_RECOGNISED, _LOADED)
    )
    figures.report("symbol-index", further, "s", "first run", first / further)
    figures.report("symbol-index-first", first, "s", "one after another", before / first)
    figures.report("symbol-index-loaded", loaded, "s", "first run", first / loaded)
    shutil.rmtree(symbols)


def _tables() -> Iterator[tuple[int, bytes]]:
    """Number and file of each table: its own part and the part that all share, each packed by itself."""
    names = (hashlib.sha256(str(number).encode()).hexdigest()[:16] for number in range(_SYMBOLS))
    more = {f"Function{name}": {"address": 0x1000 + 48 * at} for at, name in enumerate(names)}
    shared = lzma.compress(f"{json.dumps(more)[1:-1]}}}}}".encode())
    for number in range(_TABLES):
        table = changed(number)
        symbols = table.pop("symbols")
        own = f'{json.dumps(table)[:-1]}, "symbols": {json.dumps(symbols)[:-1]}, '
        yield number, lzma.compress(own.encode(), preset=1) + shared


UNITS = (Unit(("symbol-index", "symbol-index-first", "symbol-index-loaded"), 120, _measure),)
