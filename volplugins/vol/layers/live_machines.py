"""Live machines of this process: one connection for each location, made when somebody first reads, left at every end.

The machine stands still from the first read on, and runs on at the end of the ``leaving`` that it was stopped in, else
when the interpreter ends. SIGTERM and its like end that as an exception does, so that both happen.
"""

from __future__ import annotations

import atexit
import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from volplugins.kd.errors import LiveError, NoAnswer
from volplugins.vol.layers.ending_signals import ended_once, given_back, taken, undisturbed
from volplugins.wires.location import is_live, parse_location

if TYPE_CHECKING:
    from volatility3.framework.interfaces.layers import DataLayerInterface

    from volplugins.dumpfile.source import ByteSource
    from volplugins.kd.machine import Machine
    from volplugins.kd.session import Session
    from volplugins.target.kernel_heads import AddressesOf
    from volplugins.target.target import Target
    from volplugins.wires.location import WireLocation

_BETWEEN = 0.2  # seconds between two lines of progress


@dataclass(slots=True)
class Live:
    """A machine that was stopped: the connection, and the target that it is."""

    location: WireLocation
    machine: Machine
    target: Target

    @property
    def read(self) -> str:
        """How much was read over the wire, in words."""
        session = self.machine.session
        return f"{self.machine.read_bytes >> 10} KiB in {session.requests} requests read over the wire"


_machines: dict[str, Live | LiveError] = {}
_progress: list[Callable[[str], None]] = []
_told: list[float] = []
_before: dict[int, Any] = {}
_lookers: dict[str, int] = {}  # blocks of ``leaving`` by location
_outside: set[str] = set()  # what was stopped outside of any
_log = logging.getLogger(__name__)
_owner: list[int] = []
_unheard: set[str] = set()  # left, and did not say that they run on


def location_of(layer: DataLayerInterface) -> str | None:
    """The location of a live machine that a layer of a file stands for; None for any other layer."""
    location = getattr(layer, "location", None)
    return location if isinstance(location, str) and is_live(location) else None


def live_at(location: str, addresses_of: AddressesOf | None = None) -> Live:
    """The machine there, stopped when it is asked for the first time.

    Raises:
        LiveError: nobody answers, or what answers cannot be looked at; said again whenever it is asked for again.
    """
    found = _machines.get(location)
    if found is None:
        try:
            with ended_once():
                found = _stopped(location, addresses_of)
        except LiveError as error:
            found = _machines[location] = error
    if isinstance(found, LiveError):
        raise found.with_traceback(None)
    return found


def _stopped(location: str, addresses_of: AddressesOf | None) -> Live:
    from volplugins.kd.machine import stop_machine
    from volplugins.kd.session import Session
    from volplugins.kd.wire import Timing
    from volplugins.target.of_live import target_of_live
    from volplugins.wires.opening import open_wire, what_to_check

    where = parse_location(location)
    memory = _memory(where)
    wire = open_wire(where)
    session = Session(wire, Timing(), stay_stopped=where.stay_stopped, step_past=where.step_past)
    _at_the_end()
    try:
        machine = stop_machine(session)
        machine.told = _tell
        target = target_of_live(machine, f"live machine on {where.name}", addresses_of, memory)
        found = _machines[location] = Live(where, machine, target)
    except NoAnswer as error:
        _let_go(where, session)
        raise NoAnswer(f"{where.name}: {error}; {what_to_check(where, wire)}") from None
    except LiveError as error:
        _let_go(where, session)
        raise LiveError(f"{where.name}: {error}") from None
    except BaseException:
        _let_go(where, session)
        _machines.pop(location, None)
        raise
    return found


def _memory(where: WireLocation) -> ByteSource | None:
    """What ``?memory=`` names: a local file, or whatever volatility3 has a handler for."""
    if not where.memory:
        return None
    from volplugins.dumpfile.errors import DumpError
    from volplugins.vol.layers.guest_memory import guest_memory

    try:
        return guest_memory(where.memory)
    except DumpError as error:
        raise LiveError(f"memory={where.memory}: {error}") from None


@contextmanager
def progress_of_reading(show: Callable[[str], None]) -> Iterator[None]:
    """Inside, ``show`` is told how much was read, as often as something was."""
    _progress.append(show)
    try:
        yield
    finally:
        _progress.remove(show)


@contextmanager
def leaving(location: str, show: Callable[[str], None]) -> Iterator[None]:
    """Inside, the machine there may be stopped, and ``show`` is told how much was read; at the end it runs on.

    Where others look at it as well, in a block around this one for example, it stands until the last of them ends.
    """
    if location in _machines and location not in _lookers:
        _outside.add(location)
    _lookers[location] = _lookers.get(location, 0) + 1
    with progress_of_reading(show):
        try:
            yield
        finally:
            _lookers[location] -= 1
            if not _lookers[location]:
                del _lookers[location]
                if location not in _outside:
                    _leave(location)


def stay_stopped() -> None:
    """Every machine that is stopped now stays so when it is left."""
    for found in _machines.values():
        if isinstance(found, Live):
            found.machine.session.stay_stopped = True


def said_that_it_runs(location: str) -> bool:
    """Whether the machine there, which was left, took that it runs on."""
    return location not in _unheard


def _tell(_: int) -> None:
    now = time.monotonic()
    if not _progress or (_told and now - _told[0] < _BETWEEN):
        return
    _told[:] = [now]
    text = read_so_far()
    if text:
        _progress[-1](text)


def read_so_far() -> str:
    """How much was read over all wires, in words; empty where there is none."""
    return "; ".join(live.read for live in _machines.values() if isinstance(live, Live))


def leave_all() -> None:
    """Let every machine run on, and forget what was read of it; nothing ends this before each was told."""
    for location in list(_machines):
        _leave(location)


def _leave(location: str) -> None:
    """Let the machine there run on, and forget what was read of it."""
    if _owner and _owner[0] != os.getpid():
        return  # a forked child has its parent's connections
    with undisturbed():
        found = _machines.pop(location, None)
        _outside.discard(location)
        if isinstance(found, Live):
            (_unheard.discard if _let_go(found.location, found.machine.session) else _unheard.add)(location)
    if not _machines:
        _restore()


def _let_go(where: WireLocation, session: Session) -> bool:
    """Whether it took that it runs on, or was to stand; said where it did not, or was written to."""
    runs = session.leave()
    if not runs:
        with suppress(OSError, ValueError):  # the terminal may be gone
            print(f"volplugins: {where.name}: the machine did not say that it runs on", file=sys.stderr)
    elif session.steps:
        _log.info(f"{where.name}: its instruction pointer was put behind the breakpoint at which it stood")
    return runs


def _at_the_end() -> None:
    """Leave at the interpreter's end, and have SIGTERM and its like be one."""
    if not _owner or _owner[0] != os.getpid():
        _owner[:] = [os.getpid()]
        atexit.register(leave_all)
    if threading.current_thread() is threading.main_thread() and not _before:
        # another handler, such as our own commands', ends the run its own way
        _before.update(taken(_terminated, lambda before: before in (signal.SIG_DFL, None)))


def _terminated(number: int, frame: Any) -> None:
    sys.exit(128 + number)


def _restore() -> None:
    if _before and threading.current_thread() is threading.main_thread():
        given_back({number: kept for number, kept in _before.items() if signal.getsignal(number) is _terminated})
        _before.clear()
