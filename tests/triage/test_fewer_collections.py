"""What a run sets for Python's collector is undone at its end, whatever happened."""

from __future__ import annotations

import gc

import pytest

from volplugins.triage.fewer_collections import fewer_collections


def test_it_ends_with_the_run() -> None:
    before = gc.get_threshold()
    with pytest.raises(KeyError), fewer_collections():
        assert all(now >= each for now, each in zip(gc.get_threshold(), before, strict=True))
        assert gc.get_threshold()[0] >= 50_000
        raise KeyError
    assert gc.get_threshold() == before


def test_one_that_is_off_stays_off() -> None:
    before = gc.get_threshold()
    try:
        gc.set_threshold(0)
        with fewer_collections():
            assert gc.get_threshold()[0] == 0
        assert gc.get_threshold()[0] == 0
    finally:
        gc.set_threshold(*before)
