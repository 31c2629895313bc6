"""The device tree on the page: nesting, whose drivers, what they hold, and its bounds."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.report.hostile import ATTACKS
from tests.report.made_devices import irp, loose, made_devices, node
from tests.report.page_parser import PageParser
from tests.sampling import sampled
from volplugins.lab.machines.catalogue import MACHINES, build
from volplugins.lab.writers import write
from volplugins.report import caps, write_report
from volplugins.report.device_tree import DeviceTree, Node
from volplugins.report.driver_names import DriverNames
from volplugins.report.grids import Budget
from volplugins.report.pending_requests import PendingRequests
from volplugins.report.row_file import RowFile
from volplugins.report.stuck_text import lasting, stuck_line
from volplugins.report.summary_file import Summary
from volplugins.triage import TriageOptions, run_triage


def drawn(folder: Path) -> tuple[DeviceTree, PendingRequests]:
    """What the template is given."""
    summary = Summary(folder)
    requests = PendingRequests(DriverNames(summary))
    requests.read(RowFile(folder, "irps"))
    tree = DeviceTree(DriverNames(summary), requests, Budget())
    tree.read(RowFile(folder, "devices"))
    return tree, requests


def outline(nodes: list[Node]) -> list[Any]:
    return [(each.model, outline(each.children)) if each.children else each.model for each in nodes]


def page_of(folder: Path) -> PageParser:
    return PageParser(write_report(folder))


def tokens(page: PageParser) -> list[dict[str, str | None]]:
    """Those of devices; the legend's cannot be reached by the keyboard."""
    return [held for _, held in page.elements if (held.get("class") or "").startswith("token") and held.get("tabindex")]


def test_nodes_are_nested_by_their_levels(tmp_path: Path) -> None:
    rows = [*node(0, "A\\0", "x"), *node(1, "B\\1", "x"), *node(2, "C\\2", "x"), *node(1, "D\\3", "x")]
    tree, _ = drawn(made_devices(tmp_path, rows))
    assert outline(tree.roots) == [("A", [("B", ["C"]), "D"])] and tree.nodes == 4
    assert (tree.roots[0].below, tree.roots[0].last) == (3, "0")


def test_levels_that_cannot_be_are_set_in_as_far_as_makes_sense(tmp_path: Path) -> None:
    levels = [7, 7, 9, 3, None, "x", -5, True, 1 << 70, 1]
    tree, _ = drawn(made_devices(tmp_path, [row for each in levels for row in node(each, f"N{each}\\0", "x")]))
    assert tree.nodes == len(levels) and outline(tree.roots)[0] == "N7"
    deep = [row for level in range(600) for row in node(level, f"N{level}\\0", "x")]
    page = page_of(made_devices(tmp_path / "deep", deep))
    assert not page.open and page.names().count("ul") < caps.LEVELS + 10
    assert f"level {caps.LEVELS + 1}" in page.texts["devices"] and "N599" in page.texts["devices"]


def test_drivers_of_others_are_marked_and_nobody_else(tmp_path: Path) -> None:
    page = page_of(made_devices(tmp_path, node(0, "USB\\VID_1\\9", "acme@0x1", "usbhub@0x2")))
    layers = [held for _, held in page.elements if (held.get("class") or "").startswith("layer") and "title" in held]
    assert [held["class"] for held in layers] == ["layer foreign", "layer"]
    assert "a driver of Acme" in (layers[0]["title"] or "") and layers[0]["tabindex"] == "0"


