"""What is told of each request: whose it is, who holds it and since when, and whether that driver is Microsoft's."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from volplugins.bugcheck.scene.owners import Owners
from volplugins.io.holder import Age, Holder, age_of, holder_of
from volplugins.io.pool_block import block_before
from volplugins.io.request import Request, State
from volplugins.io.request_sources import Sighting, Source
from volplugins.kernel.thread import try_read_thread
from volplugins.vol.scene.io_requests import IoRequests, ThreadOwner

if TYPE_CHECKING:
    from volplugins.bugcheck.scene.crash_scene import CrashScene

_NOWHERE = Holder("", 0)
_UNREADABLE = "cannot be read"


@dataclass(frozen=True, slots=True)
class Told:
    """One request and what is told of it.

    Attributes:
        irp: its address; ``request`` None where none is there, ``missing`` says why.
        sightings: what leads to it, best first; none where it was only asked for.
        owner: its thread, as far as one is known.
        state: in the words of the contract; empty where nothing can be read.
        file: name of its file; empty where it has none.
        foreign: whether the driver that holds it is not Microsoft's.
    """

    irp: int
    request: Request | None
    missing: str
    sightings: tuple[Sighting, ...]
    owner: ThreadOwner | None
    state: str
    holder: Holder
    file: str
    age: Age | None
    foreign: bool

    @property
    def pid(self) -> int | None:
        """Of its thread's process."""
        return self.owner.pid if self.owner is not None else None

    @property
    def source(self) -> str:
        """What leads to it first."""
        return self.sightings[0].source.word if self.sightings else ""

    @property
    def order(self) -> tuple[int, bool, float, int]:
        """Where it stands: what is under way first, of that what others than Microsoft hold, the oldest first."""
        under_way = {"pending": 0, "active": 0, "cancelled": 0, "completed": 2, "free": 3}.get(self.state, 1)
        seconds = self.age.seconds if self.age is not None else 0.0
        place = int(self.sightings[0].source) if self.sightings else len(Source)
        return under_way, not self.foreign, -seconds, place


class Teller:
    """Tells of the requests of one scene."""

    def __init__(self, scene: CrashScene, found: IoRequests) -> None:
        self._scene, self._found = scene, found
        self._owners = Owners(scene)
        self._pids = {process.pid: process for process in found.processes.processes}
        self._foreign: dict[int, bool] = {}
        self._threads: dict[int, ThreadOwner | None] = dict(found.threads)

    def tell(self, irp: int) -> Told:
        """What is told of the request at ``irp``."""
        found = self._found
        sightings = found.sources.sightings(irp)
        request = found.sources.reader.read(irp) if found.sources.reader.known else _UNREADABLE
        if isinstance(request, str):
            state = "" if request.startswith(_UNREADABLE) else State.FREE.value
            owner = self._owner_by_list(sightings)
            return Told(irp, None, request, sightings, owner, state, _NOWHERE, "", None, False)
        if irp in found.sources.free or block_before(self._scene.memory, irp, self._scene.bits)[1]:
            request = replace(request, state=State.FREE)
        holder = holder_of(request, found.devices)
        record = found.sources.power.get(irp)
        age = age_of(request, record, found.clock, found.system, self._scene.layouts)
        owner = self._owner(request.thread) or self._owner_by_list(sightings)
        return Told(
            irp, request, "", sightings, owner, request.state.value, holder, self._file(request), age,
            self._is_foreign(holder.device) if holder.driver else False,
        )  # fmt: skip

    def pid_of(self, ethread: int) -> int | None:
        """Process id of a thread; None where it is not known."""
        owner = self._owner(ethread)
        return owner.pid if owner is not None else None

    def _owner(self, ethread: int) -> ThreadOwner | None:
        if not ethread or not self._found.system.in_kernel_half(ethread):
            return None
        if ethread not in self._threads:
            thread = try_read_thread(self._scene.memory, ethread, self._scene.layouts.thread)
            process = self._pids.get(thread.pid) if thread is not None else None
            self._threads[ethread] = (
                ThreadOwner(thread, process) if thread is not None and process is not None else None
            )
        return self._threads[ethread]

    def _owner_by_list(self, sightings: tuple[Sighting, ...]) -> ThreadOwner | None:
        return next((self._owner(each.owner) for each in sightings if each.source is Source.THREAD), None)

    def _file(self, request: Request) -> str:
        shown = request.shown
        for address in (shown.file if shown is not None else 0, request.file):
            file = self._found.devices.file(address) if address else None
            if file is not None and file.name:
                return file.name
        return ""

    def _is_foreign(self, address: int) -> bool:
        """Whether the driver of a device has an image, and that is not one of Windows'."""
        if address not in self._foreign:
            device = self._found.devices.device(address)
            driver = self._found.devices.driver(device) if device is not None else None
            module = self._scene.modules.at(driver.start) if driver is not None and driver.start else None
            self._foreign[address] = module is not None and not self._owners.is_windows(module)
        return self._foreign[address]
