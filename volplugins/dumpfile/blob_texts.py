"""Texts in a black box whose layout is not public: paths, device names, what the writer was about."""

from __future__ import annotations

import re
from collections.abc import Iterator

from volplugins.dumpfile.fact import Fact

_TEXT = re.compile(rb"(?:[\x20-\x7e]\x00){4,}")  # printable, in UTF-16
_NOTE = "UTF-16 text in it; the layout is not public"


def text_facts(data: bytes, bits: int) -> Iterator[Fact]:
    """Every UTF-16 text of four characters and more, with its offset in the blob."""
    for found in _TEXT.finditer(data):
        yield Fact("text", found.group().decode("utf-16-le"), f"at {found.start():#x}; {_NOTE}")
