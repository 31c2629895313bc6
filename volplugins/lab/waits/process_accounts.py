"""What processes have used: times, working sets, quotas, commit (public symbol tables)."""

from __future__ import annotations

from typing import Any

from volplugins.lab.kernel.processes import Process
from volplugins.lab.waits.hang import Hang
from volplugins.lab.waits.wait_blocks import write_member

_PAGED, _NONPAGED = 1, 0  # places in the quota's arrays; of Windows XP's three the last is the page file's


def write_process_accounts(hang: Hang) -> list[dict[str, Any]]:
    """Fill what every process keeps of its use; gives the numbers as they are in memory."""
    return [_write(hang, each) for each in (*hang.processes(), hang.world.idle)]


def _write(hang: Hang, process: Process) -> dict[str, Any]:
    machine, seed = hang.machine, process.pid
    known = machine.structures
    vm = "Vm.Instance." if known.has("_MMSUPPORT_INSTANCE") else "Vm."
    usage, peak = ("QuotaUsage", "QuotaPeak") if known.has("_EPROCESS", "QuotaUsage") else (
        "ProcessQuotaUsage", "ProcessQuotaPeak")  # fmt: skip
    pages = 0 if process.exited else 400 + seed % 3000
    members = {
        "Pcb.KernelTime": 40 + seed % 701, "Pcb.UserTime": 60 + seed % 503, "Pcb.BasePriority": 8,
        "Pcb.ContextSwitches": 900 + seed, "Pcb.CycleTime": seed * 7_000_003,
        f"{vm}PageFaultCount": 5000 + seed % 4001, f"{vm}WorkingSetSize": pages, f"{vm}PeakWorkingSetSize": pages + 77,
        f"{vm}MinimumWorkingSetSize": 50, f"{vm}MaximumWorkingSetSize": 345,
        f"{usage}[{_NONPAGED}]": 9000 + seed, f"{usage}[{_PAGED}]": 80_000 + seed, f"{peak}[{_NONPAGED}]": 9900 + seed,
        f"{peak}[{_PAGED}]": 90_000 + seed, "PeakVirtualSize": 0x30000000, "CommitChargePeak": 600 + seed % 99,
        "PriorityClass": 2,
    }  # fmt: skip
    for path, value in members.items():
        write_member(machine, process.address, "_EPROCESS", path, value)
    kept = {path.rpartition(".")[2]: value for path, value in members.items() if _has(hang, path)}
    return {"pid": process.pid, "eprocess": process.address, **kept}


def _has(hang: Hang, path: str) -> bool:
    try:
        hang.machine.structures.locate("_EPROCESS", path)
    except KeyError:
        return False
    return True
