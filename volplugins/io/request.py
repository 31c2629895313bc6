"""I/O requests (IRPs) and their stack locations, decoded from memory: what is wrong is named, what is good is kept.

Stack locations follow the request; number 1 is the lowest driver's, and CurrentLocation counts down as a request is
passed on: StackCount + 1 is one that was never sent, or that is completed (Microsoft's "I/O stack locations"). The
completion routine of a location was set by the next-higher driver (Microsoft's page on `!irp`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from volplugins.io.words.functions import MAXIMUM_FUNCTION, major_function, minor_function
from volplugins.io.words.request_words import PENDING_RETURNED
from volplugins.kernel.io_layouts import IoLayouts
from volplugins.memory.reader import MemoryReader, ReadError
from volplugins.memory.structure import Decoder

REQUEST_TYPE = 6  # IO_TYPE_IRP
MOST_LOCATIONS = 100
_USUAL_LOCATIONS, _PAGE = 8, 0x1000
_AFTER_LAST = 2  # CurrentLocation of a request whose every location was skipped


class State(str, Enum):
    """How far a request is, in the words of the contract."""

    PENDING = "pending"
    ACTIVE = "active"
    COMPLETED = "completed"
    CANCELLED = "cancelled"
    FREE = "free"


@dataclass(frozen=True, slots=True)
class StackLocation:
    """One stack location. ``number`` 1 is the lowest driver's; ``parameters`` are four words as they lie in memory."""

    number: int
    address: int
    major: int
    minor: int
    flags: int
    control: int
    parameters: bytes
    device: int
    file: int
    completion: int
    context: int

    @property
    def pending(self) -> bool:
        """Whether its driver marked the request as pending."""
        return bool(self.control & PENDING_RETURNED)

    @property
    def used(self) -> bool:
        """Whether anything was ever written into it."""
        return bool(self.device or self.file or self.completion or self.major or self.minor or any(self.parameters))

    @property
    def major_name(self) -> str:
        """``IRP_MJ_…``."""
        return major_function(self.major)

    @property
    def minor_name(self) -> str:
        """``IRP_MN_…``; empty where the function has no minor ones."""
        return minor_function(self.major, self.minor)

    def word(self, index: int, width: int) -> int:
        """One of the four words of parameters, ``width`` bytes wide each."""
        return int.from_bytes(self.parameters[index * width : (index + 1) * width], "little")


@dataclass(frozen=True, slots=True)
class Request:
    """One request.

    Attributes:
        irp: its address. ``size``: bytes, as it says itself.
        count: StackCount. ``location``: CurrentLocation.
        locations: lowest first; those that could be read.
        thread: the ETHREAD that it was made for; 0 for none.
        file: OriginalFileObject.
        status, information: IoStatus; they mean something once it is completed.
        user: whether it was made for user mode.
        linked: whether ThreadListEntry is in a list.
        state: how far it is; ``free`` only where whoever found it says so.
        faults: what does not fit, in words; what is here was read all the same.
    """

    irp: int
    size: int
    count: int
    location: int
    locations: tuple[StackLocation, ...]
    thread: int
    file: int
    flags: int
    allocation_flags: int
    mdl: int
    system_buffer: int
    user_buffer: int
    user_event: int
    cancel_routine: int
    cancelled: bool
    pending_returned: bool
    user: bool
    status: int
    information: int
    linked: bool
    state: State
    faults: tuple[str, ...] = ()

    @property
    def current(self) -> StackLocation | None:
        """The location of the driver that has it now; None for one that was never sent or is completed."""
        return self.at(self.location)

    @property
    def shown(self) -> StackLocation | None:
        """The current location; where there is none, the highest one that was used."""
        return self.current or next((each for each in reversed(self.locations) if each.used), None)

    def at(self, number: int) -> StackLocation | None:
        """The location of this number, where it could be read."""
        return self.locations[number - 1] if 0 < number <= len(self.locations) else None

    def above(self) -> Iterator[StackLocation]:
        """The locations of the drivers that passed it on and wait for it, from the current one up."""
        yield from self.locations[max(self.location, 0) :]


_HEADER = (
    "Type", "Size", "StackCount", "CurrentLocation", "Thread", "OriginalFileObject", "Flags", "AllocationFlags",
    "MdlAddress", "SystemBuffer", "UserBuffer", "UserEvent", "CancelRoutine", "Cancel", "PendingReturned",
    "RequestorMode", "CurrentStackLocation",
)  # fmt: skip
_LOCATION = (
    "MajorFunction", "MinorFunction", "Flags", "Control", "DeviceObject", "FileObject", "CompletionRoutine", "Context",
)  # fmt: skip
_NEEDED = (
    "Type", "Size", "StackCount", "CurrentLocation", "Thread", "CurrentStackLocation", "IoStatus", "ThreadListEntry",
)  # fmt: skip


