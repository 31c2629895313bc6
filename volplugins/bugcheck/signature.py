"""FAILURE_SIGNATURE: equal for the same failure wherever it happens, different for another one.

Recipe (docs/output.md): the bugcheck's code without the small-dump marker; what kind of failure it was (a manual
crash's word, the exception's code, or the subcode for codes that have one); the culprit's file name in lower case;
and the offset in it where the failure points. Nothing in it depends on load addresses, process ids or times.
"""

from __future__ import annotations

from volplugins.bugcheck.codes import base_code
from volplugins.bugcheck.culprit import Culprit
from volplugins.bugcheck.fault import Fault
from volplugins.bugcheck.manual import ManualCrash
from volplugins.bugcheck.named import parameters_of
from volplugins.bugcheck.parameters import Role
from volplugins.bugcheck.scene import CrashScene


def failure_signature(scene: CrashScene, fault: Fault, culprit: Culprit | None, manual: ManualCrash | None) -> str:
    """The signature of this failure, such as ``0xd1_myfault.sys+0x12f0``."""
    parts = [f"{base_code(scene.dump.header.bugcheck_code):#x}"]
    parts.extend(_kind(scene, fault))
    if manual is not None and manual.kind != "notmyfault":
        return "_".join([*parts[:1], "manual", manual.kind])
    if culprit is None:
        return "_".join([*parts, "unknown"])
    where = culprit.image_name.lower() or "unknown"
    if culprit.module is not None and culprit.address is not None:
        where += f"+{culprit.address - culprit.module.base:#x}"
    return "_".join([*parts, where])


def _kind(scene: CrashScene, fault: Fault) -> list[str]:
    """The exception's code where there is one, else the subcode."""
    if fault.exception_code is not None:
        return [f"{fault.exception_code:x}"]
    subcode = next((value for parameter, value in parameters_of(scene) if parameter.role is Role.SUBCODE), None)
    return [f"{subcode:x}"] if subcode is not None else []
