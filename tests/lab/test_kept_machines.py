"""Machines that are made once: copies are equal, and a change of one is none of the next."""

from __future__ import annotations

from tests.kept_machines import Build, keeping
from volplugins.lab.machine.snapshot import Snapshot
from volplugins.lab.machines.catalogue import build


def counted(calls: list[tuple[object, ...]], room: int) -> Build:
    def make(*arguments: object, **named: object) -> Snapshot:
        calls.append((arguments, named))
        return build.__wrapped__(*arguments, **named)  # type: ignore[attr-defined, no-any-return]

    return keeping(make, room)


def test_made_once_and_equal() -> None:
    calls: list[tuple[object, ...]] = []
    make = counted(calls, 1 << 30)
    first, second = make("xp-x86"), make("xp-x86")
    assert len(calls) == 1 and first == second and first is not second
    first.truth.clear()
    second.pages.clear()
    third = make("xp-x86")
    assert third == build("xp-x86") and third.truth and third.pages


def test_what_does_not_fit_is_made_again() -> None:
    calls: list[tuple[object, ...]] = []
    make = counted(calls, 1 << 10)
    assert make("xp-x86") == make("xp-x86")
    assert len(calls) == 2
