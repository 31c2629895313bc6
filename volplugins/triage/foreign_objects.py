"""Driver objects whose image is not Microsoft's, by the name of the object."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from volplugins.bugcheck.scene.owners import Owners
from volplugins.vol.scene.io_scene import io_view

if TYPE_CHECKING:
    from volplugins.bugcheck.scene.crash_scene import CrashScene

MOST_FOREIGN = 1000
_NO_MODULE = "its image is no loaded module"


@dataclass(frozen=True, slots=True)
class ForeignObject:
    """One driver object. ``module``: file name of its image, empty where none is loaded; ``why`` it is here."""

    driver: str
    object: str
    module: str
    why: str

    def summary(self) -> dict[str, Any]:
        """As in summary.json."""
        return {"driver": self.driver, "object": self.object, "module": self.module or None, "why": self.why}


def foreign_objects(scene: CrashScene) -> list[ForeignObject]:
    """Those of the scene by name, the first thousand. A driver without an image is one of the kernel's own."""
    owners, modules, digits = Owners(scene), scene.modules, scene.bits // 4
    found = []
    for driver in sorted(io_view(scene).drivers.values(), key=lambda each: (each.name.lower(), each.address)):
        if not driver.start:
            continue
        module = modules.at(driver.start)
        why = owners.of(module).why_foreign if module is not None else _NO_MODULE if len(modules) else ""
        if why:
            name = module.image_name if module is not None else ""
            found.append(ForeignObject(driver.name, f"0x{driver.address:0{digits}x}", name, why))
    return found[:MOST_FOREIGN]
