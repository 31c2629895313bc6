"""The VAD tree of a process: one node per range of user addresses that the lab has mapped.

Windows XP roots the tree in a pointer, Windows 7 in an AVL table whose right child is the first node, Windows 10 in a
pointer again (public symbol tables).
"""

from __future__ import annotations

from typing import Any

from volplugins.lab.kernel.processes import Process
from volplugins.lab.machine.machine import Machine
from volplugins.lab.machine.ranges import AWE, DEVICE_MEMORY, IMAGE, LARGE_PAGES, WRITE_WATCH, Range
from volplugins.lab.structures.notation import Record

# bits of Windows XP's _MMVAD_FLAGS that later builds tell by VadType
_XP_KINDS = {
    DEVICE_MEMORY: "PhysicalMapping", IMAGE: "ImageMap", AWE: "UserPhysicalPages", WRITE_WATCH: "WriteWatch",
    LARGE_PAGES: "LargePages",
}  # fmt: skip


def write_vads(machine: Machine, process: Process, record: Record) -> None:
    """Make the tree and put its root into the EPROCESS that is being filled in."""
    ranges = [process.ranges[start] for start in sorted(process.ranges)]
    nodes = [(each, _place(machine, each)) for each in ranges]
    known = machine.structures
    table = known.has("_MM_AVL_TABLE", "BalancedRoot") and known.locate("_EPROCESS", "VadRoot").type == "_MM_AVL_TABLE"
    root_node = process.address + record.offset("VadRoot") if table else 0
    root = _write_tree(machine, process, nodes, root_node)
    if table:
        record.set("VadRoot.BalancedRoot.u1.Parent", root_node).set("VadRoot.BalancedRoot.RightChild", root)
        record.set("VadRoot.NumberGenericTableElements", len(ranges)).set(
            "VadRoot.DepthOfTree", len(ranges).bit_length()
        )
        record.set("VadRoot.NodeHint", root)
    else:
        record.set("VadRoot", root.to_bytes(machine.width, "little"))
    record.fill(VadHint=root, VadCount=len(ranges), NumberOfVads=len(ranges))
    machine.truth.setdefault("vads", {})[process.pid] = [_vad_truth(each) for each in ranges]


def _vad_truth(each: Range) -> dict[str, Any]:
    return {
        "start": each.start, "end": each.end, "private": each.private, "kind": each.kind,
        "protection": each.protection, "commit": each.commit, "file": each.file,
    }  # fmt: skip


def _place(machine: Machine, each: Range) -> int:
    name, tag = ("_MMVAD_SHORT", "VadS") if each.private else ("_MMVAD", "Vad ")
    return machine.pool.allocate(machine.structures.size(name), tag)


def _write_tree(machine: Machine, process: Process, nodes: list[tuple[Range, int]], parent: int) -> int:
    """Write a balanced tree of the ranges; gives its root's address, 0 for none."""
    if not nodes:
        return 0
    middle = len(nodes) // 2
    each, address = nodes[middle]
    left = _write_tree(machine, process, nodes[:middle], address)
    right = _write_tree(machine, process, nodes[middle + 1 :], address)
    record = _node(machine, each, left, right, parent)
    if each.section is not None:
        record.fill(VadsProcess=process.address)
    machine.write(address, record.data)
    return address


def _node(machine: Machine, each: Range, left: int, right: int, parent: int) -> Record:
    known = machine.structures
    record = machine.record("_MMVAD_SHORT" if each.private else "_MMVAD")
    core = "Core." if not each.private and known.has("_MMVAD", "Core") else ""
    first, last = each.start >> 12, (each.end >> 12) - 1
    record.set(core + "StartingVpn", first).set(core + "EndingVpn", last)
    if known.has("_MMVAD_SHORT", "VadNode"):
        record.set(core + "StartingVpnHigh", first >> 32).set(core + "EndingVpnHigh", last >> 32)
        record.set(core + "VadNode.Children[0]", left).set(core + "VadNode.Children[1]", right)
        record.set(core + "VadNode.ParentValue", parent)
    else:
        record.set("LeftChild", left).set("RightChild", right)
        record.set("Parent" if known.has("_MMVAD_SHORT", "Parent") else "u1.Parent", parent)
    _set_flags(record, each, core)
    if each.section is not None:
        record.fill(Subsection=each.section.subsection, ControlArea=each.section.control_area)
        record.fill(FirstPrototypePte=each.section.prototypes, LastContiguousPte=each.section.last_prototype)
    return record


def _set_flags(record: Record, each: Range, core: str) -> None:
    """Windows 8 and later keep the commit charge in a word of its own, until Windows 11 24H2 with MemCommit."""
    known = record.structures
    flags = core + "u.VadFlags."
    record.set(flags + "Protection", each.protection).set(flags + "PrivateMemory", int(each.private))
    apart = core + "u1.VadFlags1." if known.has("_MMVAD_FLAGS1") else flags
    here = flags if known.has("_MMVAD_FLAGS", "MemCommit") else apart
    record.set(apart + "CommitCharge", each.commit).set(here + "MemCommit", int(each.committed))
    if each.shadow:
        record.set(flags + "ShadowStack", 1)
    if known.has("_MMVAD_FLAGS", "VadType"):
        record.set(flags + "VadType", each.kind)
    elif each.kind:
        record.set(flags + _XP_KINDS[each.kind], 1)
