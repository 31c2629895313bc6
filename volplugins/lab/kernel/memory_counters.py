"""The memory manager's counters: RAM, pages at hand, commit, nonpaged pool.

Variables up to Windows 8.1, to which the debugger data block leads; members of MiSystemPartition and MiState since
Windows 10 (public symbol tables). All are in pages but the size of nonpaged pool up to Windows 8.1.
"""

from __future__ import annotations

from dataclasses import dataclass

from volplugins.lab.machine.machine import Machine

_STRUCTURES_SINCE = 10240
_LARGE_PART = 3  # of nonpaged pool a third are large blocks
#: member of the debugger data block, and the variable whose address it holds
COUNTER_ADDRESSES = {
    0xF8: "MmNumberOfPhysicalPages", 0x100: "MmMaximumNonPagedPoolInBytes", 0x148: "MmTotalCommitLimit",
    0x150: "MmTotalCommittedPages", 0x1A8: "MmAvailablePages", 0x1C0: "NonPagedPoolDescriptor",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class MemoryCounters:
    """In pages. ``pool_limit``: the most that nonpaged pool may have."""

    physical: int
    available: int
    limit: int
    committed: int
    pool_limit: int
    pool: int


def usual_counters(machine: Machine) -> MemoryCounters:
    """Of a machine with memory to spare."""
    pages = sum(count for _, count in machine.profile.runs)
    return MemoryCounters(pages, pages * 2 // 5, pages * 2, pages * 11 // 10, pages * 3 // 4, pages // 20)


def low_counters(machine: Machine) -> MemoryCounters:
    """Of a machine whose commit and nonpaged pool are used up, and that has few pages left."""
    usual = usual_counters(machine)
    return MemoryCounters(usual.physical, usual.physical // 800, usual.limit, usual.limit - 37, usual.pool_limit,
                          usual.pool_limit - 9)  # fmt: skip


def write_memory_counters(machine: Machine, counters: MemoryCounters) -> None:
    """Store the counters where the build has them; truth["memory"], of kernels whose place of them is public."""
    if machine.structures.has("_MI_PARTITION"):
        _write_structures(machine, counters)
    elif machine.profile.build < _STRUCTURES_SINCE:
        _write_variables(machine, counters)
    else:
        return
    machine.truth["memory"] = {
        "physical": counters.physical, "available": counters.available, "commit_limit": counters.limit,
        "committed": counters.committed, "nonpaged_limit": counters.pool_limit, "nonpaged": counters.pool,
    }  # fmt: skip


def _write_structures(machine: Machine, counters: MemoryCounters) -> None:
    partition, state = machine.symbol("nt!MiSystemPartition"), machine.symbol("nt!MiState")
    known = machine.structures
    for name, value in (("NumberOfPhysicalPages", counters.physical), ("AvailablePages", counters.available),
                        ("TotalCommitLimit", counters.limit), ("TotalCommittedPages", counters.committed)):  # fmt: skip
        machine.write_pointer(partition + known.offset("_MI_PARTITION", f"Vp.{name}"), value)
    for name, value in (("MaximumNonPagedPoolInPages", counters.pool_limit), ("NonPagedPoolCommit", counters.pool)):
        machine.write_pointer(state + known.offset("_MI_SYSTEM_INFORMATION", f"Vs.{name}"), value)


def _write_variables(machine: Machine, counters: MemoryCounters) -> None:
    for name, value in (("MmNumberOfPhysicalPages", counters.physical), ("MmAvailablePages", counters.available),
                        ("MmTotalCommitLimit", counters.limit), ("MmTotalCommittedPages", counters.committed),
                        ("MmMaximumNonPagedPoolInBytes", counters.pool_limit << 12)):  # fmt: skip
        machine.write_pointer(machine.symbol(f"nt!{name}"), value)
    large = counters.pool // _LARGE_PART
    descriptor = machine.symbol("nt!NonPagedPoolDescriptor")
    for name, value in (("TotalPages", counters.pool - large), ("TotalBigPages", large)):
        at = machine.structures.offset("_POOL_DESCRIPTOR", name)
        machine.write(descriptor + at, value.to_bytes(4, "little"))
