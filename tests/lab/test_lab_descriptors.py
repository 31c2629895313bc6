"""Descriptor tables, task states, interrupt objects and real mode vectors: read back by the manual's drawings."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.lab.descriptor_reader import Tables
from tests.lab.machine_memory import kernel_bytes, made, pointer, translate
from volplugins.lab.damage.gates import GATE_HOOKS, gate_hooks_of, with_gate_hook
from volplugins.lab.machine.snapshot import Snapshot
from volplugins.lab.machines.catalogue import MACHINES, build
from volplugins.lab.writers import write

EVERY = pytest.mark.parametrize("machine", MACHINES)
HOOKED = [(machine, name) for machine in MACHINES for name in gate_hooks_of(64 if machine.endswith("x64") else 32)]
# KINTERRUPT: list, ServiceRoutine, MessageServiceRoutine, Vector, DispatchCode (public symbol tables; 0: none)
OBJECT = {
    "win10-x64": (8, 0x18, 0x20, 0x58, 0), "win7-x64": (8, 0x18, 0x20, 0x58, 0),
    "win7-x86-pae": (4, 0xC, 0x10, 0x2C, 0x58), "xp-x86": (4, 0xC, 0, 0x24, 0x3C),
}  # fmt: skip
# in KPRCB: ProcessorState.SpecialRegisters.Idtr
IDTR = {"win10-x64": 0x160, "win7-x64": 0xA0, "win7-x86-pae": 0x18 + 0x2FC, "xp-x86": 0x1C + 0x2FC}
INTERRUPT_OBJECT = {"win10-x64": 0x3140, "win7-x64": 0x2200}  # KPRCB


def processors(snapshot: Snapshot) -> list[tuple[Tables, dict]]:  # type: ignore[type-arg]
    return [(Tables(snapshot, each["pcr"]), each) for each in snapshot.truth["descriptors"]["processors"]]


def module_of(snapshot: Snapshot, address: int) -> str:
    return next((each["name"] for each in snapshot.truth["modules"]
                 if each["base"] <= address < each["base"] + each["size"]), "")  # fmt: skip


@EVERY
@pytest.mark.parametrize("host", [0, 1])
def test_segments_and_gates_are_as_the_truth_says(machine: str, host: int) -> None:
    snapshot = made(machine, host=host)
    for tables, truth in processors(snapshot):
        assert (tables.gdt, tables.idt) == (truth["gdt"]["base"], truth["idt"]["base"])
        for selector, told in truth["segments"].items():
            seen = tables.segment(selector)
            assert (seen.access, seen.base, seen.limit) == (told["access"], told["base"], told["limit"]), hex(selector)
        assert sorted(truth["gates"]) == list(range(256))
        for vector, told in truth["gates"].items():
            seen = tables.gate(vector)
            assert seen.access & 0x80 and seen.access >> 5 & 3 == told["dpl"]
            if told["task"]:
                assert (seen.access & 0x1F, seen.selector) == (5, told["task"])
            else:
                assert (seen.target, seen.stack) == (told["target"], told["ist"])
                assert tables.segment(seen.selector).access & 0xF8 == 0x98  # a present code segment of ring 0


@EVERY
@pytest.mark.parametrize("host", [0, 1])
def test_gates_lead_into_the_kernel_or_to_an_interrupt_object(machine: str, host: int) -> None:
    snapshot = made(machine, host=host)
    at_list, at_service, at_message, at_vector, at_code = OBJECT[machine]
    for tables, truth in processors(snapshot):
        connected = {each["vector"] for each in truth["interrupts"]}
        for vector, told in truth["gates"].items():
            if vector in connected and at_code:
                assert not told["module"]
            else:
                assert told["module"] in ("nt", "hal"), hex(vector)
        assert {0x81, 0x91} <= connected
        for vector in connected:
            rows = [each for each in truth["interrupts"] if each["vector"] == vector]
            if at_code:
                assert tables.gate(vector).target == rows[0]["object"] + at_code
                code = kernel_bytes(snapshot, rows[0]["object"] + at_code, 0x40)
                assert b"\xbf" + rows[0]["object"].to_bytes(4, "little") + b"\xe9" in code
            else:
                table = truth["prcb"] + INTERRUPT_OBJECT[machine]
                assert pointer(snapshot, table + 8 * vector) == rows[0]["object"]
                thunk = kernel_bytes(snapshot, tables.gate(vector).target, 8)
                assert (thunk[0], thunk[1], thunk[3]) == (0x6A, vector, 0xE9)
            ring, at = [], rows[0]["object"]
            while at not in ring:
                ring.append(at)
                at = pointer(snapshot, at + at_list) - at_list
            assert ring == [each["object"] for each in rows] and at == rows[0]["object"]
            for row in rows:
                service = pointer(snapshot, row["object"] + at_service)
                assert tables.word(row["object"] + at_vector, 4) == vector
                assert service == row["service"] and module_of(snapshot, row["routine"]) == row["module"]
                if row["message"]:
                    assert pointer(snapshot, row["object"] + at_message) == row["routine"]
                    assert module_of(snapshot, service) == "nt"


@EVERY
def test_task_states(machine: str) -> None:
    snapshot = made(machine)
    for tables, truth in processors(snapshot):
        selector = 0x40 if tables.wide else 0x28
        task = tables.segment(selector)
        assert task.base == tables.tss == truth["tss"]["base"] and task.access & 0x1F == 0xB
        if tables.wide:
            stacks = {number: tables.word(tables.tss + 0x1C + 8 * number, 8) for number in (1, 2, 3)}
            assert stacks == truth["interrupt_stacks"] and len(set(stacks.values())) == 3
            assert {truth["gates"][vector]["ist"] for vector in (8, 0x12, 2)} == {1, 2, 3}
            continue
        assert task.limit == 0x20AB and sorted(truth["tasks"]) == [0x28, 0x50, 0x58, 0xA0]
        for further in (0x50, 0x58, 0xA0):
            seen, told = tables.segment(further), truth["tasks"][further]
            assert seen.base == told["base"] and seen.access & 0x1F == 9
            fields = [tables.word(seen.base + at, 4) for at in (0x20, 0x38, 0x1C)]
            assert fields == [told["target"], told["stack"], snapshot.truth["system_directory"]]
            assert tables.word(seen.base + 0x4C, 2) == 8


def test_shadowed_kernels_map_what_gates_lead_to() -> None:
    snapshot = made("win10-x64", host=1)
    shadow = snapshot.truth["process"]["shadow"] & ~0xFFF
    for tables, truth in processors(snapshot):
        assert truth["shadow"]
        places = {each["target"] for each in truth["gates"].values()} | set(truth["system_calls"].values())
        for place in {*places, tables.gdt, tables.idt, tables.tss, truth["pcr"]}:
            assert translate(snapshot, shadow, place) == translate(snapshot, snapshot.truth["system_directory"], place)


@EVERY
def test_the_vectors_of_real_mode_are_in_images_alone(machine: str, tmp_path: Path) -> None:
    snapshot = made(machine)
    vectors = snapshot.truth["descriptors"]["ivt"]
    data = write(snapshot, "raw", tmp_path / "a.raw").read_bytes()[:0x400]
    words = [int.from_bytes(data[at : at + 2], "little") for at in range(0, 0x400, 2)]
    assert list(zip(words[1::2], words[::2], strict=True)) == [tuple(each) for each in vectors]
    assert len(set(vectors)) > 10 and 0 not in snapshot.pages


@pytest.mark.parametrize(
    ("machine", "fault", "selector"),
    [(machine, *each) for machine in ("xp-x86", "win7-x86-pae")
     for each in (("double-fault-task", 0x50), ("nmi-task", 0x58), ("machine-check", 0xA0))],
)  # fmt: skip
def test_a_task_gate_keeps_what_it_interrupted(machine: str, fault: str, selector: int) -> None:
    snapshot = made(machine, fault)
    left = snapshot.truth["previous_task"]
    tables, truth = processors(snapshot)[0]
    assert truth["tss"]["selector"] == selector and tables.tss == truth["tasks"][selector]["base"]
    assert tables.word(tables.tss, 2) == 0x28 and tables.segment(selector).access & 0x1F == 0xB
    old = tables.segment(0x28).base
    assert (tables.word(old + 0x20, 4), tables.word(old + 0x38, 4)) == (left["ip"], left["sp"])
    assert tables.word(old + 0x3C, 4) == left["registers"]["ebp"]
    interrupted = next(each for each in snapshot.truth["stack"] if each["kind"] == "interrupted")
    assert (interrupted["ip"], interrupted["sp"]) == (left["ip"], left["sp"])
    assert module_of(snapshot, left["ip"]) == "acmedrv"


@pytest.mark.parametrize("machine", ["win10-x64", "win7-x64"])
def test_machine_checks_of_x64_have_a_stack(machine: str) -> None:
    snapshot = made(machine, "machine-check")
    tables, truth = processors(snapshot)[0]
    top = truth["interrupt_stacks"][2]
    frame = next(each for each in snapshot.truth["stack"] if each["kind"] == "interrupted")
    assert tables.word(top - 0x28, 8) == frame["ip"] and tables.word(top - 0x10, 8) == frame["sp"]
    assert snapshot.header["BugCheckCode"] == 0x9C


@pytest.mark.parametrize(("machine", "name"), HOOKED)
def test_a_hook_changes_what_it_says_and_little_else(machine: str, name: str) -> None:
    sound = made(machine)
    hooked = with_gate_hook(sound, name)
    hook = hooked.truth["descriptors"]["hook"]
    assert hook["name"] == name and hook["finding"] == GATE_HOOKS[name].finding
    assert sound.truth["descriptors"]["hook"] is None
    number = hook["processor"] or 0
    tables, truth = processors(hooked)[number]
    if "object" in hook:
        at = OBJECT[machine][0 if name == "sharers-loop" else 1]
        leads = pointer(hooked, hook["object"] + at)
        assert leads == (hook["target"] or hook["object"] + at)
    elif hook.get("table"):
        idtr = truth["prcb"] + IDTR[machine]
        width = 8 if tables.wide else 4
        word = tables.word(idtr + width - 2, 2), pointer(hooked, idtr + width)
        assert word == (hook.get("limit", 0xFFF if tables.wide else 0x7FF), hook.get("base", tables.idt))
    elif "vector" in hook and hook["target"]:
        assert tables.gate(hook["vector"]).target == hook["target"]
    elif "selector" in hook and name != "task-link-loop":
        assert tables.segment(hook["selector"]).access & 0x80
    changed = sum(
        one != other
        for pfn, page in hooked.pages.items()
        for one, other in zip(page, sound.pages.get(pfn, bytes(0x1000)), strict=True)
    )
    assert 0 < changed <= (0x1000 if name == "idt-elsewhere" else 0x60)


def test_hooks_are_refused_where_a_machine_cannot_have_them() -> None:
    for machine, name in (("xp-x86", "lstar-outside"), ("win10-x64", "task-link-loop"), ("xp-x86", "none")):
        with pytest.raises(ValueError, match="no hook of gates"):
            with_gate_hook(build(machine), name)