def test_requests_lie_on_the_device_that_holds_them_the_old_ones_red(tmp_path: Path) -> None:
    rows = [*node(0, "A\\0", "acme@0x1", "disk@0x2"), *loose("npfs@0x3")]
    irps = [irp(1, "0x1", 312.0), irp(2, "0x1", 12.0, State="cancelled"), irp(3, "0x2", 0.2, Driver="\\Driver\\disk"),
            irp(4, "0x3", None), irp(5, "0x77", 5.0), irp(6, "0x1", 1.0, State="completed"), irp(7, "0x1", None)
            | {"State": None}]  # fmt: skip
    folder = made_devices(tmp_path, rows, irps)
    tree, requests = drawn(folder)
    held = [[(token.kind, token.text) for token in layer.held.tokens] for layer in tree.roots[0].stack]
    assert held == [[("old", "READ 312 s"), ("late", "READ 12 s")], [("new", "READ 0.2 s")]]
    assert [(address, len(rest.tokens)) for address, rest in requests.rest()] == [("0x77", 1)]
    assert [each.stack[0].held.tokens[0].kind for each in tree.loose] == ["unknown"] and not tree.quiet
    assert (requests.count, requests.old, tree.roots[0].marks) == (5, 1, 4)
    page = page_of(folder)
    assert len(tokens(page)) == 5
    first = tokens(page)[0]
    assert first["title"] == first["aria-label"] and first["tabindex"] == "0"
    for fact in ("IRP 0x1", "IRP_MJ_READ", "\\Driver\\acme (a driver of Acme)", "pending for 312 s", "of a.exe 8",
                 "thread 12", "location 1/1", "length 5"):  # fmt: skip
        assert fact in (first["title"] or ""), fact
    (process,) = page.data["processes"]
    assert process["waits"] == ["acme for 312 s", "acme for 12 s", "disk for 0.2 s"]
    columns = page.data["columns"]["requests"]
    assert [cells[columns.index("IRP")] for cells in process["requests"]] == ["0x1", "0x2", "0x3", "0x4", "0x5"]


def test_nodes_in_trouble_are_marked(tmp_path: Path) -> None:
    rows = [*node(0, "A\\0", "x"), *node(1, "B\\1", "x", Problem="CM_PROB_FAILED_START"),
            *node(1, "C\\2", "x", State="DeviceNodeRemoved (0x312)")]  # fmt: skip
    tree, _ = drawn(made_devices(tmp_path, rows))
    assert tree.troubled == 2 and [each.trouble for each in tree.roots[0].children] == [
        ["CM_PROB_FAILED_START"], ["DeviceNodeRemoved (0x312)"]
    ]  # fmt: skip


def test_the_blamed_device_says_so(tmp_path: Path) -> None:
    rows = [*node(0, "USB\\A\\0", "x"), *node(1, "USB\\A\\1", "x"), *node(1, "", "x")]
    page = page_of(made_devices(tmp_path, rows, crash={"device_instance": "USB\\A\\1"}))
    assert page.texts["devices"].count("blamed for this crash") == 1
    nobody = page_of(made_devices(tmp_path / "nobody", rows, crash={"device_instance": None}))
    assert "blamed for" not in nobody.texts["devices"]


def test_without_requests_the_tree_is_there_and_nothing_is_said_to_be_missing(tmp_path: Path) -> None:
    page = page_of(made_devices(tmp_path, node(0, "A\\0", "acme@0x1")))
    assert not tokens(page) and "irps" not in page.texts[""] and "drivers.jsonl" not in page.texts[""]
    assert "1 device node." in page.texts["devices"]
    lost = made_devices(tmp_path / "lost", node(0, "A\\0", "acme"), sections=[{"name": "irps"}])
    assert "rows/irps.jsonl: there is no such file" in page_of(lost).texts[""]


def test_without_a_tree_the_requests_are_there(tmp_path: Path) -> None:
    rows = [{"Instance": "error", "Note": "no root"}]
    page = page_of(made_devices(tmp_path, rows, [irp(1, "0x5"), {"Process": "error", "Note": "no lists in it"}]))
    text = " ".join(page.texts["devices"].split())
    assert "No devices are known." in text and "no root" in text and "no lists in it" in text
    assert "Requests on devices that are not drawn acme 0x5" in text and len(tokens(page)) == 1
    assert [held for _, held in page.elements if held.get("class") == "layer foreign" and held.get("title")]


def test_rows_without_their_devices_are_drawn_by_names_alone(tmp_path: Path) -> None:
    tree, _ = drawn(made_devices(tmp_path, node(0, "A\\0", "acme", "disk")[:1]))
    assert [(layer.driver.short, layer.driver.why) for layer in tree.roots[0].stack] == [
        ("acme", "a driver of Acme"), ("disk", "")
    ]  # fmt: skip


def test_a_great_machine_is_folded_where_nothing_is_odd(tmp_path: Path) -> None:
    rows = node(0, "R\\0", "x")
    for bus in range(60):
        rows += node(1, f"BUS{bus}\\0", "x")
        rows += [row for each in range(4) for row in node(2, f"DEV{each}\\0", "acme" if bus == 7 else "x")]
    tree, _ = drawn(made_devices(tmp_path, rows))
    buses = tree.roots[0].children
    assert tree.roots[0].open and [number for number, each in enumerate(buses) if each.open] == [7]


