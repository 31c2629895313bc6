"""Whether a kernel module is somebody else's than Microsoft's, by WinDbg's name for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from volplugins.bugcheck.scene.owners import Owners

if TYPE_CHECKING:
    from volplugins.bugcheck.scene.crash_scene import CrashScene


class ForeignDrivers:
    """Answers for the modules of one scene."""

    def __init__(self, scene: CrashScene) -> None:
        self._owners = Owners(scene)
        self._modules = {module.name: module for module in scene.modules}

    def why(self, name: str) -> str:
        """Why the module with this name is not Microsoft's; empty where it is, or where nothing says so."""
        module = self._modules.get(name)
        return self._owners.of(module).why_foreign if module is not None else ""
