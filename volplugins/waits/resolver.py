"""From a wait block to what is really waited for: the lock around an object, its owner, its name; best way first."""

from __future__ import annotations

from dataclasses import dataclass, replace

from volplugins.waits.held import Held
from volplugins.waits.lock_entries import LockEntries
from volplugins.waits.objects import Dispatcher, DispatcherObjects
from volplugins.waits.owners.address import AddressWaits, section_held, waits_for_address
from volplugins.waits.owners.alpc import held_message
from volplugins.waits.owners.fast_mutex import held_fast_mutex
from volplugins.waits.owners.lpc import LpcMessages
from volplugins.waits.owners.mutant import MutantOwners
from volplugins.waits.owners.push_lock import held_push_lock
from volplugins.waits.owners.queue import held_queue
from volplugins.waits.owners.request import RequestWaits
from volplugins.waits.processes import WaitProcesses
from volplugins.waits.resources import Resources
from volplugins.waits.system import WaitSystem, number_in
from volplugins.waits.waiter import Waiter
from volplugins.waits.words import (
    DELAYS,
    SUSPENDED,
    WR_LPC_RECEIVE,
    WR_LPC_REPLY,
    WR_PUSH_LOCK,
    Kind,
)

_USER_REQUEST = (6, 13)
_OWN_MESSAGE = (WR_LPC_RECEIVE, WR_LPC_REPLY)


@dataclass(frozen=True, slots=True)
class Resolver:
    """Everything that knows of owners."""

    system: WaitSystem
    objects: DispatcherObjects
    processes: WaitProcesses
    mutants: MutantOwners
    entries: LockEntries
    resources: Resources
    requests: RequestWaits
    addresses: AddressWaits
    messages: LpcMessages

    def without_object(self, waiter: Waiter) -> Held | None:
        """What a thread waits for that has no wait block; None where nothing says."""
        if waits_for_address(waiter, 0):
            return self.addresses.held(waiter, 0)
        return Held(waiter.timer, Kind.TIMER) if waiter.reason in DELAYS and waiter.timed else None

    def held(self, waiter: Waiter, address: int) -> Held:
        """What a thread waits for by waiting for the dispatcher object at ``address``."""
        waited = self.objects.at(address)
        if waited is None:
            return Held(address, Kind.UNKNOWN, notes=("the object that is waited for cannot be read",))
        if waited.kind is Kind.MUTANT:
            return self.mutants.held(address, self.objects.name(address))
        if waited.kind is Kind.THREAD:
            return Held(address, Kind.THREAD, (address,), True, self_blocks=True)  # nobody lives to see its own end
        if waited.kind is Kind.PROCESS:
            return self._process(address)
        if waited.kind is Kind.QUEUE:
            return held_queue(self.system, waited)
        found = self._own(waiter, waited) or self._lock(waiter, waited)
        return found if found is not None else self._plain(waiter, waited)

    def _own(self, waiter: Waiter, waited: Dispatcher) -> Held | None:
        """Objects of the thread itself, on which it waits for something else."""
        if waiter.reason == WR_LPC_REPLY and self.messages.known:
            return self.messages.held(waiter, waited.address, self.objects.name)
        if waiter.reason in _OWN_MESSAGE:
            return held_message(self.system, waiter, waited.address, self._port)
        if waits_for_address(waiter, waited.address):
            return self.addresses.held(waiter, waited.address)
        if waiter.reason in SUSPENDED and waiter.has_inside(waited.address):
            return Held(waited.address, waited.kind, notes=("it is suspended",))
        return None

    def _port(self, port: int) -> tuple[str, int | None]:
        """Name of an ALPC port, and the process that owns it."""
        owner = number_in(self.system.io.memory, port, self.system.layouts.alpc_port, "OwnerProcess")
        process = self.processes.by_address.get(owner or 0)
        return self.objects.name(port), process.pid if process is not None else None

    def _lock(self, waiter: Waiter, waited: Dispatcher) -> Held | None:
        """The kernel's locks whose waiters wait for an object in the lock or on their stack; requests."""
        resource = self.resources.held(waiter, waited.address, self.entries, "")
        if resource is not None:
            known = self.resources.all.get(resource.object)
            sure = resource.sure and not (known is not None and known.disowned)
            return replace(resource, name=self.objects.symbol(resource.object), sure=sure)
        mutex = held_fast_mutex(self.system, waited, waiter.reason, "")
        if mutex is not None:
            return replace(mutex, name=self.objects.symbol(mutex.object))
        if waiter.reason == WR_PUSH_LOCK:
            lock = held_push_lock(waiter, waited.address, self.entries)
            return replace(lock, name=self.objects.symbol(lock.object))
        return self.requests.held(waiter, waited.address)

    def _plain(self, waiter: Waiter, waited: Dispatcher) -> Held:
        process = self.processes.of_thread.get(waiter.ethread)
        if process is not None and waiter.reason in _USER_REQUEST and waited.kind is Kind.EVENT:
            section = self.processes.section_of_event(process, waited.address)
            if section is not None:
                how = f"its event {waited.address:#x} is what is waited for"
                return section_held(section, self.processes.thread(process, section.owner), how)
        odd = f"an object of type {waited.type}" if waited.kind is Kind.UNKNOWN else ""
        found = Held(waited.address, waited.kind, name=self.objects.name(waited.address)).noting(odd)
        return found.noting("nothing says who would signal it") if waited.kind in _NOBODYS else found

    def _process(self, address: int) -> Held:
        process = self.processes.by_address.get(address)
        if process is None:
            return Held(address, Kind.PROCESS, notes=("no process of this address is known",))
        ended = "it has exited" if process.exit_time else "waits for its end"
        return Held(address, Kind.PROCESS, name=process.name, owner_pid=process.pid, notes=(ended,))


_NOBODYS = (Kind.EVENT, Kind.SEMAPHORE, Kind.GATE)
