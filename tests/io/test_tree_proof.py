"""Device nodes read by the layout of another build: links and devices are right, and nothing else is claimed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.io.views import scene_of_snapshot, snapshot_of, view_of
from volplugins.io.device_tree_proof import proved_tree
from volplugins.kernel.builds.io import IO_TABLES
from volplugins.kernel.made_layouts import made_layout
from volplugins.lab.machine.page_edit import PageEdit
from volplugins.vol.commands.devices.rows import node_row, node_stack
from volplugins.vol.scene.io_scene import io_view


@pytest.mark.parametrize(("machine", "other"), [("xp-x86", 7600), ("win7-x86-pae", 2600), ("win10-x64", 3790)])
def test_another_builds_layout(machine: str, other: int) -> None:
    scene, right = scene_of_snapshot(snapshot_of(machine)), view_of(machine).tree.nodes
    layout = made_layout(IO_TABLES, "device_node", scene.bits, other)
    scene = replace(scene, layouts=replace(scene.layouts, io=replace(scene.layouts.io, device_node=layout)))
    view = io_view(scene, False)
    assert [(each.address, each.parent, each.device) for each in view.tree.nodes] == [
        (each.address, each.parent, each.device) for each in right
    ]
    assert not any(each.instance or each.service or each.state or each.problem for each in view.tree.nodes)
    assert len([note for note in view.notes if "not this kernel's" in note]) == 1
    row = node_row(view, view.tree.nodes[-1], node_stack(view, view.tree.nodes[-1]))
    assert row.stack and not row.state and not row.problem


def test_a_node_that_is_damaged_does_not_cost_the_others() -> None:
    view = view_of("win7-x86-pae")
    nodes = (*view.tree.nodes[:1], *(replace(each, device=0) for each in view.tree.nodes[1:]))
    tree = replace(view.tree, nodes=nodes)
    assert proved_tree(tree, view.devices.values(), "symbols") == tree


def test_what_is_no_instance_path_is_said() -> None:
    snapshot = snapshot_of("win10-x64")
    scene = scene_of_snapshot(snapshot)
    node = io_view(scene, False).tree.nodes[-1]
    at = node.address + scene.layouts.io.device_node.offset("InstancePath")
    edit = PageEdit(snapshot)
    edit.write(edit.number(at + 8, 8), "\x03Ā".encode("utf-16-le"))
    damaged = io_view(scene_of_snapshot(replace(snapshot, pages=edit.pages)), False).tree.nodes[-1]
    assert not damaged.instance and damaged.service == node.service
    assert damaged.notes == ("InstancePath holds what no device instance path can",)
