"""The machine's distance from UTC in words."""

from __future__ import annotations

import pytest

from volplugins.report.local_time import local_time


@pytest.mark.parametrize(
    ("bias", "text"),
    [(-60, "UTC+1"), (300, "UTC-5"), (-330, "UTC+5:30"), (210, "UTC-3:30"), (0, "UTC"), (None, ""), ("60", ""),
     (True, ""), (9999, "")],
)  # fmt: skip
def test_words(bias: object, text: str) -> None:
    assert local_time(bias) == text
