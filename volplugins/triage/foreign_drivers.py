"""Whether a kernel module is somebody else's than Microsoft's, by its version resource and by its name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from volplugins.bugcheck import modules as known
from volplugins.image.headers import read_headers
from volplugins.image.version import read_version
from volplugins.loader.module import Module

if TYPE_CHECKING:
    from volplugins.bugcheck.scene import CrashScene


class ForeignDrivers:
    """Answers for the modules of one scene; each image is looked at once."""

    def __init__(self, scene: CrashScene) -> None:
        self._scene = scene
        self._modules = {module.name: module for module in scene.modules}
        self._said: dict[str, str] = {}

    def why(self, name: str) -> str:
        """Why the module with this name is not Microsoft's; empty where it is, or where nothing says so."""
        if name not in self._said:
            module = self._modules.get(name)
            self._said[name] = self._why(module) if module is not None else ""
        return self._said[name]

    def _why(self, module: Module) -> str:
        if known.is_core(module) or known.is_carrier(module):
            return ""
        headers = read_headers(self._scene.memory, module.base)
        version = read_version(self._scene.memory, headers) if headers is not None else None
        company = version.string("CompanyName").strip() if version is not None else ""
        if company:
            return "" if "microsoft" in company.lower() else f"a driver of {company[:60]}"
        return "not one of Windows' usual drivers, and its image does not say whose it is"
