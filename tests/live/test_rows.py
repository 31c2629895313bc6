"""The same machine on the wire and as a file gives the same rows, of every plugin, on good lines and bad ones."""

from __future__ import annotations

from itertools import product
from pathlib import Path

import pytest

from tests.live.rows import attached, file_target, rows_of
from tests.live.serving import serving
from tests.sampling import sampled
from volplugins.lab.machines.catalogue import MACHINES
from volplugins.target.target import TargetKind

BAD_LINE = ("--lose", "1", "--double", "1", "--damage", "1")


@pytest.mark.parametrize(
    ("scan", "fault", "machine"), sampled(product((False, True), ("none", "notmyfault"), MACHINES), 5)
)
def test_the_wire_gives_the_rows_of_the_file(scan: bool, fault: str, machine: str, tmp_path: Path) -> None:
    expected = rows_of(file_target(machine, fault, tmp_path), scan)
    with serving("--machine", machine, "--fault", fault) as served, attached(served.url) as live:
        assert live.target.kind is TargetKind.LIVE
        found = rows_of(live.target, scan)
    for name, rows in expected.items():
        assert found[name] == rows, name
    assert "0 writes" in served.said and "the machine runs" in served.said


@pytest.mark.parametrize(("scan", "machine"), sampled(product((False, True), MACHINES), 5))
def test_a_bad_line_gives_the_same_rows(scan: bool, machine: str, tmp_path: Path) -> None:
    expected = rows_of(file_target(machine, "notmyfault", tmp_path), scan)
    with serving("--machine", machine, "--fault", "notmyfault", *BAD_LINE) as served, attached(served.url) as live:
        found = rows_of(live.target, scan)
        assert live.machine.session.link.damaged
    for name, rows in expected.items():
        assert found[name] == rows, name
    assert "0 writes" in served.said
