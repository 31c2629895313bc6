"""Was the machine crashed on purpose? Recognised by the bugcheck's code, the crash path and the process."""

from __future__ import annotations

from dataclasses import dataclass

from volplugins.bugcheck.scene import modules as known
from volplugins.bugcheck.suspects.suspects import Confidence, Culprit, Suspects
from volplugins.bugcheck.words.codes import base_code
from volplugins.stack.frame import Frame, Trust

MANUALLY_INITIATED, NMI_HARDWARE_FAILURE, LIVE_SYSTEM_DUMP, POWER_BUTTON, DEADDEAD = (
    0xE2,
    0x80,
    0x161,
    0x1C8,
    0xDEADDEAD,
)
# hardware raises it too, for memory and bus errors; the bugcheck does not tell the two apart
_NMI = (
    "bugcheck 0x80: a non-maskable interrupt, of a button, a management controller or a hypervisor; "
    "where nobody asked for it, the hardware reported an error: look at its own event log"
)


@dataclass(frozen=True, slots=True)
class ManualCrash:
    """A crash that somebody asked for.

    ``kind`` is one of ``notmyfault``, ``keyboard``, ``debugger``, ``keyboard-or-debugger``, ``nmi``,
    ``power-button``, ``live-dump``.
    """

    kind: str
    confidence: Confidence
    reason: str

    @property
    def asked_for(self) -> bool:
        """Whether nobody is to blame: NotMyFault's driver fails on purpose, but it fails."""
        return self.kind != "notmyfault"


def find_manual_crash(suspects: Suspects, culprit: Culprit | None) -> ManualCrash | None:
    """The kind of manual crash, or None where nothing says that it was one."""
    code = base_code(suspects.scene.target.bugcheck.code)
    if code == NMI_HARDWARE_FAILURE:
        return ManualCrash("nmi", Confidence.MEDIUM, _NMI)
    if code == LIVE_SYSTEM_DUMP:
        return ManualCrash("live-dump", Confidence.HIGH, "bugcheck 0x161: a live dump, the machine went on running")
    if code == POWER_BUTTON:
        return ManualCrash("power-button", Confidence.HIGH, "bugcheck 0x1c8: the power button was held down")
    if code in (MANUALLY_INITIATED, DEADDEAD):
        return _keyboard_or_debugger(suspects, code)
    return _notmyfault(suspects, culprit)


def _keyboard_or_debugger(suspects: Suspects, code: int) -> ManualCrash:
    names = [_image(suspects, frame) for frame in suspects.frames if _is_sound(frame)]
    keyboard = next((name for name in names if name in known.KEYBOARD), None)
    if keyboard:
        return ManualCrash("keyboard", Confidence.HIGH, f"bugcheck {code:#x} with {keyboard} on the crashing stack")
    if any(_image(suspects, frame) in known.KEYBOARD for frame in suspects.frames):
        reason = f"bugcheck {code:#x}; a keyboard driver may be on the stack, its code is not there to check"
        return ManualCrash("keyboard-or-debugger", Confidence.HIGH, reason)
    # a stack with checked frames and no keyboard driver: the debugger's own request
    if len(names) >= 3:
        reason = f"bugcheck {code:#x}, and no keyboard driver among {len(names)} checked frames of the stack"
        return ManualCrash("debugger", Confidence.MEDIUM, reason)
    reason = f"bugcheck {code:#x}; the stack is not there to tell which"
    return ManualCrash("keyboard-or-debugger", Confidence.HIGH, reason)


def _is_sound(frame: Frame) -> bool:
    return frame.trust is not Trust.SCAN or frame.call_checked is True


def _image(suspects: Suspects, frame: Frame) -> str:
    module = suspects.scene.modules.at(frame.ip)
    return module.image_name.lower() if module else ""


def _notmyfault(suspects: Suspects, culprit: Culprit | None) -> ManualCrash | None:
    """NotMyFault: its driver failed or called the crash, or its process crashed and no other driver is to blame."""
    if culprit is not None and culprit.image_name.lower() == known.NOTMYFAULT_DRIVER:
        return ManualCrash("notmyfault", culprit.confidence, f"NotMyFault's driver {culprit.image_name} is to blame")
    other = culprit is not None and culprit.confidence in (Confidence.CERTAIN, Confidence.HIGH)
    if other:
        return None
    in_path = any(_is_sound(f) and _image(suspects, f) == known.NOTMYFAULT_DRIVER for f in suspects.frames)
    if in_path:
        return ManualCrash("notmyfault", Confidence.HIGH, "myfault.sys is on the crashing stack")
    process = suspects.scene.process
    if process is not None and process.name.lower().startswith("notmyfault"):
        return ManualCrash("notmyfault", Confidence.MEDIUM, f"the crashing process is {process.name}")
    return None
