"""The I/O system's objects of a made-up machine as they come into being; what is written last is made from it."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(slots=True)
class Driver:
    """A driver object.

    Attributes:
        name: its whole name, such as ``\\Driver\\acmedrv``.
        stem: name of its image as symbols use it; empty for one that lives in the kernel or the HAL.
        address: of its _DRIVER_OBJECT.
        start, size: what its DriverStart and DriverSize say, zero for one without an image of its own.
        devices: addresses of its devices in the order of their making.
    """

    name: str
    stem: str
    address: int
    start: int
    size: int
    devices: list[int] = field(default_factory=list)


@dataclass(slots=True)
class Device:
    """A device object; the members that link it to others are addresses, zero for none.

    Attributes:
        driver: its driver's key in the registry.
        name: its whole name, empty for none.
        upper, lower: the device attached to it, and the one that it is attached to.
        node: the device node, which a physical device object alone has.
        stack: its StackSize.
    """

    address: int
    driver: str
    name: str
    kind: int
    upper: int = 0
    lower: int = 0
    node: int = 0
    vpb: int = 0
    current: int = 0
    queue: list[int] = field(default_factory=list)
    stack: int = 1


@dataclass(slots=True)
class Request:
    """An I/O request packet.

    Attributes:
        what: what it is, in words.
        devices: of its stack locations, the topmost first.
        count, location: its StackCount and CurrentLocation.
        completions: number of a location to the address of the completion routine that it holds.
        thread, pid, tid: address and identifiers of the thread that it was made for; 0 and None for none.
        source: the best of the places that know of it, ``also`` the others.
        ticks: clock ticks since it was made, where something in memory tells.
    """

    what: str
    address: int
    major: int
    minor: int
    devices: list[int]
    count: int
    location: int
    state: str
    file: int = 0
    file_name: str = ""
    completions: dict[int, int] = field(default_factory=dict)
    thread: int = 0
    pid: int | None = None
    tid: int | None = None
    source: str = "scan"
    also: list[str] = field(default_factory=list)
    ticks: int | None = None

    @property
    def device(self) -> int:
        """The device of the current location; the topmost one where it is past that."""
        return self.devices[max(self.count - self.location, 0)] if self.devices else 0


@dataclass(slots=True)
class IoRegistry:
    """Drivers by key (the name of their image, or the one that the kernel gives them), devices by address.

    Attributes:
        named: whole name of an object to the address of its body, for the object directories.
        loader: name of an image to the address of its entry in PsLoadedModuleList.
        volume, vpb: the device that files lie on, and the record of what is mounted there.
        usb: the device that acmedrv serves: physical device object and the one above it.
    """

    drivers: dict[str, Driver] = field(default_factory=dict)
    devices: dict[int, Device] = field(default_factory=dict)
    named: dict[str, int] = field(default_factory=dict)
    loader: dict[str, int] = field(default_factory=dict)
    volume: int = 0
    vpb: int = 0
    usb: tuple[int, int] = (0, 0)
    requests: list[Request] = field(default_factory=list)
