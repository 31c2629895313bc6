"""Where a driver's routines lie: in its own image, in the kernel, in another module, or in none."""

from __future__ import annotations

from dataclasses import dataclass

from volplugins.io.driver import Driver
from volplugins.io.system import IoSystem
from volplugins.loader.module import Module

OUTSIDE, IN_NONE = "outside the driver", "in no module"


@dataclass(frozen=True, slots=True)
class Routine:
    """One routine: its address, its name as far as one is known, the module that holds it, and what is odd about it.

    ``odd``: ``outside the driver``, ``outside the driver, in no module``, or empty. Code of another module is usual
    where a driver leaves its work to a library (storport, ndis, classpnp, Wdf01000); code in none is not.
    """

    address: int
    symbol: str
    module: Module | None
    odd: str


def locate(system: IoSystem, driver: Driver, address: int) -> Routine:
    """The routine of ``driver`` at ``address``."""
    module = system.modules.at(address)
    symbol = system.symbolizer.locate(address).text() if module is not None else ""
    inside = driver.start <= address < driver.end or (module is not None and module is _home(system, driver))
    if inside or (module is not None and module.is_kernel):
        return Routine(address, symbol, module, "")
    return Routine(address, symbol, module, OUTSIDE if module is not None else f"{OUTSIDE}, {IN_NONE}")


def _home(system: IoSystem, driver: Driver) -> Module | None:
    """The module that a driver without an image of its own lives in (HAL, kernel): where its DriverInit is."""
    if driver.start:
        return None
    init = next((address for name, address in driver.entries if name == "DriverInit"), 0)
    return system.modules.at(init) if init else None
