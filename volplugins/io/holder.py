"""Who holds a request now, who waits for it, and since when.

The driver in charge is that of the current location's device. Where that is one of the kernel's own (the PnP manager,
the raw file system), or a filter that marked the request as pending, the driver of the next lower device is named too:
it is where the work goes on. The drivers of the locations above passed the request on and wait.
"""

from __future__ import annotations

from dataclasses import dataclass

from volplugins.io.clock import KernelClock
from volplugins.io.device_lookup import DeviceLookup
from volplugins.io.request import Request, StackLocation, State
from volplugins.io.request_sources import PowerRecord
from volplugins.io.system import IoSystem
from volplugins.kernel.layouts import KernelLayouts
from volplugins.kernel.thread import THREAD_OBJECT
from volplugins.kernel.thread_words import WAITING
from volplugins.memory.reader import ReadError
from volplugins.memory.structure import read_present

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
    """How long a request has been under way, seconds, and what says so.

    ``awake``: how much of that the machine did not sleep at least.
    """

    seconds: float
    how: str
    awake: float


def holder_of(request: Request, devices: DeviceLookup) -> Holder:
    """The driver that holds ``request`` now."""
    current = request.current
    if request.state in _NOBODY or current is None:
        shown = request.shown
        return Holder("", shown.device if shown is not None else 0)
    driver = devices.driver_name(current.device)
    chain = tuple(name for name in (devices.driver_name(each.device) for each in request.above()) if name)
    return Holder(driver, current.device, _next(request, current, driver, devices), chain)


def setter(request: Request, location: StackLocation, devices: DeviceLookup) -> str:
    """Who set a location's completion routine: the driver of the next-higher one, above the highest whoever made it."""
    higher = request.at(location.number + 1)
    return devices.driver_name(higher.device) if higher is not None else ""


def _next(request: Request, current: StackLocation, driver: str, devices: DeviceLookup) -> str:
    """The driver of the device below, for one that passes on: the kernel's own, and a filter that marked it pending."""
    device = devices.device(current.device)
    lower = devices.device(device.lower) if device is not None else None
    if lower is None:
        return ""
    passes = current.pending and request.location > 1
    return devices.driver_name(lower.address) if passes or driver.lower() in KERNELS_OWN else ""


def age_of(
    request: Request, record: PowerRecord | None, clock: KernelClock | None, system: IoSystem, layouts: KernelLayouts
) -> Age | None:
    """Since when ``request`` is under way; None where nobody waits for it and the power manager keeps no time of it.

    The time of a thread's wait is that of the request where the thread waits for it, and else says only how long the
    thread has done nothing.
    """
    if clock is None or request.state in _NOBODY:
        return None
    watched = clock.since_mark(record.watchdog_start) if record is not None else None
    if watched is not None:
        return Age(watched, "the power manager's watchdog", clock.awake(watched))
    tick = wait_time(system, layouts, request.thread) if request.thread else None
    waited = clock.since_tick(tick) if tick is not None else None
    return Age(waited, "the wait of its thread", clock.awake(waited)) if waited is not None else None


def wait_time(system: IoSystem, layouts: KernelLayouts, ethread: int) -> int | None:
    """The tick at which a thread began to wait; None for one that does not wait, and for what is no thread."""
    memory, place = system.memory, system.layouts.thread
    if not place.has("WaitTime") or not system.in_kernel_half(ethread):
        return None
    try:
        kind = memory.read(ethread, 1)[0]
        thread = read_present(memory, ethread, layouts.thread)
        at, size = place.members["WaitTime"]
        tick = int.from_bytes(memory.read(ethread + at, size), "little")
    except ReadError:
        return None
    waits = kind & 0x7F == THREAD_OBJECT and thread.get("State") == WAITING
    return tick if waits else None
