"""The analysis over every labelled dump of the lab: culprit, signature, manual crash, and how sure it claims to be."""

from __future__ import annotations

from collections import defaultdict
from itertools import product
from pathlib import Path

import pytest

from tests.bugcheck.labelled import Labelled, analysed, pairs
from volplugins.lab.machines.catalogue import BASES, build
from volplugins.lab.writers import kinds_of

HOSTS = 2
PAIRS = tuple(pairs())
# one of each way to find the culprit: trap frame, context record, object, stack
IN_EVERY_KIND = ("driver-read", "system-thread", "power", "irql-in-nt")


def culprit_is_right(labelled: Labelled) -> bool:
    found = labelled.analysis.culprit
    wanted = labelled.truth["culprit"]
    return found is not None and bool(wanted) and found.image_name.lower().rsplit(".", 1)[0] == wanted


@pytest.fixture(scope="module", params=["a layout each", pytest.param("all layouts", marks=pytest.mark.slow)])
def every(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> list[Labelled]:
    """Each machine and fault at load layouts and on computers, as the dump Windows writes by default."""
    folder = tmp_path_factory.mktemp("labelled")
    every_layout = list(product(range(BASES), range(HOSTS)))
    return [
        analysed(build(machine, fault, base, host), "bitmap-kernel", folder)
        for number, (machine, fault) in enumerate(PAIRS)
        for base, host in (
            every_layout if request.param == "all layouts" else [every_layout[number % len(every_layout)]]
        )
    ]


def test_signatures_group_equal_failures_and_part_different_ones(every: list[Labelled]) -> None:
    by_label = defaultdict(set)
    by_signature = defaultdict(set)
    for labelled in every:
        label = (labelled.snapshot.machine, labelled.truth["signature"])
        by_label[label].add(labelled.analysis.signature)
        by_signature[labelled.snapshot.machine, labelled.analysis.signature].add(labelled.truth["signature"])
    # a driver at fault while myfault.sys is merely loaded fails as it does without; a keyboard is a keyboard
    same = {frozenset({"driver-read", "myfault-loaded-only"}), frozenset({"keyboard", "keyboard-usb"})}
    assert {label: found for label, found in by_label.items() if len(found) != 1} == {}
    assert [x for x in by_signature.values() if len(x) != 1 and frozenset(x) not in same] == []


def test_five_faults_give_five_signatures_on_both_machines_at_each_base(every: list[Labelled]) -> None:
    faults = ("driver-read", "system-thread", "page-fault", "kmode-exception", "pool")
    found = defaultdict(set)
    for labelled in every:
        if labelled.snapshot.machine in ("win10-x64", "win7-x64") and labelled.truth["fault"] in faults:
            found[labelled.truth["fault"]].add(labelled.analysis.signature)
    assert {fault: len(signatures) for fault, signatures in found.items()} == dict.fromkeys(faults, 1)
    assert len(set.union(*found.values())) == 5


def test_confidence_is_earned(every: list[Labelled]) -> None:
    claims = defaultdict(list)
    for labelled in every:
        if labelled.analysis.culprit is not None and labelled.truth["culprit"]:
            claims[labelled.analysis.culprit.confidence.value].append(culprit_is_right(labelled))
    assert claims["certain"], "nothing was certain: the measure says nothing"
    assert all(claims["certain"])
    assert claims["high"].count(False) * 20 <= len(claims["high"])


def test_manual_crashes_are_told_from_others(every: list[Labelled]) -> None:
    wrong = [
        (labelled.snapshot.machine, labelled.truth["signature"], labelled.analysis.manual)
        for labelled in every
        if (labelled.analysis.manual.kind if labelled.analysis.manual else "") != (labelled.truth["manual"] or "")
    ]
    assert wrong == []


def test_process_thread_and_instruction_are_the_ones_built(every: list[Labelled]) -> None:
    for labelled in every:
        scene, truth = labelled.analysis.scene, labelled.truth
        assert scene.process is not None
        assert scene.thread is not None
        assert scene.process.eprocess == truth["process"]["eprocess"]
        assert scene.process.pid == truth["process"]["pid"]
        assert scene.thread.ethread == truth["thread"]["ethread"]
        if truth["fault_ip"]:
            assert labelled.analysis.fault.ip == truth["fault_ip"], truth["signature"]


def test_modules_are_the_ones_built(every: list[Labelled]) -> None:
    for labelled in every[:: len(every) // 8]:
        found = {(m.image_name.lower(), m.base, m.size) for m in labelled.analysis.scene.modules}
        assert found == {(m["file"].lower(), m["base"], m["size"]) for m in labelled.truth["modules"]}


@pytest.mark.parametrize(("machine", "fault"), [pair for pair in PAIRS if pair[1] in IN_EVERY_KIND])
def test_every_kind_of_dump_says_the_same(machine: str, fault: str, tmp_path: Path) -> None:
    snapshot = build(machine, fault)
    found = {kind: analysed(snapshot, kind, tmp_path).analysis.signature for kind in kinds_of(snapshot)}
    assert len(set(found.values())) == 1, found
