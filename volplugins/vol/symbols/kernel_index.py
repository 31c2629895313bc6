"""Which kernel each symbol table at hand is of: kept as an index in volatility3's cache folder.

Unpacking every table to find one kernel's takes a tenth of a second for each. The index holds what was seen; an entry
counts as long as the table's file has the same size and time. The file's name ends in ``.cache``, so that
``vol --clear-cache`` removes it with volatility3's own. Where it cannot be written every run reads the tables.
"""

from __future__ import annotations

import logging
import lzma
import os
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path
from typing import Any
from urllib.parse import urlparse
from urllib.request import url2pathname

from volatility3.framework.constants.windows import KERNEL_MODULE_NAMES
from volatility3.framework.symbols import intermed

from volplugins.vol.layers.kept_json import place_of, read_kept, write_kept
from volplugins.vol.symbols import table_facts
from volplugins.vol.symbols.cache_folder import left_folder
from volplugins.vol.symbols.table_facts import ADDRESSES, STRUCTURES, TableFacts, facts_in

vollog = logging.getLogger(__name__)
_NAME, _FORM, _MEMBER = "volplugins-kernels.cache", 1, "tables"
_MOST_TABLES = 16384  # of one name: more kernels than Microsoft has published
_MOST_ENTRIES = 1 << 16  # of all names
_LARGEST_FILE, _LARGEST_TEXT = 1 << 27, 1 << 29  # of a packed table, and of its text
_STREAM = b"\xfd7zXZ\0"
_PIECE = 1 << 17  # bytes unpacked at a time
_THREADS = 4  # unpacking leaves the interpreter's lock
Stamp = tuple[int, int]  # size in bytes, time of change in nanoseconds
Entry = tuple[Stamp, TableFacts]
_seen: dict[str, Entry] = {}  # of this process: what could not be written is not read twice


def kernels_at_hand(trusting: bool = True) -> list[tuple[str, TableFacts]]:
    """URL and facts of every kernel's table in the symbol folders, first folders first.

    Args:
        trusting: take the index's word for tables that have not changed; without, every table is read again.
    """
    locations = list(dict.fromkeys(_locations()))
    stamps = {location: stamp_of(location) for location in locations}
    known = {**_stored(), **_seen} if trusting else {}
    found = {each: known[each][1] for each in locations if each in known and known[each][0] == stamps[each]}
    fresh = [location for location in locations if location not in found]
    read = _read_all(fresh)
    found |= read
    news = {each: (stamp, facts) for each, facts in read.items() if (stamp := stamps[each]) is not None}
    if news:
        _seen.update(news)
        _store(news)
    return [(location, found[location]) for location in locations if location in found]


def _locations() -> Iterator[str]:
    for name in dict.fromkeys((*KERNEL_MODULE_NAMES, "ntkrla57")):  # which volatility3 does not name
        urls: Iterable[str] = intermed.IntermediateSymbolTable.file_symbol_url("windows", f"{name}.pdb/*")
        yield from islice(urls, _MOST_TABLES)


def stamp_of(location: str) -> Stamp | None:
    """Size in bytes and time of change in ns of the file behind a URL; None where it cannot be told."""
    try:
        status = os.stat(url2pathname(urlparse(location).path))
    except (OSError, ValueError):
        return None
    return status.st_size, status.st_mtime_ns


def _read_all(locations: list[str]) -> dict[str, TableFacts]:
    if not locations:
        return {}
    with ThreadPoolExecutor(min(_THREADS, os.cpu_count() or 1)) as pool:
        facts = list(pool.map(read_facts, locations))
    # one that cannot be read is remembered too, as one that fits nothing
    return {each: found or TableFacts("", {}, {}) for each, found in zip(locations, facts, strict=True)}


def read_facts(location: str) -> TableFacts | None:
    """The facts of the table at a URL; None where it cannot be read.

    An .xz file is unpacked in pieces that the process keeps. A buffer for the whole text goes back to the system and is
    faulted in anew for every table: two thousand pages, a sixth of the time.
    """
    path = Path(url2pathname(urlparse(location).path))
    try:
        if urlparse(location).scheme == "file" and path.suffix == ".xz" and path.stat().st_size <= _LARGEST_FILE:
            return facts_in(_unpacked(path.read_bytes()))
    except (OSError, EOFError, lzma.LZMAError, ValueError):
        return None
    return table_facts.read_facts(location)


def _unpacked(data: bytes) -> bytes:
    """The text of .xz streams that follow each other; what follows the last is passed over, as lzma's files do.

    Raises:
        EOFError: it is cut short, or too large.
        LZMAError: it is not packed so.
    """
    pieces: list[bytes] = []
    left, stream = _LARGEST_TEXT, lzma.LZMADecompressor(lzma.FORMAT_XZ)
    while True:
        pieces.append(stream.decompress(data, min(_PIECE, left)))
        left -= len(pieces[-1])
        data = b""
        if stream.eof:
            data = stream.unused_data
            if not data.startswith(_STREAM):
                return b"".join(pieces)
            stream = lzma.LZMADecompressor(lzma.FORMAT_XZ)
        elif not left or (stream.needs_input and not pieces[-1]):
            raise EOFError("cut short, or too large")


def _stored() -> dict[str, Entry]:
    """The entries of the index, and of the user's own where this process keeps another cache (`volplugins batch`)."""
    users = left_folder()
    return {**(_entries(users / _NAME) if users is not None else {}), **_entries(place_of(_NAME))}


def _entries(place: Path) -> dict[str, Entry]:
    """The entries of an index; those that make no sense are left out, as is an index that cannot be read."""
    entries = ((each, _entry(value)) for each, value in read_kept(place, _FORM, _MEMBER).items())
    return {each: entry for each, entry in entries if entry is not None}


def _entry(value: Any) -> Entry | None:
    if not isinstance(value, list) or len(value) != 5:
        return None
    size, time, identity, addresses, sizes = value
    if type(size) is not int or type(time) is not int or not isinstance(identity, str):
        return None
    if not _numbers(addresses, ADDRESSES) or not _numbers(sizes, STRUCTURES):
        return None
    return (size, time), TableFacts(identity, addresses, sizes)


def _numbers(value: Any, names: tuple[str, ...]) -> bool:
    return isinstance(value, dict) and all(name in names and type(each) is int for name, each in value.items())


def _store(news: Mapping[str, Entry]) -> None:
    """Add to the index as it is now. Of two that write at once one's news may be lost: they are read again then."""
    entries = {each: entry for each, entry in _stored().items() if each in news or stamp_of(each) == entry[0]}
    entries |= news
    kept = dict(islice(reversed(entries.items()), _MOST_ENTRIES))
    tables = {
        each: [*stamp, facts.identity, dict(facts.addresses), dict(facts.sizes)]
        for each, (stamp, facts) in reversed(kept.items())
    }
    write_kept(place_of(_NAME), _FORM, _MEMBER, tables)
