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
    inside = driver.start <= address < driver.end
    if inside or (module is not None and module.is_kernel):
        return Routine(address, symbol, module, "")
    return Routine(address, symbol, module, OUTSIDE if module is not None else f"{OUTSIDE}, {IN_NONE}")