def test_much_is_cut_and_the_page_says_so(tmp_path: Path) -> None:
    many = [row for each in range(caps.NODES + 50) for row in node(min(each, 1), f"N\\{each}", "x@0x1")]
    many += [row for each in range(caps.LOOSE_STACKS + 7) for row in loose(*["y"] * (caps.LAYERS + 5))]
    held = [irp(each, "0x1", 5.0) for each in range(1, 5000)] + [irp(each, hex(each), 5.0) for each in range(2, 6000)]
    folder = made_devices(tmp_path, many, held)
    page = page_of(folder)
    assert (folder / "report.html").stat().st_size < 10_000_000
    assert f"{50 + 7} device nodes and stacks" in page.texts["devices"] and "+4987 more" in page.texts["devices"]
    assert len(tokens(page)) <= caps.TOKENS and "10997 requests" in page.texts["devices"]
    (process,) = page.data["processes"]
    assert len(process["requests"]) == caps.REQUESTS_OF_A_PROCESS and process["left"]["requests"] > 0


@pytest.mark.parametrize("text", ATTACKS)
def test_attacks_are_text(tmp_path: Path, text: str) -> None:
    rows = [*node(0, f"{text}\\{text}", text, Problem=text, Note=text, State=text), *loose(text)]
    irps = [irp(1, "0x9", 99.0, **dict.fromkeys(("Process", "Major", "Driver", "File", "Note", "Location"), text))]
    stuck = [{"driver": text, "irp": text, "function": text, "process": text, "seconds": 99.0, "why": text}]
    summary = {"stuck": stuck, "foreign_drivers": [{"driver": f"\\Driver\\{text}", "why": text}]}
    page = page_of(made_devices(tmp_path, rows, irps, **summary))
    assert not page.open and page.names().count("script") == 2 and page.names().count("style") == 1
    assert not {"img", "svg"} & {name for name, _ in page.elements}
    assert not [name for _, held in page.elements for name in held if name.startswith("on")]


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0.0 s"), (0.44, "0.4 s"), (312.0, "312 s"), (3120, "52 min"), (86400, "24 h"), (1e6, "12 days"), (-1, ""),
     (None, ""), ("x", ""), (True, ""), (float("inf"), ""), (float("nan"), "")],
)  # fmt: skip
def test_time_spans(seconds: object, text: str) -> None:
    assert lasting(seconds) == text


def test_a_stuck_request_in_a_sentence() -> None:
    entry = {"driver": "\\Driver\\acmedrv", "irp": "0x10", "function": "IRP_MJ_DEVICE_CONTROL",
             "process": "explorer.exe", "seconds": 312.0}  # fmt: skip
    assert stuck_line(entry) == "acmedrv holds IRP 0x10 (IRP_MJ_DEVICE_CONTROL) of explorer.exe for 312 s"
    assert stuck_line(entry | {"process": None}) == "acmedrv holds IRP 0x10 (IRP_MJ_DEVICE_CONTROL) for 312 s"
    assert stuck_line({}) == "a driver holds IRP "


@pytest.mark.parametrize("machine", sampled(MACHINES, 3))
def test_the_labs_tree_is_drawn_as_it_was_built(machine: str, tmp_path: Path) -> None:
    snapshot = build(machine)
    dump = write(snapshot, "full", tmp_path / "a.dmp")
    run_triage(dump, tmp_path / "out", TriageOptions(hash=False), lambda text, percent: None)
    tree, requests = drawn(tmp_path / "out")
    truth = snapshot.truth["io"]

    def listed(nodes: list[Node]) -> list[tuple[str, list[str]]]:
        return [one for each in nodes for one in (
            (f"{each.model}\\{each.last}", [layer.driver.whole for layer in each.stack]), *listed(each.children)
        )]  # fmt: skip

    assert listed(tree.roots) == [(each["instance"], each["drivers"]) for each in truth["nodes"]]
    under_way = [each for each in truth["requests"] if each["state"] in ("pending", "active", "cancelled")]
    assert requests.count >= len(under_way) > 5
    page = PageParser(tmp_path / "out" / "report.html")
    told = json.dumps([held["title"] for held in tokens(page)])
    digits = snapshot.bits // 4
    assert all(f"IRP 0x{each['irp']:0{digits}x}" in told for each in under_way if each["device"])