class RequestReader:
    """Reads the requests of one kernel.

    Args:
        memory: kernel memory.
        bits: 32 or 64.

    Attributes:
        known: whether this build's layouts are known; nothing can be read where they are not.
        list_entry, queue_entry: where in a request its entries of a thread's list and of a device's queue are, bytes.
    """

    def __init__(self, memory: MemoryReader, layouts: IoLayouts, bits: int) -> None:
        self._memory, self._bits, self._width = memory, bits, bits // 8
        irp, location = layouts.irp, layouts.stack_location
        self.header_size, self.location_size = irp.size, location.size
        self.known = all(irp.has(name) for name in _NEEDED) and all(
            location.has(name) for name in (*_LOCATION, "Parameters")
        )
        if self.known:
            self._header, self._location = Decoder(irp, _HEADER), Decoder(location, _LOCATION)
            self._status_at, self.list_entry = irp.offset("IoStatus"), irp.offset("ThreadListEntry")
            self._parameters = location.offset("Parameters")
            # four words before Thread in every build, where the layout has it without a name
            self.queue_entry = irp.offset("Thread") - 4 * self._width

    def read(self, irp: int) -> Request | str:
        """The request at ``irp``; in words why what is there is none. Never raises ReadError."""
        size = self.header_size + _USUAL_LOCATIONS * self.location_size
        size = max(min(size, _PAGE - irp % _PAGE), self.header_size)  # what comes with the first page
        for length in (size, self.header_size):  # a small dump's memory may end behind the request
            try:
                return self.decode(irp, self._memory.read(irp, length))
            except ReadError as error:
                reason = error.reason
        return f"cannot be read ({reason})"

    def decode(self, irp: int, data: bytes) -> Request | str:
        """The same from bytes that begin with the request; locations behind them are read from memory."""
        values = [value or 0 for value in self._header.values(data)]
        kind, size, count, location = values[:4]
        if kind != REQUEST_TYPE:
            return f"is no request: its type is {kind}, not {REQUEST_TYPE}"
        if not count:
            return "is no request: it has no stack locations"
        faults = list(self._wrong(irp, size, count, location, values[16]))
        locations = self._locations(irp, data, self._believed(size, count), faults)
        thread, file, flags, allocated, mdl, system, user, event, cancel_routine, cancel, returned, mode = values[4:16]
        status, information = self._pair(data, self._status_at)
        flink, _ = self._pair(data, self.list_entry)
        state = _state(location, count, bool(cancel), bool(cancel_routine), locations, faults)
        return Request(
            irp, size, count, location, locations, thread, file, flags, allocated, mdl, system, user, event,
            cancel_routine, bool(cancel), bool(returned), mode == 1, status & 0xFFFFFFFF, information,
            flink not in (0, irp + self.list_entry), state, tuple(faults),
        )  # fmt: skip

    def _believed(self, size: int, count: int) -> int:
        """How many locations are looked at: of more than can be, those for which the request has room."""
        if count <= MOST_LOCATIONS:
            return count
        room = (size - self.header_size) // self.location_size
        return room if 0 < room <= MOST_LOCATIONS else MOST_LOCATIONS

    def _wrong(self, irp: int, size: int, count: int, location: int, current: int) -> Iterator[str]:
        """What a sound request would not have."""
        whole = self.header_size + count * self.location_size
        if size < whole:
            yield f"Size {size:#x} is less than {count} stack locations need ({whole:#x})"
        if count > MOST_LOCATIONS:
            yield f"StackCount {count} is more than {MOST_LOCATIONS}"
        expected = irp + self.header_size + (location - 1) * self.location_size
        if location > count + _AFTER_LAST:
            number, rest = divmod(current - irp - self.header_size, self.location_size)
            led = f" (CurrentStackLocation is location {number + 1}'s)" if not rest and 0 <= number <= count else ""
            yield f"CurrentLocation {location} is beyond StackCount {count}{led}"
        elif current != expected & ((1 << self._bits) - 1) and location:
            yield f"CurrentStackLocation {current:#x} is not location {location}'s, which is at {expected:#x}"

    def _locations(self, irp: int, data: bytes, count: int, faults: list[str]) -> tuple[StackLocation, ...]:
        start, size = self.header_size, self.location_size
        data = data[start : start + count * size]
        if len(data) < count * size:
            try:
                data += self._memory.read(irp + start + len(data), count * size - len(data))
            except ReadError as error:
                data, reason = self._readable(irp + start, count), error.reason
                faults.append(f"stack locations from {len(data) // size + 1} on cannot be read ({reason})")
        return tuple(
            self._decoded(irp + start + at, at // size + 1, data[at : at + size]) for at in range(0, len(data), size)
        )

    def _readable(self, address: int, count: int) -> bytes:
        """The locations up to the first that cannot be read."""
        data = b""
        for number in range(count):
            try:
                data += self._memory.read(address + number * self.location_size, self.location_size)
            except ReadError:
                break
        return data

    def _decoded(self, address: int, number: int, data: bytes) -> StackLocation:
        major, minor, flags, control, device, file, completion, context = self._location.values(data)
        parameters = data[self._parameters : self._parameters + 4 * self._width]
        return StackLocation(
            number, address, major or 0, minor or 0, flags or 0, control or 0, parameters, device or 0, file or 0,
            completion or 0, context or 0,
        )  # fmt: skip

    def _pair(self, data: bytes, at: int) -> tuple[int, int]:
        width = self._width
        return (
            int.from_bytes(data[at : at + width], "little"),
            int.from_bytes(data[at + width : at + 2 * width], "little"),
        )


def _state(
    number: int, count: int, cancelled: bool, cancellable: bool, locations: tuple[StackLocation, ...], faults: list[str]
) -> State:
    """Completed: past the top. Cancelled: asked for, and not completed yet. Pending: its driver said so."""
    if number > count:
        return State.COMPLETED
    current = locations[number - 1] if 0 < number <= len(locations) else None
    if current is not None and current.major > MAXIMUM_FUNCTION:
        faults.append(f"MajorFunction {current.major:#04x} of location {number} is no function")
    if cancelled:
        return State.CANCELLED
    waits = cancellable or (current is not None and current.pending)
    return State.PENDING if waits else State.ACTIVE
