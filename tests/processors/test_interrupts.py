"""Whether a processor had its interrupts off: one answer for all who ask."""

from __future__ import annotations

import pytest

from tests.processors.made_processors import Made
from volplugins.processors.block import ProcessorBlock, read_block
from volplugins.processors.interrupts import interrupts_off

PLACES = {64: (0x30, 0x44), 32: (0x0, 0xC0)}
FULL = {64: 0x10000B, 32: 0x10007}


def context(made: Made, kind: int, flags: int) -> None:
    at = made.prcbs[0] + made.layouts.processor.offset("ContextFrame")
    for place, value in zip(PLACES[made.bits], (kind, flags), strict=True):
        made.put(at + place, value, 4)


def block_of(made: Made) -> ProcessorBlock:
    source = made.source()
    return read_block(source, source.processors[0], made.waits.processor)


@pytest.mark.parametrize(("build", "bits"), [(2600, 32), (7601, 32), (7601, 64), (19041, 64)])
@pytest.mark.parametrize(
    ("kind", "flags", "off"),
    [
        (None, 0x46, True), (None, 0x246, False), (None, 0x44, False), (None, 0, False), (0, 0x46, False),
        (0x400007, 0x46, False), (0x100004, 0x46, False),
    ],
)  # fmt: skip
def test_flags_that_were_saved_say_it(build: int, bits: int, kind: int | None, flags: int, off: bool) -> None:
    """Without bit 1 these are no flags; a context of another kind, or without control registers, says nothing."""
    made = Made(build, bits)
    context(made, FULL[bits] if kind is None else kind, flags)
    assert interrupts_off(made.source(), made.prcbs[0]) is off
    assert not interrupts_off(made.source(stopped=False), made.prcbs[0])
    assert block_of(made).interrupts_off is off
