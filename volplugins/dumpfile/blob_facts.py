"""What tagged blobs say, as far as their layout is public: facts by field, in the order of the blob."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from volplugins.dumpfile.blob_texts import text_facts
from volplugins.dumpfile.boot_status import boot_status_facts
from volplugins.dumpfile.fact import Fact
from volplugins.dumpfile.registry_values import registry_facts
from volplugins.dumpfile.secondary_data import Blob
from volplugins.dumpfile.secondary_tags import (
    BLACK_BOX,
    BOOT_STATUS,
    PROCESSOR,
    RECORDER,
    SMBIOS,
    WDF_DRIVERS,
    WDF_LOG,
    Tag,
    tag_of,
)
from volplugins.dumpfile.smbios import smbios_facts
from volplugins.dumpfile.source import ByteSource
from volplugins.dumpfile.wdf_blobs import driver_facts, log_facts, recorder_facts

MOST_BYTES = 1 << 20  # of one blob: the largest that are decoded have a few kilobytes in real dumps
MOST_FACTS = 256  # of one blob: more drivers than any machine has framework drivers


@dataclass(frozen=True, slots=True)
class BlobFacts:
    """A blob with its name, and what it says; ``cut``: facts that were left out, or bytes that were not looked at."""

    tag: Tag
    facts: tuple[Fact, ...]
    cut: str


def facts_of(source: ByteSource, blob: Blob, bits: int) -> BlobFacts:
    """What ``blob`` says.

    Args:
        source: the dump file.
        blob: the blob.
        bits: of the machine, 32 or 64.
    """
    data = source.read(blob.offset, min(blob.size, MOST_BYTES))
    tag = tag_of(blob.tag, data)
    facts: list[Fact] = []
    cut = ""
    decode = _decoder(tag)
    for fact in decode(data, bits) if decode is not None else ():
        if len(facts) == MOST_FACTS:
            cut = f"more than {MOST_FACTS} rows; the rest is left out"
            break
        facts.append(fact)
    if decode is not None and blob.size > MOST_BYTES and len(data) == MOST_BYTES:
        cut = f"the first {MOST_BYTES} bytes of {blob.size} were looked at"
    return BlobFacts(tag, tuple(facts), cut)


_Decoder = Callable[[bytes, int], Iterator[Fact]]
_DECODERS: dict[str, _Decoder] = {
    WDF_LOG: log_facts,
    WDF_DRIVERS: driver_facts,
    RECORDER: recorder_facts,
    SMBIOS: smbios_facts,
    PROCESSOR: registry_facts,
    BOOT_STATUS: boot_status_facts,
}


def _decoder(tag: Tag) -> _Decoder | None:
    if tag.name in _DECODERS:
        return _DECODERS[tag.name]
    return text_facts if tag.name.startswith(BLACK_BOX) else None
