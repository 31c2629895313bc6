"""Pool headers by their tags: the same places as a plain search finds, for both widths and every kind of length."""

from __future__ import annotations

import random

import pytest

from volplugins.kernel.pool_headers import tagged_headers

TAGS = (b"Proc", b"Pro\xe3", b"Dri\xf6")


@pytest.mark.parametrize("width", [4, 8])
def test_as_a_plain_search_finds_them(width: int) -> None:
    chance = random.Random(width)
    for size in (0, 3, 15, 16, 4096, 4100, 8191):
        data = bytearray(chance.randbytes(size))
        for _ in range(size // 40):
            at = chance.randrange(max(size - 4, 1))
            data[at : at + 4] = chance.choice(TAGS)
        data = data[:size]
        plain = [
            at for at in range(0, size // (2 * width) * 2 * width, 2 * width) if bytes(data[at + 4 : at + 8]) in TAGS
        ]
        assert tagged_headers(bytes(data), TAGS, width) == plain
    assert plain


def test_no_tags() -> None:
    assert tagged_headers(bytes(4096), (), 8) == []
