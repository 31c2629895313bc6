"""Who holds a request now, who waits for it, and since when.

The driver in charge is that of the current location's device. Where that is one of the kernel's own (the PnP manager,
the raw file system), or a filter that marked the request as pending, the driver of the next lower device is named too:
it is where the work goes on. The drivers of the locations above passed the request on and wait.
"""

from __future__ import annotations

from dataclasses import dataclass

from volplugins.io.clock import KernelClock
from volplugins.io.request import Request, StackLocation, State
from volplugins.io.request_sources import PowerRecord
from volplugins.io.view import IoView
from volplugins.kernel.layouts import KernelLayouts
from volplugins.kernel.thread import THREAD_OBJECT
from volplugins.kernel.thread_words import WAITING
from volplugins.memory.reader import ReadError
from volplugins.memory.structure import read_structure

# drivers that live in the kernel or the HAL and pass on what others do
KERNELS_OWN = frozenset({
    "\\driver\\pnpmanager", "\\driver\\wmixwdm", "\\driver\\acpi_hal", "\\driver\\softwaredevice",
    "\\driver\\deviceapi", "\\filesystem\\raw",
})  # fmt: skip
_NOBODY = frozenset({State.COMPLETED, State.FREE})


@dataclass(frozen=True, slots=True)
class Holder:
    """Who has a request.

    Attributes:
        driver: name of the driver that holds it; empty where nobody does, or its device tells none.
        device: the device of its current location; 0 for none.
        next: the driver below, where the holder only passes on what others do; empty for none.
        chain: drivers of the locations above, lowest first: who waits for it.
    """

    driver: str
    device: int
    next: str = ""
    chain: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Age:
    """How long a request has been under way, seconds, and what says so."""

    seconds: float
    how: str


def holder_of(request: Request, view: IoView) -> Holder:
    """The driver that holds ``request`` now."""
    current = request.current
    if request.state in _NOBODY or current is None:
        shown = request.shown
        return Holder("", shown.device if shown is not None else 0)
    driver = driver_at(view, current)
    chain = tuple(name for name in (driver_at(view, each) for each in request.above()) if name)
    return Holder(driver, current.device, _next(request, current, driver, view), chain)


def driver_at(view: IoView, location: StackLocation) -> str:
    """Name of the driver of a location's device; empty where that is no device."""
    device = view.devices.get(location.device)
    return view.driver_name(device) if device is not None else ""


def setter(request: Request, location: StackLocation, view: IoView) -> str:
    """Who set a location's completion routine: the driver of the next-higher one, above the highest whoever made it."""
    higher = request.at(location.number + 1)
    return driver_at(view, higher) if higher is not None else ""


def _next(request: Request, current: StackLocation, driver: str, view: IoView) -> str:
    """The driver of the device below, for one that passes on: the kernel's own, and a filter that marked it pending."""
    device = view.devices.get(current.device)
    lower = view.devices.get(device.lower) if device is not None else None
    if lower is None:
        return ""
    filters = current.pending and lower.upper == current.device and request.location > 1
    return view.driver_name(lower) if filters or driver.lower() in KERNELS_OWN else ""


def age_of(
    request: Request, record: PowerRecord | None, clock: KernelClock | None, view: IoView, layouts: KernelLayouts
) -> Age | None:
    """Since when ``request`` is under way; None where nobody waits for it and the power manager keeps no time of it.

    The time of a thread's wait is that of the request where the thread waits for it, and else says only how long the
    thread has done nothing.
    """
    if clock is None or request.state in _NOBODY:
        return None
    watched = clock.since_mark(record.watchdog_start) if record is not None else None
    if watched is not None:
        return Age(watched, "the power manager's watchdog")
    tick = wait_time(view, layouts, request.thread) if request.thread else None
    waited = clock.since_tick(tick) if tick is not None else None
    return Age(waited, "the wait of its thread") if waited is not None else None


def wait_time(view: IoView, layouts: KernelLayouts, ethread: int) -> int | None:
    """The tick at which a thread began to wait; None for one that does not wait, and for what is no thread."""
    memory, place = view.system.memory, view.system.layouts.thread
    if not place.has("WaitTime") or not view.system.in_kernel_half(ethread):
        return None
    try:
        thread = read_structure(memory, ethread, layouts.thread)
        at, size = place.members["WaitTime"]
        tick = int.from_bytes(memory.read(ethread + at, size), "little")
    except ReadError:
        return None
    waits = thread.data[0] & 0x7F == THREAD_OBJECT and thread.get("State") == WAITING
    return tick if waits else None
