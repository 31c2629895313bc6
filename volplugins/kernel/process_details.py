"""What a process's record says besides what every command shows: image name, times, memory, quotas, token, job."""

from __future__ import annotations

from dataclasses import dataclass

from volplugins.kernel.members import is_kernel_address, read_member
from volplugins.kernel.wait_layouts import WaitLayouts
from volplugins.memory.reader import MemoryReader, ReadError
from volplugins.memory.structure import Layout

_NONPAGED, _PAGED = 0, 1  # PS_QUOTA_TYPE: the places of the two pools
_LONGEST_NAME = 32767  # characters of a path


@dataclass(frozen=True, slots=True)
class ProcessDetails:
    """Members of one EPROCESS; None: not known in this build, or not to be read.

    Attributes:
        full_name: path of its image, as the object manager names it; empty where it has none.
        kernel_ticks, user_ticks: of the clock, those of threads that have ended.
        working_set …: in pages, as ``peak_commit``; virtual sizes and quotas in bytes.
        job, token: addresses; 0: none.
    """

    full_name: str
    kernel_ticks: int | None
    user_ticks: int | None
    working_set: int | None
    working_set_minimum: int | None
    working_set_maximum: int | None
    working_set_peak: int | None
    virtual_size: int | None
    virtual_size_peak: int | None
    page_faults: int | None
    peak_commit: int | None
    paged_quota: int | None
    nonpaged_quota: int | None
    base_priority: int | None
    token: int | None
    job: int | None


def read_process_details(memory: MemoryReader, eprocess: int, layouts: WaitLayouts, bits: int) -> ProcessDetails:
    """Read them; never raises ReadError."""
    layout, width = layouts.process, bits // 8

    def member(name: str, size: int = 0) -> int | None:
        return read_member(memory, eprocess, layout, name, size)

    peak = member("CommitChargePeak", width)
    token = member("Token", width)
    return ProcessDetails(
        _full_name(memory, member("SeAuditProcessCreationInfo", width), bits), member("KernelTime", 4),
        member("UserTime", 4), member("WorkingSetSize", width), member("MinimumWorkingSetSize", width),
        member("MaximumWorkingSetSize", width), member("PeakWorkingSetSize", width), member("VirtualSize", width),
        member("PeakVirtualSize", width), member("PageFaultCount", 4),
        member("PeakCommitCharge", width) if peak is None else peak, _quota(memory, eprocess, layout, _PAGED, width),
        _quota(memory, eprocess, layout, _NONPAGED, width), member("BasePriority", 1),
        # the low bits of a fast reference count
        token & ~(2 * width - 1) if token is not None else None, member("Job", width),
    )  # fmt: skip


def _quota(memory: MemoryReader, eprocess: int, layout: Layout, place: int, width: int) -> int | None:
    """One of an array of quotas: of pools and the page file up to Vista, of the pools since."""
    name = next((each for each in ("ProcessQuotaUsage", "QuotaUsage") if layout.has(each)), "")
    if not name:
        return None
    one = Layout(layout.name, layout.size, {name: (layout.offset(name) + place * width, width)}, layout.source)
    return read_member(memory, eprocess, one, name)


def _full_name(memory: MemoryReader, address: int | None, bits: int) -> str:
    """The UNICODE_STRING at ``address`` (OBJECT_NAME_INFORMATION); empty where there is none."""
    if address is None or not is_kernel_address(address, bits):
        return ""
    width = bits // 8
    try:
        descriptor = memory.read(address, 2 * width)
        length, buffer = int.from_bytes(descriptor[:2], "little") & ~1, int.from_bytes(descriptor[width:], "little")
        if not length or length > 2 * _LONGEST_NAME or not is_kernel_address(buffer, bits):
            return ""
        return memory.read(buffer, length).decode("utf-16-le", "replace")
    except ReadError:
        return ""
