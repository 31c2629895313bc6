"""Timers of the second kind (KTIMER2, Windows 10 and later), in the trees of KiTimer2Collections.

Members and numbers of the trees: public symbol tables (KTIMER2_COLLECTION_INDEX: 0 NoWake, 1 Hr, 2 Finite, 3 Ir; 16 for
a node that is in none). A timer that need not wake the processor is in two trees, by when it may and when it has to go
off.
"""

from __future__ import annotations

from volplugins.lab.kernel.process_records import link_list
from volplugins.lab.machine.machine import Machine
from volplugins.lab.waits.hang import Hang

_TYPE, _NOWHERE, _SECOND = 24, 16, 10_000_000
# routine, the tree of each node with the seconds until then, period in milliseconds
_TIMERS = (
    ("nt!PopIrpWatchdog", ((0, 4), (2, 9)), 0), ("acmedrv!AcmeRequestComplete", ((1, 2),), 250),
    ("nt!PopIrpWatchdog", ((0, 30),), 5000), ("tcpip!TcpPeriodicTimeoutHandler", ((0, 1),), 1000),
)  # fmt: skip


def write_timers2(hang: Hang) -> None:
    """A few of them, where the build has trees; truth["waits"]["timers2"]."""
    machine = hang.machine
    if not machine.structures.has("_KTIMER2"):
        return
    trees: dict[int, list[tuple[int, int]]] = {}
    for name, nodes, period in _TIMERS:
        routine = machine.symbol(name)
        timer = _timer(machine, routine, nodes, period)
        for which, (tree, seconds) in enumerate(nodes):
            at = timer + machine.structures.offset("_KTIMER2", f"RbNodes[{which}]")
            trees.setdefault(tree, []).append((seconds, at))
        due = {machine.host.uptime + seconds * _SECOND for _, seconds in nodes}
        hang.timers2.append({"timer": timer, "routine": routine, "due": sorted(due), "period": period})
    collections = machine.symbol("nt!KiTimer2Collections")
    for tree, entries in trees.items():
        _tree(machine, collections + tree * machine.structures.size("_KTIMER2_COLLECTION"), sorted(entries))


def _timer(machine: Machine, routine: int, nodes: tuple[tuple[int, int], ...], period: int) -> int:
    record = machine.record("_KTIMER2").fill(Period=period * 10_000, Callback=routine)
    record.set("Header.Type", _TYPE)
    for which in range(2):
        tree, seconds = nodes[which] if which < len(nodes) else (_NOWHERE, 0)
        record.set(f"CollectionIndex[{which}]", tree)
        record.set(f"DueTime[{which}]", machine.host.uptime + seconds * _SECOND if seconds else 0)
    timer = machine.pool.store(record.data, "Tmr2")
    link_list(machine, timer + record.offset("Header.WaitListHead"), [])
    return timer


def _tree(machine: Machine, tree: int, entries: list[tuple[int, int]]) -> None:
    """A balanced tree of nodes in the order of their times; its first node is the least."""
    nodes = [node for _, node in entries]
    machine.write_pointer(tree, _subtree(machine, nodes, 0))
    machine.write_pointer(tree + machine.width, nodes[0])


def _subtree(machine: Machine, nodes: list[int], parent: int) -> int:
    if not nodes:
        return 0
    middle = len(nodes) // 2
    node = nodes[middle]
    machine.write_pointer(node, _subtree(machine, nodes[:middle], node))
    machine.write_pointer(node + machine.width, _subtree(machine, nodes[middle + 1 :], node))
    machine.write_pointer(node + 2 * machine.width, parent)
    return node
