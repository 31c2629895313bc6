"""volatility3's substring matching of plugin names, held against volatility3's own parser."""

from __future__ import annotations

import argparse

import pytest
from volatility3.cli import volargparse

from volplugins.cli.plugin_names import Collision, broken_bare_words, collisions, matching

CORE = ["windows.vadinfo.VadInfo", "windows.pslist.PsList", "windows.psxview.PsXView", "windows.malware.pslist.Other"]


@pytest.mark.parametrize("typed", ["windows.vadinfo", "windows.pslist.PsList", "pslist", "PsList", "vad", "nothing"])
def test_matching_is_volatility3s(typed: str) -> None:
    parser = volargparse.HelpfulArgParser(exit_on_error=False)
    action = parser.add_subparsers(dest="plugin", action=volargparse.HelpfulSubparserAction)
    for name in CORE:
        action.add_parser(name)
    found = matching(typed, CORE)
    if len(found) == 1:
        assert parser.parse_args([typed]).plugin == found[0]
    else:
        with pytest.raises((argparse.ArgumentError, SystemExit)):
            parser.parse_args([typed])


def test_no_collision() -> None:
    assert not list(collisions(CORE, ["windows.kd.peb.Peb", "windows.kd.stacks.Stacks"]))


def test_ours_that_hides_theirs() -> None:
    ours = ["windows.vadinfo_pages.VadInfoPages"]
    assert list(collisions(CORE, ours)) == [
        Collision("windows.vadinfo", CORE[0], (CORE[0], ours[0])),
    ]


def test_ours_that_theirs_hides() -> None:
    assert [found.typed for found in collisions(["windows.kd.pebble.X"], ["windows.kd.peb.Peb"])] == ["windows.kd.peb"]


def test_ours_among_each_other() -> None:
    found = list(collisions([], ["windows.kd.process.Process", "windows.kd.processes.Processes"]))
    assert [(c.typed, c.name) for c in found] == [("windows.kd.process", "windows.kd.process.Process")]


def test_what_was_ambiguous_before_is_not_ours() -> None:
    assert not list(collisions(["a.b.X", "a.b.Y"], ["windows.kd.a.b.Z"]))


def test_bare_words() -> None:
    found = list(broken_bare_words(CORE, ["windows.kd.psxview.PsXView"]))
    assert [c.typed for c in found] == ["PsXView", "psxview"]
    assert not list(broken_bare_words(CORE, ["windows.kd.peb.Peb"]))
