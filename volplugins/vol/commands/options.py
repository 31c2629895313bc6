"""The kinds of options that plugins have, and those that several of them share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from volatility3.framework.configuration import requirements

from volplugins.vol.scene.process_options import budget_options, directory_option, process_options, scan_options

if TYPE_CHECKING:
    from volatility3.framework.interfaces.configuration import RequirementInterface

__all__ = [
    "budget_options",
    "directory_option",
    "flag",
    "image_path",
    "process_options",
    "scan_options",
    "text",
    "texts",
]


def flag(name: str, description: str) -> RequirementInterface:
    """An option that is given or not."""
    return requirements.BooleanRequirement(name=name, description=description, default=False, optional=True)


def text(name: str, description: str) -> RequirementInterface:
    """An option with one value."""
    return requirements.StringRequirement(name=name, description=description, optional=True)


def texts(name: str, description: str) -> RequirementInterface:
    """An option with several values."""
    return requirements.ListRequirement(name=name, element_type=str, description=description, optional=True)


def image_path(description: str = "") -> RequirementInterface:
    """--image-path."""
    usual = "Folders with image files, bare or as a symbol store, for pages that the dump lacks"
    return texts("image-path", description or usual)
