"""Without symbols the rows are the same but for names: on every machine of the lab, and as docs/support.md says."""

from __future__ import annotations

from pathlib import Path

import pytest

from maintenance.without_symbols import compare, compared, table_of
from volplugins.lab.machine.profiles import PROFILES

PAGE = (Path(__file__).parents[2] / "docs" / "support.md").read_text(encoding="utf-8")
# what only symbols lead to: counters that do not fit the clock (believed from symbols alone), the power manager's list
_EXCEPT = {"cpus", "irps"}


def test_cells_are_compared_row_by_row() -> None:
    left = [{"A": 1, "Symbol": "nt!X"}, {"A": 2, "Symbol": ""}, {"A": 3, "Symbol": ""}]
    right = [{"A": 1, "Symbol": "nt+0x1"}, {"A": 3, "Symbol": ""}]
    found = compare(left, right)
    assert (found.compared, found.names, found.cells) == (6, 2, [("A", 2, None)])
    told = compare([{"Start": "nt!A", "B": 1}], [{"Start": "nt+0x10", "B": 2}])
    assert (told.names, told.cells) == (1, [("B", 1, 2)])
    assert compare([{"Group": "layout", "Value": "symbols"}], []).compared == 0
    assert table_of({"m": {"p": found}}).splitlines()[-1] == "| p | 1 (2) of 6 |"


@pytest.mark.slow
@pytest.mark.parametrize("machine", PROFILES)
def test_every_plugin_gives_the_same_without_symbols_but_for_names(machine: str) -> None:
    column = list(PROFILES).index(machine)
    for plugin, found in compared(machine):
        assert found.compared or plugin == "findings", plugin
        if plugin not in _EXCEPT:
            assert found.cells == [], plugin
        row = next(line for line in PAGE.splitlines() if line.startswith(f"| {plugin} | ") and " of " in line)
        told = row.strip("| ").split(" | ")[1 + column]
        assert told == f"{found.differ} ({found.names}) of {found.compared}", plugin
