"""Whether a request that has long been under way is stuck, or waits because that is what it is for.

A driver may keep some requests until something happens: reads, control codes that a program leaves with it, changes of
a directory, locks, waits for a signal to wake up. Such a request says something only where it was cancelled and not
given back, or where its thread stands still in the kernel for it and had been doing other things before: a thread that
was made to leave a request with a driver does so in its first seconds. All other functions are answered soon.
"""

from __future__ import annotations

from dataclasses import dataclass

from volplugins.io.request import Request, State
from volplugins.io.words.functions import major_function, minor_function

STUCK_SECONDS = 60.0
_FIRST_SECONDS = 10.0
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
        in_kernel: whether it waits for something that the kernel itself waits for (``Executive``), as it does for a
            request, and not for what its program waits for.
        age: seconds since the thread was made; None where that is not known.
    """

    in_kernel: bool
    age: float | None


def why_stuck(request: Request, seconds: float | None, waiter: Waiter | None) -> str:
    """Why ``request``, under way for ``seconds``, counts as stuck; empty where it does not."""
    if seconds is None or seconds < STUCK_SECONDS or request.state in (State.COMPLETED, State.FREE):
        return ""
    if request.state is State.CANCELLED:
        return "it was cancelled, and the driver has not given it back"
    current = request.current
    if current is None:
        return ""
    major = major_function(current.major)
    if minor_function(current.major, current.minor) == _WAIT_WAKE:
        return ""
    if major not in _LASTING:
        return "such requests are answered soon"
    if waiter is None or not waiter.in_kernel:
        return ""
    if waiter.age is not None and waiter.age - seconds < _FIRST_SECONDS:
        return ""
    return "its thread stands still for it"
