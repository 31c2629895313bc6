"""Whether a request that has long been under way is stuck, or waits because that is what it is for.

A driver may keep some requests until something happens: reads, control codes that a program leaves with it, changes of
a directory, locks, waits for a signal to wake up. Such a request says something only where it was cancelled and not
given back, or where its thread stands still in the kernel for it and had been doing other things before: a thread that
was made to leave a request with a driver does so in its first seconds. All other functions are answered soon.
"""

from __future__ import annotations

from dataclasses import dataclass

from volplugins.io.request import Request, StackLocation, State

STUCK_SECONDS = 60.0
CANCELLED = "it was cancelled, and the driver has not given it back"
SOON = "drivers answer such requests soon"
STANDS_STILL = "its thread stands still for it"
_FIRST_SECONDS = 10.0
_SYNCHRONOUS_API = 0x4  # IRP_SYNCHRONOUS_API of wdm.h: who asked waits for it in the kernel
_LASTING = frozenset(
    f"IRP_MJ_{name}"
    for name in """READ DEVICE_CONTROL INTERNAL_DEVICE_CONTROL FILE_SYSTEM_CONTROL DIRECTORY_CONTROL LOCK_CONTROL
    SYSTEM_CONTROL""".split()
)
_WAIT_WAKE = "IRP_MN_WAIT_WAKE"


@dataclass(frozen=True, slots=True)
class Waiter:
    """The thread that a request was made for.

    Attributes:
        waits: whether it waits at all. ``in_kernel``: whether for something that the kernel itself waits for
            (``Executive``), as it does for a request, and not for what its program waits for.
        age: seconds since the thread was made; None where that is not known.
    """

    waits: bool
    in_kernel: bool
    age: float | None


def why_stuck(request: Request, seconds: float | None, waiter: Waiter | None) -> str:
    """Why ``request``, under way for ``seconds``, counts as stuck; empty where it does not."""
    current = request.current
    if seconds is None or seconds < STUCK_SECONDS or current is None or request.state is State.FREE:
        return ""
    if request.state is State.CANCELLED:
        return CANCELLED
    if not _may_last(current):
        return SOON
    return STANDS_STILL if waiter is not None and _stands_still(request, seconds, current, waiter) else ""


def _may_last(location: StackLocation) -> bool:
    return location.major_name in _LASTING or location.minor_name == _WAIT_WAKE


def _stands_still(request: Request, seconds: float, location: StackLocation, waiter: Waiter) -> bool:
    """Whether the thread waits for this very request, after it had done something else."""
    for_it = waiter.waits and (waiter.in_kernel or bool(request.flags & _SYNCHRONOUS_API))
    first = waiter.age is not None and waiter.age - seconds < _FIRST_SECONDS
    return for_it and not first and location.minor_name != _WAIT_WAKE
