"""A dump header as bytes, in the layouts of `header_fields`; what is not known keeps the filler, as with Windows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from volplugins.dumpfile.context import RegisterContext
from volplugins.dumpfile.exception_record import ExceptionRecord
from volplugins.dumpfile.header_fields import (
    FILLER,
    HEADER32,
    HEADER64,
    PHYSICAL_MEMORY_SIZE,
    FieldLayout,
    HeaderLayout,
    Kind,
)
from volplugins.dumpwriter.context_writer import encode_context, encode_exception

_VALID = {64: b"DU64", 32: b"DUMP"}


@dataclass(frozen=True, slots=True)
class HeaderFacts:
    """What a header is to say.

    Attributes:
        bits: 32 or 64.
        fields: numbers and texts by Microsoft's name of the field; those left out keep the filler.
        context, exception: the records; None where nothing is known.
    """

    bits: int
    fields: Mapping[str, int | str]
    context: RegisterContext | None = None
    exception: ExceptionRecord | None = None

    @property
    def layout(self) -> HeaderLayout:
        """Where things are in this header."""
        return HEADER64 if self.bits == 64 else HEADER32


def runs_that_fit(bits: int) -> int:
    """How many runs of memory the header has room for: 42 on 64-bit machines, 86 on 32-bit ones."""
    width = bits // 8
    return (PHYSICAL_MEMORY_SIZE - 2 * width) // (2 * width)


def header_bytes(facts: HeaderFacts, dump_type: int, space: int, runs: Sequence[tuple[int, int]], pages: int) -> bytes:
    """The header.

    Args:
        dump_type: DumpType.
        space: RequiredDumpSpace, the size of the whole file in bytes.
        runs: (first PFN, page count), no more than ``runs_that_fit``; without any the block keeps its filler.
        pages: NumberOfPages; larger than the sum of ``runs`` where the header has no room for all.

    Raises:
        ValueError: there are more runs than fit, or the context is of a machine that is not known.
    """
    layout = facts.layout
    data = bytearray(FILLER * (layout.size // len(FILLER)))
    data[4:8] = _VALID[facts.bits]
    values = {**facts.fields, "DumpType": dump_type, "RequiredDumpSpace": space}
    for field in layout.fields:
        if field.name in values and field.name not in ("Signature", "ValidDump"):
            data[field.offset : field.offset + field.size] = _encoded(field, values[field.name])
    if facts.context is not None:
        _put(data, layout.context, layout.context_size, encode_context(facts.context))
    if facts.exception is not None:
        _put(data, layout.exception, layout.exception_size, encode_exception(facts.exception, facts.bits))
    if runs:
        _put_runs(data, facts.bits, layout.physical_memory, runs, pages)
    return bytes(data)


def _encoded(field: FieldLayout, value: int | str) -> bytes:
    """A number as it is, cut to the field; a text with its NUL, the rest zeros."""
    if field.kind is Kind.TEXT:
        return str(value).encode("latin-1", "replace")[: field.size - 1].ljust(field.size, b"\0")
    return (int(value) & ((1 << 8 * field.size) - 1)).to_bytes(field.size, "little")


def _put(data: bytearray, at: int, room: int, content: bytes) -> None:
    data[at : at + min(room, len(content))] = content[:room]


def _put_runs(data: bytearray, bits: int, at: int, runs: Sequence[tuple[int, int]], pages: int) -> None:
    if len(runs) > runs_that_fit(bits):
        raise ValueError(f"{len(runs)} runs, and the header has room for {runs_that_fit(bits)}")
    width = bits // 8
    most = (1 << 8 * width) - 1
    words = [min(word, most) for word in (len(runs), pages, *(number for run in runs for number in run))]
    _put(data, at, PHYSICAL_MEMORY_SIZE, b"".join(word.to_bytes(width, "little") for word in words))
