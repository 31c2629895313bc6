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
        depth: how many devices are below it in its stack.
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
    depth: int = 0


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
