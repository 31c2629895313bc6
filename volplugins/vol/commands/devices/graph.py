"""The device tree as a Graphviz file: a box per node with the drivers of its stack."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from volplugins.io.view import IoView
from volplugins.io.words.node_words import problem_word
from volplugins.vol.commands.devices.rows import UNKNOWN_DRIVER, node_stack, state_text
from volplugins.vol.scene.io_scene import io_view

if TYPE_CHECKING:
    from volplugins.bugcheck.scene.crash_scene import CrashScene

_LONGEST = 200  # characters of a line
_MOST_LINES = 32


def write_graph(scene: CrashScene, open_file: Callable[[str], Any], name: str, scan: bool | None) -> None:
    """Write the tree into the output folder under ``name``."""
    text = "\n".join((*graph_lines(io_view(scene, scan)), ""))
    with open_file(name) as file:
        file.write(text.encode("utf-8", "replace"))


def graph_lines(view: IoView) -> Iterator[str]:
    """The file's lines; every text of the target is quoted."""
    yield "digraph devices {"
    yield '  rankdir=LR; node [shape=box, fontname="monospace", fontsize=10];'
    known = {node.address for node in view.tree.nodes}
    for node in view.tree.nodes:
        drivers = [view.driver_name(device) or UNKNOWN_DRIVER for device in node_stack(view, node).devices]
        lines = [node.instance or f"{node.address:#x}", *drivers, state_text(node.state, view.system.build)]
        problem = problem_word(node.problem)
        colour = ", color=red" if problem else ""
        yield f"  n{node.address:x} [label={_quoted([*lines, problem] if problem else lines)}{colour}];"
        if node.parent in known and node.depth:
            yield f"  n{node.parent:x} -> n{node.address:x};"
    yield "}"


def _quoted(lines: list[str]) -> str:
    """One text of several lines, in which nothing acts on Graphviz; what is too long or too many is cut."""
    more = [f"… {len(lines) - _MOST_LINES} more"] if len(lines) > _MOST_LINES else []
    cut = (line if len(line) <= _LONGEST else line[:_LONGEST] + "…" for line in (*lines[:_MOST_LINES], *more))
    clean = ("".join(c if c.isprintable() else "?" for c in line) for line in cut)
    return '"' + "\\l".join(line.replace("\\", "\\\\").replace('"', '\\"') for line in clean) + '\\l"'
