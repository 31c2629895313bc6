"""Whose a module is: by the company in its version resource, by its name where the image does not say."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from volplugins.bugcheck.scene import modules as known
from volplugins.bugcheck.words.inbox_drivers import INBOX_DRIVERS
from volplugins.image.headers import read_headers
from volplugins.image.version import read_version
from volplugins.loader.module import Module

if TYPE_CHECKING:
    from volplugins.bugcheck.scene.crash_scene import CrashScene

_LONGEST_COMPANY = 60


class Maker(str, Enum):
    """Who made a module. ``UNKNOWN``: its image does not say, and it has no name of Windows' own drivers."""

    WINDOWS = "windows"
    OTHER = "other"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose a module is.

    Attributes:
        maker: Windows' own, somebody else's, or not known.
        company: as the version resource has it, else empty.
    """

    maker: Maker
    company: str = ""

    @property
    def why_foreign(self) -> str:
        """Why it counts as not Microsoft's; empty where it is."""
        if self.maker is Maker.OTHER:
            return f"a driver of {self.company}"
        unknown = "not one of Windows' usual drivers, and its image does not say whose it is"
        return unknown if self.maker is Maker.UNKNOWN else ""


class Owners:
    """Answers for the modules of one scene; each image is looked at once, in memory or in its file."""

    def __init__(self, scene: CrashScene) -> None:
        self._scene = scene
        self._said: dict[int, Owner] = {}

    def of(self, module: Module) -> Owner:
        """Whose ``module`` is; never raises for what the dump holds."""
        if module.base not in self._said:
            self._said[module.base] = self._look(module)
        return self._said[module.base]

    def is_windows(self, module: Module) -> bool:
        """Whether it is one of Windows' own drivers."""
        return self.of(module).maker is Maker.WINDOWS

    def is_carrier(self, module: Module) -> bool:
        """Whether it is one of those of Windows that mostly run on behalf of other drivers."""
        return known.is_carrier(module) and self.is_windows(module)

    def _look(self, module: Module) -> Owner:
        if known.is_core(module):
            return Owner(Maker.WINDOWS)
        company = self._company(module)
        if company:
            return Owner(Maker.WINDOWS if "microsoft" in company.lower() else Maker.OTHER, company)
        name = module.image_name.lower()
        return Owner(Maker.WINDOWS if name in INBOX_DRIVERS or known.is_carrier(module) else Maker.UNKNOWN)

    def _company(self, module: Module) -> str:
        """CompanyName in memory, else in the image's file where one is at hand."""
        if module.source == "unloaded":  # something else may lie there now
            return ""
        for memory in (self._scene.memory, self._scene.code.reader_of(module)):
            headers = read_headers(memory, module.base)
            version = read_version(memory, headers) if headers is not None else None
            company = version.string("CompanyName").strip() if version is not None else ""
            if company:
                return company if len(company) <= _LONGEST_COMPANY else company[:_LONGEST_COMPANY] + "…"
        return ""
