"""Which driver holds a request, past those that only passed it on.

The driver in charge is that of the current stack location's device. It is not the one to blame where it is one of the
kernel's own (the PnP manager, the raw file system), or a filter that marked the request as pending and has the next
location in use: then the next location's is (Microsoft's pages on `!irp` and on 0x9F). A driver that completes a
request clears its location, so one that is still filled in has not come back.
"""

from __future__ import annotations

from dataclasses import dataclass

from volplugins.bugcheck.scene import modules as known
from volplugins.bugcheck.scene.device_place import DevicePlace, is_function_driver, place_of
from volplugins.bugcheck.scene.object_reader import ObjectReader
from volplugins.io.driver import Driver
from volplugins.io.holder import KERNELS_OWN
from volplugins.io.request import Request, StackLocation, State
from volplugins.loader.module import Module


@dataclass(frozen=True, slots=True)
class Holding:
    """Who holds a request.

    Attributes:
        location: the stack location at which it is.
        driver, module: whose device that is.
        place: of that device.
        passed: those that were passed over, in words.
        doubts: what makes the request less than sound.
    """

    request: Request
    location: StackLocation
    driver: Driver
    module: Module
    place: DevicePlace
    passed: tuple[str, ...]
    doubts: tuple[str, ...]

    @property
    def what(self) -> str:
        """What is asked, such as ``IRP_MJ_PNP IRP_MN_START_DEVICE``."""
        return " ".join(filter(None, (self.location.major_name, self.location.minor_name)))

    @property
    def text(self) -> str:
        """In words: what is asked, where it stands, who has it."""
        where = f"stack location {self.location.number} of {self.request.count}, device {self.location.device:#x}"
        name = f"{self.driver.name} ({self.module.image_name})" if self.driver.name else self.module.image_name
        over = "".join(f"; {each}" for each in self.passed)
        return f"IRP {self.request.irp:#x} ({self.what}) is held by {name}: {where}{over}"


def holding(reader: ObjectReader, request: Request) -> Holding | str:
    """Who holds ``request``; in words why that cannot be told."""
    irp = f"IRP {request.irp:#x}"
    if request.state is State.COMPLETED or request.current is None:
        return f"{irp} is completed or was never sent: no driver holds it"
    number, seen, passed = request.location, set[int](), list[str]()
    while True:
        seen.add(number)
        stand = _stand(reader, request, number)
        if isinstance(stand, str):
            return f"{irp}: {'; '.join([*passed, stand])}"
        following, why = _next(reader, request, stand)
        if following is not None and following not in seen:
            passed.append(why)
            number = following
            continue
        if stand.module is None:
            return f"{irp}: {'; '.join([*passed, why or _no_module(stand.driver)])}"
        doubts = _doubts(reader, request, stand.location)
        return Holding(request, stand.location, stand.driver, stand.module, stand.place, tuple(passed), doubts)


@dataclass(frozen=True, slots=True)
class _Stand:
    """One stack location with its device and driver; ``module`` is None for one of the kernel's own, or of no image."""

    location: StackLocation
    place: DevicePlace
    driver: Driver
    module: Module | None


def _stand(reader: ObjectReader, request: Request, number: int) -> _Stand | str:
    """The driver at a stack location; in words why that cannot be told."""
    location = request.at(number)
    if location is None:
        return f"stack location {number} is not there"
    if not location.device:
        return f"stack location {number} names no device"
    place = place_of(reader, location.device)
    if place is None:
        return f"the device {location.device:#x} of stack location {number} {reader.no_device(location.device)}"
    driver = reader.driver(place.device.driver)
    if driver is None:
        address = place.device.driver
        return f"the driver object {address:#x} of device {location.device:#x} {reader.no_driver(address)}"
    module = reader.module_of(driver)
    return _Stand(location, place, driver, None if module is not None and known.is_core(module) else module)


def _next(reader: ObjectReader, request: Request, at: _Stand) -> tuple[int | None, str]:
    """The location to go on with, and why this one's driver is passed over; nothing where it is not."""
    number = at.location.number
    below, above = request.at(number - 1), request.at(number + 1)
    in_use = below is not None and _in_use(at.location, below) and at.place.holds(below.device)
    own = at.driver.name.lower() in KERNELS_OWN or not at.driver.start
    if own or (at.module is None and reader.module_of(at.driver) is not None):
        why = f"{at.driver.name or 'the driver'} at stack location {number} is one of the kernel's own"
        return (number - 1 if in_use else number + 1 if above is not None and above.device else None), why
    under = at.place.below(at.location.device)
    to_lower = below is not None and under is not None and under.address == below.device
    if not (in_use and to_lower and at.location.pending):
        return None, ""
    if is_function_driver(reader, at.place, at.location.device) is True:
        return None, ""
    return number - 1, f"{at.driver.name or 'the driver'} at stack location {number} only passed it on"


def _in_use(at: StackLocation, below: StackLocation) -> bool:
    """Whether the lower location holds the same request, not yet completed there."""
    same = (at.major, at.minor) == (below.major, below.minor)
    return bool(below.device) and same and bool(below.minor or below.control or any(below.parameters))


def _doubts(reader: ObjectReader, request: Request, location: StackLocation) -> tuple[str, ...]:
    free = ("it lies in a free block of pool",) if reader.is_free(request.irp) else ()
    cut = () if reader.is_whole(location.address) else ("its stack location is not wholly in the dump",)
    return (*free, *cut, *request.faults)


def _no_module(driver: Driver) -> str:
    return f"the image {driver.start:#x} of {driver.name or 'the driver that has it'} is no module"
