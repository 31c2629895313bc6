"""The view of each machine of the lab is what was built, with symbols and without."""

from __future__ import annotations

from typing import Any

import pytest

from tests.io.views import scene_of_snapshot, snapshot_of, view_of
from volplugins.findings.drivers import of_view
from volplugins.io.object_scan import scan_objects
from volplugins.io.words.node_words import state_word
from volplugins.lab.machines.catalogue import MACHINES, build
from volplugins.vol.scene.io_scene import io_view

BOTH = [(machine, sparse) for machine in MACHINES for sparse in (False, True)]


def _truth(machine: str, sparse: bool) -> dict[str, Any]:
    return snapshot_of(machine, sparse).truth["io"]


@pytest.mark.parametrize(("machine", "sparse"), BOTH)
def test_drivers(machine: str, sparse: bool) -> None:
    view, truth = view_of(machine, sparse), _truth(machine, sparse)
    assert {each.address: (each.name, each.start, each.size, each.source) for each in view.drivers.values()} == {
        each["object"]: (each["name"], each["start"], each["size"], each["found"]) for each in truth["drivers"]
    }
    devices = {address: {each.address for each in own} for address, own in view.by_driver().items()}
    assert devices == {each["object"]: set(each["devices"]) for each in truth["drivers"] if each["devices"]}
    assert not view.notes and not [each.notes for each in view.drivers.values() if each.notes]


@pytest.mark.parametrize(("machine", "sparse"), BOTH)
def test_devices(machine: str, sparse: bool) -> None:
    view, truth = view_of(machine, sparse), _truth(machine, sparse)
    assert {
        each.address: (view.driver_name(each), view.name_of(each.address), each.kind, each.upper, each.lower, each.node)
        for each in view.devices.values()
    } == {
        each["object"]: (
            each["driver"], each["name"], each["type"], each["attached"], each["attached_to"], each["node"]
        )
        for each in truth["devices"]
    }  # fmt: skip
    assert not [each.notes for each in view.devices.values() if each.notes]


@pytest.mark.parametrize(("machine", "sparse"), BOTH)
def test_nodes(machine: str, sparse: bool) -> None:
    view, truth = view_of(machine, sparse), _truth(machine, sparse)
    number = view.system.build
    assert [
        (each.address, each.parent, each.depth, each.instance, each.service, state_word(each.state, number),
         each.problem, each.device)
        for each in view.tree.nodes
    ] == [
        (each["node"], each["parent"], each["depth"], each["instance"], each["service"], each["state_name"],
         each["problem"], each["pdo"])
        for each in truth["nodes"]
    ]  # fmt: skip
    for node in truth["nodes"]:
        stack = view.stack(view.devices[node["pdo"]])
        assert [each.address for each in stack.devices] == node["stack"] and not stack.notes
        assert [view.driver_name(each) for each in stack.devices] == node["drivers"]


@pytest.mark.parametrize("machine", MACHINES)
def test_a_search_of_memory_finds_no_more_than_there_is(machine: str) -> None:
    """And finds all of it where nothing else leads there."""
    view = view_of(machine)
    blind = view_of(machine, scan=False)
    assert view.searched and not blind.searched
    assert view.drivers == blind.drivers and view.devices == blind.devices


@pytest.mark.parametrize("machine", MACHINES)
def test_the_search_alone_finds_every_driver_and_device(machine: str) -> None:
    found = list(scan_objects(view_of(machine).system))
    truth = _truth(machine, False)
    for kind in ("driver", "device"):
        addresses = [address for each, address in found if each == kind]
        assert len(set(addresses)) == len(addresses)
        assert set(addresses) == {each["object"] for each in truth[f"{kind}s"]}


@pytest.mark.parametrize("machine", MACHINES)
def test_where_directories_are_absent_nothing_is_called_hidden(machine: str) -> None:
    """A small dump holds a device and its driver, and none of the lists that they are in."""
    scene = scene_of_snapshot(build(machine, "power-9f-3"), "triage")
    view = io_view(scene)
    assert view.drivers and view.devices
    assert not [note for driver in view.drivers.values() for note in driver.notes if "directory" in note]
    assert not list(of_view(view))
    assert view.notes == ["a small dump holds the drivers and devices that its bugcheck names, not the lists of all"]
