"""The budget of a run: what its limits are, that they hold for every plugin, and that the last row says so."""

from __future__ import annotations

import io
import json
from importlib import import_module

import pytest
from volatility3.framework import renderers

from volplugins.triage.sections import SECTIONS
from volplugins.vol.output.json_lines import write_rows
from volplugins.vol.output.streamed_grid import StreamedGrid, stream
from volplugins.vol.scene import budget, budgeted_grid
from volplugins.vol.scene.budget import Budget, BudgetError, Limits, factor_of, limits_of
from volplugins.vol.scene.session import open_file
from volplugins.vol.scene.shared_work import sharing

_LIMITS = Limits(10, 1000, 5.0, 1 << 30)


def test_the_largest_true_output_is_within_the_budget_of_its_dump() -> None:
    """64 GiB and 500 processes: every page mapped once, and 100 MiB of images in each process besides."""
    pages = 64 << 18
    limits = limits_of(pages)
    rows = pages + 500 * (100 << 8)
    assert rows < limits.rows / 2
    assert rows * 300 < limits.bytes
    assert limits_of(20 << 8).bytes < 300 << 20


def test_each_limit_ends_the_rows_and_says_which() -> None:
    now = [0.0]
    made = Budget(_LIMITS, clock=lambda: now[0], memory=lambda: 0)
    assert all(made.takes(10) for _ in range(10))
    assert (made.takes(10), made.why) == (False, "10 rows")
    made = Budget(_LIMITS, clock=lambda: now[0], memory=lambda: 0)
    assert (made.takes(999), made.takes(2), made.why) == (True, False, "1000 bytes of rows")
    made = Budget(_LIMITS, clock=lambda: now[0], memory=lambda: 0)
    now[0] = 5.5
    assert (made.takes(1), made.why) == (False, "5 seconds")
    made = Budget(_LIMITS, clock=lambda: now[0], memory=lambda: 2 << 30, held=0)
    assert (made.takes(1), made.why) == (False, "1024 MiB of memory")


def test_memory_that_the_process_had_before_is_none_of_the_run() -> None:
    used = [5 << 30]
    made = Budget(_LIMITS, clock=lambda: 0.0, memory=lambda: used[0])
    part = made.part()
    assert made.takes(1) and part.takes(1)
    used[0] += (1 << 30) + 1
    late = made.part()
    assert (late.takes(1), late.why) == (False, "1024 MiB of memory")


def test_parts_take_half_of_what_is_left() -> None:
    whole = Budget(_LIMITS, clock=lambda: 0.0, memory=lambda: 0)
    part = whole.part()
    assert (part.limits.rows, part.limits.bytes, part.limits.seconds) == (5, 500, 2.5)
    assert [part.takes(1) for _ in range(6)] == [True] * 5 + [False]
    whole.used(part)
    assert whole.part().limits.rows == 3


@pytest.mark.parametrize(("said", "factor"), [("", 1), (None, 1), ("10", 10), ("0.5", 0.5), (3, 3), ("0", 0)])
def test_factors(monkeypatch: pytest.MonkeyPatch, said, factor) -> None:
    monkeypatch.delenv(budget.VARIABLE, raising=False)
    assert factor_of(said) == factor
    monkeypatch.setenv(budget.VARIABLE, "7")
    assert factor_of(said) == (factor if said not in ("", None) else 7)


@pytest.mark.parametrize("said", ["much", "-1", "nan", "inf"])
def test_what_is_no_factor_is_refused(said) -> None:
    with pytest.raises(BudgetError, match="no budget"):
        factor_of(said)


def rows_of(context, layer, section, said):
    path = f"test.{section.name}"
    context.config[f"{path}.primary"] = layer
    context.config[f"{path}.budget"] = said
    for name in section.switches:
        context.config[f"{path}.{name}"] = True
    plugin = getattr(import_module(f"volplugins.plugins.windows.kd.{section.module}"), section.plugin)
    out = io.StringIO()
    write_rows(plugin(context, path, None), out)
    return [json.loads(line)["row"] for line in out.getvalue().splitlines()]


@pytest.mark.parametrize("section", SECTIONS, ids=lambda each: each.name)
def test_every_plugin_has_the_budget_and_its_last_row_says_what_was_left_out(dumps, section, monkeypatch) -> None:
    path, _ = dumps("win10-x64", kind="full")
    context, layer = open_file(path)
    # a sound machine has few findings: of these two, one is left out
    few = section.name in ("findings", "cpus")  # and there are two processors
    least, said, expected = (1, "1", 2) if few else (2, "2.5", 6)
    monkeypatch.setattr(budgeted_grid, "limits_of", lambda _: Limits(least, 1 << 30, 900, 1 << 33))
    rows = rows_of(context, layer, section, said)
    last = rows[-1]
    reason = last.get("Note") or last.get("Evidence")
    assert len(rows) == expected
    assert "error" in last.values()
    assert reason.startswith("the rows end here: ")
    assert "--budget 10 or VOLPLUGINS_BUDGET=10" in reason
    (refused,) = rows_of(context, layer, section, "much")
    assert "much: no budget" in (refused.get("Note") or refused.get("Evidence"))


def test_plugins_that_share_their_work_share_the_budget_and_it_is_a_fault(dumps, monkeypatch) -> None:
    path, _ = dumps("win10-x64", kind="full")
    context, layer = open_file(path)
    monkeypatch.setattr(budgeted_grid, "limits_of", lambda _: Limits(16, 1 << 30, 900, 1 << 33))
    with sharing(context) as work:
        counts = [len(rows_of(context, layer, section, "")) - 1 for section in SECTIONS[:4]]
        assert len(work.faults) == 4
    assert counts == sorted(counts, reverse=True)
    assert sum(counts) <= 16
    assert counts[0] == 8


def test_a_streamed_grid_keeps_no_rows_and_gives_the_same_nodes() -> None:
    rows = [(0, ("a", 1)), (1, ("b", 2)), (1, ("c", 3)), (2, ("d", 4)), (0, ("e", 5)), (1, ("f", 6))]
    columns = [("Name", str), ("Number", int)]

    def seen(grid, visit):
        found = []

        def note(node, _):
            parent = node.parent.path if node.parent is not None else None
            found.append((node.path, node.path_depth, node.values, parent))

        visit(grid, note)
        return found

    plain = seen(renderers.TreeGrid(columns, iter(rows)), lambda grid, each: grid.populate(each, None))
    streamed = StreamedGrid(columns, iter(rows))
    assert seen(streamed, lambda grid, each: grid.populate(each, None)) == plain
    assert (streamed.populated, streamed.row_count, streamed.children(None)) == (True, 6, [])
    other = renderers.TreeGrid(columns, iter(rows))
    assert seen(other, stream) == plain
    assert other.children(None) == []
    kept = StreamedGrid(columns, iter(rows))
    kept.populate()
    assert len(kept.children(None)) == 2
