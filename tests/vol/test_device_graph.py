"""``devices --dot``: a Graphviz file in which no text of the target acts, whatever the tree looks like."""

from __future__ import annotations

import io
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from volplugins.dumpfile.dump import open_dump
from volplugins.dumpfile.source import FileSource
from volplugins.io.device_node import DeviceNode, DeviceTree
from volplugins.io.view import IoView
from volplugins.lab.machines.catalogue import MACHINES, build
from volplugins.lab.writers import write
from volplugins.vol.commands.devices.graph import graph_lines, write_graph
from volplugins.vol.scene.crash_scene import scene_of
from volplugins.vol.scene.io_scene import io_view

HOSTILE = ('a"];evil [label="x', "back\\", '\\"', "\\\\", "new\nline\r", "\x1b[2J\x00", "\u202egnp", "{a|b}", "<b>",
           "\\N\\G\\l", "// */ #", '"' * 50, "\ud800", "x" * 70_000)  # fmt: skip


def view_of(machine: str, folder: Path) -> tuple[IoView, Any, dict[str, Any]]:
    snapshot = build(machine)
    scene = scene_of(open_dump(FileSource(write(snapshot, "full", folder / "a.dmp"))))
    return io_view(scene, False), scene, snapshot.truth["io"]


def taken_apart(text: str) -> tuple[dict[str, str], list[tuple[str, str]]]:
    """Labels by node and edges; anything else in the file fails."""
    first, second, *lines, last, end = text.split("\n")
    assert first == "digraph devices {" and second.strip().startswith("rankdir") and (last, end) == ("}", "")
    labels: dict[str, str] = {}
    edges = []
    for line in lines:
        node = re.fullmatch(r'  (n[0-9a-f]+) \[label="((?:[^"\\]|\\.)*)"(?:, color=red)?\];', line)
        edge = re.fullmatch(r"  (n[0-9a-f]+) -> (n[0-9a-f]+);", line)
        assert node or edge, line[:200]
        if node:
            labels[node[1]] = node[2]
        elif edge:
            edges.append((edge[1], edge[2]))
    return labels, edges


def judged(text: str, folder: Path) -> str:
    """What Graphviz itself makes of it."""
    if shutil.which("dot") is None:
        pytest.skip("Graphviz is not installed (apt-get install graphviz)")
    (folder / "tree.dot").write_text(text, encoding="utf-8")
    done = subprocess.run(
        ["dot", "-Tplain", "tree.dot"], cwd=folder, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0 and done.stderr == "", done.stderr[:500]
    return done.stdout


@pytest.mark.parametrize("machine", MACHINES)
def test_the_file_has_the_whole_tree(machine: str, tmp_path: Path) -> None:
    _, scene, truth = view_of(machine, tmp_path)
    written: dict[str, bytes] = {}

    @contextmanager
    def opened(name: str) -> Iterator[io.BytesIO]:
        out = io.BytesIO()
        yield out
        written[name] = out.getvalue()

    write_graph(scene, opened, "tree.dot", False)
    labels, edges = taken_apart(written["tree.dot"].decode("utf-8"))
    nodes = {f"n{each['node']:x}": each for each in truth["nodes"]}
    assert labels.keys() == nodes.keys()
    for name, each in nodes.items():
        lines = [one.replace("\\\\", "\\") for one in labels[name].split("\\l")]
        assert lines[: 1 + len(each["drivers"])] == [each["instance"], *each["drivers"]]
    expected = {(f"n{each['parent']:x}", f"n{each['node']:x}") for each in truth["nodes"] if each["parent"]}
    assert set(edges) == expected and len(edges) == len(expected)


def test_graphviz_reads_it(tmp_path: Path) -> None:
    view, _, truth = view_of("win10-x64", tmp_path)
    drawing = judged("\n".join((*graph_lines(view), "")), tmp_path)
    assert drawing.count("\nnode ") == len(truth["nodes"]) and drawing.count("\nedge ") == len(truth["nodes"]) - 1


def made_view(sound: IoView, nodes: list[DeviceNode]) -> IoView:
    sound.tree = DeviceTree(tuple(nodes), ())
    return sound


def test_hostile_names_and_trees_that_lead_back(tmp_path: Path) -> None:
    view, _, _ = view_of("win10-x64", tmp_path)
    first = view.tree.nodes[1]
    nodes = [replace(first, address=0x1000 + at, parent=0x1000 + (at + 1) % len(HOSTILE), depth=at, instance=text,
                     service=text) for at, text in enumerate(HOSTILE)]  # fmt: skip
    nodes.append(replace(first, address=0x2000, parent=0x2000, depth=3))
    drivers = list(view.drivers)
    for address, text in zip(drivers, HOSTILE, strict=False):
        view.drivers[address] = replace(view.drivers[address], name=text)
    text = "\n".join((*graph_lines(made_view(view, nodes)), "")).encode("utf-8", "replace").decode()
    labels, edges = taken_apart(text)
    assert len(labels) == len(nodes) and len(edges) <= len(nodes)
    assert not [one for one in text if not one.isprintable() and one != "\n"]
    assert len(text) < 40_000
    assert judged(text, tmp_path).count("\nnode ") == len(nodes)
