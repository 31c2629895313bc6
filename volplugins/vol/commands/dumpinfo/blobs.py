"""Rows of windows.kd.dumpinfo about tagged blobs, and the files that they are saved as."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any
from uuid import UUID

from volplugins.dumpfile.blob_facts import facts_of
from volplugins.vol.commands.dumpinfo.row import DumpinfoRow
from volplugins.vol.output.private_files import private_files
from volplugins.vol.output.rows import NOT_AVAILABLE, utc

if TYPE_CHECKING:
    from volplugins.dumpfile.fact import Fact
    from volplugins.dumpfile.secondary_data import Blob, SecondaryData

Opener = Callable[[str], Any]  # volatility3's ``plugin.open``: a file handler by name
_PIECE = 1 << 20


def blob_rows(secondary: SecondaryData, bits: int) -> Iterator[DumpinfoRow]:
    """A row for each blob (its tag, what it is, where), then what they say."""
    said: list[DumpinfoRow] = []
    for number, blob in enumerate(secondary.blobs):
        found = facts_of(secondary.source, blob, bits)
        name = f"{found.tag.name} ({found.tag.source})" if found.tag.source else found.tag.name
        where = f"{blob.size} bytes at file offset {blob.offset:#x}"
        yield DumpinfoRow("secondary", str(number), f"{{{blob.tag}}}", f"{name}; {where}")
        said.extend(_row(number, found.tag.name, fact) for fact in found.facts)
        if found.cut:
            said.append(DumpinfoRow("blackbox", f"{number} cut", NOT_AVAILABLE, found.cut))
    yield from said


def _row(number: int, name: str, fact: Fact) -> DumpinfoRow:
    if fact.filetime is not None:
        time = utc(fact.filetime)
        if isinstance(time, str):
            return DumpinfoRow("blackbox", f"{number} {fact.field}", time, f"{name}; {fact.note} {fact.value}")
    note = f"{name}; {fact.note}" if fact.note else name
    return DumpinfoRow("blackbox", f"{number} {fact.field}", fact.value, note)


def saved_rows(secondary: SecondaryData | None, wanted: Sequence[str], opener: Opener) -> Iterator[DumpinfoRow]:
    """Write each blob whose tag is wanted, or whose number is; a row for each file, and for each wish without one."""
    blobs = secondary.blobs if secondary is not None else ()
    for wish in wanted:
        found = [(number, blob) for number, blob in enumerate(blobs) if _is_meant(wish, number, blob)]
        for number, blob in found:
            assert secondary is not None  # its blobs are
            yield _saved(secondary, number, blob, opener)
        if not found:
            reason = "no blob has this tag or number" if _tag(wish) or wish.isdigit() else "neither a GUID nor a number"
            yield DumpinfoRow("secondary", "error", NOT_AVAILABLE, f"--save {wish}: {reason}")


def _is_meant(wish: str, number: int, blob: Blob) -> bool:
    return _tag(wish) == blob.tag or wish == str(number)


def _tag(wish: str) -> UUID | None:
    try:
        return UUID(wish)
    except ValueError:
        return None


def _saved(secondary: SecondaryData, number: int, blob: Blob, opener: Opener) -> DumpinfoRow:
    """Write one blob piece by piece; volatility3 gives a second file of the same name another one."""
    name, written = f"{blob.tag}.bin", 0
    try:
        with private_files(), opener(name) as file:
            while written < blob.size:
                data = secondary.source.read(blob.offset + written, min(_PIECE, blob.size - written))
                if not data:
                    break
                file.write(data)
                written += len(data)
    except OSError as error:
        return DumpinfoRow("secondary", "error", NOT_AVAILABLE, f"{name}: {error.strerror or error}")
    cut = f"; the file ends inside it: {blob.size - written} bytes are missing" if written < blob.size else ""
    return DumpinfoRow("secondary", f"{number} saved", str(file.preferred_filename), f"{written} bytes{cut}")
