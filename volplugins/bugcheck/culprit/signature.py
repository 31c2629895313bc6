"""FAILURE_SIGNATURE: equal for the same failure wherever it happens, different for another one.

Recipe (docs/output.md, numbered in recipe.py): the bugcheck's code without the small-dump marker; what kind of failure
it was (a manual crash's word, the exception's code, or the subcode for codes that have one); the culprit's file name in
lower case; and the offset in it where the failure points. The kernel and the HAL have no offset: it would change with
every update of Windows, and nothing that a dump without symbols also knows could stand for it. Nothing in it depends
on load addresses, process ids or times.
"""

from __future__ import annotations

from volplugins.bugcheck.fault.fault import Fault
from volplugins.bugcheck.fault.named import parameters_of
from volplugins.bugcheck.scene.crash_scene import CrashScene
from volplugins.bugcheck.suspects.manual import ManualCrash
from volplugins.bugcheck.suspects.suspects import Culprit
from volplugins.bugcheck.words.codes import base_code
from volplugins.bugcheck.words.parameters import Role
from volplugins.loader.module import HAL_IMAGES

# one name for the kernel and the HAL, whichever of their builds for other processors a machine runs
_KERNEL, _HAL = "ntoskrnl.exe", "hal.dll"


def failure_signature(scene: CrashScene, fault: Fault, culprit: Culprit | None, manual: ManualCrash | None) -> str:
    """The signature of this failure, such as ``0xd1_myfault.sys+0x12f0``."""
    parts = [f"{base_code(scene.target.bugcheck.code):#x}"]
    if manual is not None and manual.asked_for:
        return "_".join([*parts, "manual", manual.kind])
    return "_".join([*parts, *_kind(scene, fault), _where(culprit) if culprit is not None else "unknown"])


def _where(culprit: Culprit) -> str:
    """The culprit's name, with the offset in it where that is sure and stays the same."""
    name = culprit.image_name.lower() or "unknown"
    if culprit.module is None:
        return name
    if culprit.module.is_kernel:
        return _KERNEL
    if name in HAL_IMAGES:
        return _HAL
    exact = culprit.address is not None and culprit.address_is_sure
    return f"{name}+{culprit.address - culprit.module.base:#x}" if exact and culprit.address is not None else name


def _kind(scene: CrashScene, fault: Fault) -> list[str]:
    """The exception's code where there is one, else the subcode."""
    if fault.exception_code is not None:
        return [f"{fault.exception_code:x}"]
    subcode = next((value for parameter, value in parameters_of(scene) if parameter.role is Role.SUBCODE), None)
    return [f"{subcode:x}"] if subcode is not None else []
