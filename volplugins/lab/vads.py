"""The VAD tree of a process: one node per range of user addresses that the lab has mapped.

Windows XP roots the tree in a pointer, Windows 7 in an AVL table whose right child is the first node, Windows 10 in a
pointer again (public symbol tables). Protection values 1, 4 and 7 are read-only, read-write and execute-write-copy.
"""

from __future__ import annotations

from volplugins.lab.machine import Machine
from volplugins.lab.processes import Process
from volplugins.lab.ranges import Range
from volplugins.lab.structures import Record

_READ_ONLY, _READ_WRITE, _EXECUTE_WRITE_COPY = 1, 4, 7
_IMAGE_TYPE = 2  # MI_VAD_TYPE: VadImageMap


def ranges_of(process: Process) -> list[Range]:
    """What the lab has mapped for a process, ascending: images whole, other pages joined where they touch."""
    images = [
        Range(each.base, each.base + each.image.size, _EXECUTE_WRITE_COPY, True) for each in process.images.values()
    ]
    found = list(images)
    known = [*images, *process.sections]
    limit = process.space.tables.mode.kernel_start
    for page in sorted(page for page in process.space.pages if page < limit):
        if any(each.start <= page < each.end for each in known):
            continue
        protection = _READ_ONLY if page == 0x7FFE0000 else _READ_WRITE
        last = found[-1] if found else None
        if last and last.private and last.end == page and last.protection == protection:
            found[-1] = Range(last.start, page + 0x1000, protection, False)
        else:
            found.append(Range(page, page + 0x1000, protection, False))
    found.extend(process.sections)
    return sorted(found, key=lambda each: each.start) or [Range(0x7FFE0000, 0x7FFE1000, _READ_ONLY, False)]


def write_vads(machine: Machine, process: Process, record: Record) -> None:
    """Make the tree and put its root into the EPROCESS that is being filled in."""
    ranges = ranges_of(process)
    addresses = {each: _place(machine, each) for each in ranges}
    known = machine.structures
    table = known.has("_MM_AVL_TABLE", "BalancedRoot") and known.locate("_EPROCESS", "VadRoot").type == "_MM_AVL_TABLE"
    root_node = process.address + record.offset("VadRoot") if table else 0
    root = _write_tree(machine, ranges, addresses, root_node)
    if table:
        record.set("VadRoot.BalancedRoot.u1.Parent", root_node).set("VadRoot.BalancedRoot.RightChild", root)
        record.set("VadRoot.NumberGenericTableElements", len(ranges)).set(
            "VadRoot.DepthOfTree", len(ranges).bit_length()
        )
        record.set("VadRoot.NodeHint", root)
    else:
        record.set("VadRoot", root.to_bytes(machine.width, "little"))
    record.fill(VadHint=root, VadCount=len(ranges), NumberOfVads=len(ranges))


def _place(machine: Machine, each: Range) -> int:
    name, tag = ("_MMVAD_SHORT", "VadS") if each.private else ("_MMVAD", "Vad ")
    return machine.pool.allocate(machine.structures.size(name), tag)


def _write_tree(machine: Machine, ranges: list[Range], addresses: dict[Range, int], parent: int) -> int:
    """Write a balanced tree of the ranges; gives its root's address, 0 for none."""
    if not ranges:
        return 0
    middle = len(ranges) // 2
    node = ranges[middle]
    address = addresses[node]
    left = _write_tree(machine, ranges[:middle], addresses, address)
    right = _write_tree(machine, ranges[middle + 1 :], addresses, address)
    machine.write(address, _node(machine, node, left, right, parent))
    return address


def _node(machine: Machine, each: Range, left: int, right: int, parent: int) -> bytes:
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
    flags = core + "u.VadFlags."
    record.set(flags + "Protection", each.protection)
    record.set(flags + "PrivateMemory", int(each.private))
    if each.prototypes:
        record.fill(FirstPrototypePte=each.prototypes, LastContiguousPte=each.last_prototype)
    kind = "VadType" if known.has("_MMVAD_FLAGS", "VadType") else "ImageMap"
    record.set(flags + kind, 0 if not each.image else _IMAGE_TYPE if kind == "VadType" else 1)
    return bytes(record.data)
