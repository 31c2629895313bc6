"""Pool headers by their tags, in a piece of physical memory.

Source: ``_POOL_HEADER`` of the public symbols: the tag is the second four bytes of a header, which stands at a multiple
of its own size (8 bytes, 16 on x64), from Windows XP to 11.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

_WORD = 4  # bytes: a tag, and what precedes it in the header


def tagged_headers(data: bytes, tags: Sequence[bytes], width: int) -> list[int]:
    """Offsets of the headers in ``data`` that have one of these tags, ascending.

    Args:
        data: of memory that begins at a page.
        tags: of four bytes each.
        width: bytes of a pointer, 4 or 8.
    """
    stride = 2 * width
    whole = len(data) // stride * stride
    # what lies between the tags is left out first: each comparison then reads a quarter, or half, of the memory
    words = np.ascontiguousarray(np.frombuffer(data, "<u4", whole // _WORD)[1 :: stride // _WORD])
    hits = np.zeros(len(words), bool)
    for tag in tags:
        hits |= words == int.from_bytes(tag, "little")
    found: list[int] = (np.flatnonzero(hits) * stride).tolist()
    return found
