"""The driver that the bugcheck names by a place in its code: a worker routine, a callback, an interrupt routine.

How sure that is, is what Microsoft's bug check reference says on the page of the code (its ``ln`` on the routine "to
find the driver that caused the error", or less).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from volplugins.bugcheck.fault.named import parameters_of
from volplugins.bugcheck.scene import modules as known
from volplugins.bugcheck.scene.crash_scene import CrashScene
from volplugins.bugcheck.suspects.suspects import UNNAMED, Confidence, Culprit, Suspects
from volplugins.bugcheck.words.codes import base_code
from volplugins.bugcheck.words.parameters import Role

# bugchecks of which any parameter may name a place in the responsible driver
_NAMES_THE_DRIVER = frozenset({0x116, 0x117, 0x119, 0xEA, 0x10D, 0xCE, 0xD3, 0xD4, 0xD6, 0xC5, 0xC4, 0xC9, 0xD8, 0xFC})
_STORM, _INVALID_DPC = 0xF2, 0xC7
# pages that name a routine and leave it open who is at fault: 0x48 (whoever completed the request may be), 0x96 (what
# would have been called if the item were valid), 0xDA (the caller's caller), 0xE4 (a work item that somebody freed),
# 0x1A0 (the routine that waits may wait for another)
_LESS_SURE = frozenset({0x48, 0x96, 0xDA, 0xE4, 0x1A0})
# parameter 4 of a storm: the routine is alone and "very likely the culprit", or the first of several and "never
# guaranteed to be"
_SURE_OF_STORM = {1: Confidence.HIGH, 2: Confidence.LOW}
_IN_FREED_MEMORY = 2  # parameter 1 of 0xC7: the routine lies in memory that is given back, which says not by whom


class NamedCode(NamedTuple):
    """A parameter that is an address of code: its number (1 to 4), the address, what it is."""

    number: int
    address: int
    meaning: str


def named_code(scene: CrashScene) -> Iterator[NamedCode]:
    """The parameters that are addresses of code by the table of the bugcheck; those that are zero are none."""
    for number, (parameter, value) in enumerate(parameters_of(scene), start=1):
        if parameter.role in (Role.CODE_ADDRESS, Role.CODE_CONCERNED) and value:
            yield NamedCode(number, value, parameter.meaning)


def from_named_code(suspects: Suspects) -> Culprit | None:
    """A parameter leads into a driver, loaded or unloaded; neither one that carries others nor the kernel."""
    scene = suspects.scene
    code = base_code(scene.target.bugcheck.code)
    for number, value, what in _places(scene, code):
        module = scene.modules.at(value) or scene.unloaded.at(value)
        if module is not None and not known.is_core(module) and not suspects.owners.is_carrier(module):
            said = f" ({what})" if what else ""
            reason = f"parameter {number} of the bugcheck, {value:#x}{said}, points into {module.image_name}"
            return Culprit(module.image_name or UNNAMED, module, value, _confidence(scene, code), reason)
    return None


def _places(scene: CrashScene, code: int) -> Iterator[NamedCode]:
    """What may name the driver: routines by the table, then, for some codes, any parameter."""
    for number, (parameter, value) in enumerate(parameters_of(scene), start=1):
        if parameter.role is Role.CODE_ADDRESS and value:
            yield NamedCode(number, value, parameter.meaning)
    if code in _NAMES_THE_DRIVER:
        yield from (NamedCode(*each, "") for each in enumerate(scene.target.bugcheck.parameters, start=1))


def _confidence(scene: CrashScene, code: int) -> Confidence:
    first, _, _, fourth = scene.target.bugcheck.parameters
    if code == _STORM:
        return _SURE_OF_STORM.get(fourth, Confidence.MEDIUM)
    open_ = code in _LESS_SURE or (code == _INVALID_DPC and first == _IN_FREED_MEMORY)
    return Confidence.MEDIUM if open_ else Confidence.HIGH
