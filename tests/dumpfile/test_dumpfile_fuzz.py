"""Damaged dumps of every type: named errors or partial results, in bounded time and memory."""

import random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mutations import HOSTILE, PLACES, SEEDS, check_bounds, damaged, open_and_use

EDITS = st.sampled_from(sorted(SEEDS)).flatmap(
    lambda name: st.tuples(
        st.just(name),
        st.lists(st.tuples(st.sampled_from(PLACES[name]), st.sampled_from(HOSTILE)), max_size=5),
        st.integers(0, len(SEEDS[name])),
    )
)


def edited(name: str, edits: list[tuple[tuple[int, int], int]], length: int) -> bytes:
    data = bytearray(SEEDS[name])
    for (offset, width), value in edits:
        data[offset : offset + width] = (value & (1 << 8 * width) - 1).to_bytes(width, "little")
    return bytes(data[:length]) if length > 8 else bytes(data)


@pytest.mark.parametrize("name", SEEDS)
def test_seeds_are_whole(name: str) -> None:
    dump = open_and_use(SEEDS[name])
    assert dump is not None
    assert [note for note in dump.notes if note.severity == "fault"] == []


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(EDITS)
def test_damage(case: tuple[str, list[tuple[tuple[int, int], int]], int]) -> None:
    check_bounds(edited(*case))


@settings(max_examples=100, deadline=None)
@given(st.sampled_from([b"PAGEDU64", b"PAGEDUMP", b""]), st.binary(max_size=0x3000))
def test_any_bytes(magic: bytes, rest: bytes) -> None:
    open_and_use(magic + rest)


@pytest.mark.parametrize("name", SEEDS)
def test_damage_at_random(name: str) -> None:
    chance = random.Random(name)
    for _ in range(30):
        open_and_use(damaged(name, chance))


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize("name", SEEDS)
def test_damage_in_the_long_run(name: str, seed: int) -> None:
    """14 files x 10 x 200: 28,000 damaged dumps."""
    chance = random.Random(f"{name}-{seed}")
    for number in range(200):
        data = damaged(name, chance)
        if number % 10:
            open_and_use(data)
        else:
            check_bounds(data)


@pytest.mark.slow
@settings(max_examples=3000, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(EDITS)
def test_damage_in_the_long_run_by_hypothesis(case: tuple[str, list[tuple[tuple[int, int], int]], int]) -> None:
    check_bounds(edited(*case))
