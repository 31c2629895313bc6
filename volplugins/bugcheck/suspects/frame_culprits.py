"""Who is to blame by the stack alone: another company's driver first, Windows' own where nothing else is there."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from volplugins.bugcheck.scene import modules as known
from volplugins.bugcheck.suspects.proof import Proof, proved
from volplugins.bugcheck.suspects.suspects import UNNAMED, UNPROVED, Confidence, Culprit, Suspects
from volplugins.bugcheck.words.codes import base_code
from volplugins.loader.module import Module
from volplugins.stack.frame import Frame, Trust

# about an object or a process: the stack belongs to whoever noticed
_ABOUT_OBJECTS = frozenset({0x9F, 0xEF, 0xF4})
_TELLING_WORDS = 2  # so many scanned return addresses of one of Windows' own drivers are more than chance

Found = tuple[Frame, Module, Proof]


def foreign_frame(suspects: Suspects) -> Found | None:
    """The proved frame nearest to the failure in a driver that is not Windows' own."""
    windows = suspects.owners.is_windows
    return next((found for found in _frames(suspects) if found[2] and not windows(found[1])), None)


def from_foreign_driver(suspects: Suspects) -> Culprit | None:
    """Another company's driver, by a proved frame."""
    found = foreign_frame(suspects)
    return _culprit(found, Confidence.MEDIUM, suspects.guessed) if found is not None else None


def from_windows_driver(suspects: Suspects) -> Culprit | None:
    """A driver of Windows that runs on its own account, where unwind data leads to it."""

    def wanted(found: Found) -> bool:
        return found[2] is Proof.EXACT and not suspects.owners.is_carrier(found[1])

    found = next(filter(wanted, _frames(suspects)), None)
    return _culprit(found, Confidence.MEDIUM, suspects.guessed) if found is not None else None


def from_unchecked_word(suspects: Suspects) -> Culprit | None:
    """Another company's driver, by a word of the stack that nothing proves."""
    windows = suspects.owners.is_windows
    found = next((found for found in _frames(suspects) if not windows(found[1])), None)
    return _culprit(found, Confidence.LOW) if found is not None else None


def from_carrier(suspects: Suspects) -> Culprit | None:
    """A driver that carries others, where nothing more particular is on the stack; never by one scanned word."""
    seen: dict[int, Found] = {}
    for frame, module, proof in _frames(suspects):
        if proof is Proof.NONE:
            continue
        first = seen.setdefault(module.base, (frame, module, proof))
        words = sum(1 for _, other, sound in _frames(suspects) if sound and other is module)
        if proof is Proof.EXACT or frame.trust is Trust.FRAME_POINTER or words >= _TELLING_WORDS:
            address = first[0].ip
            reason = f"no other driver is on the stack than {module.image_name} (return address {address:#x})"
            return Culprit(module.image_name or UNNAMED, module, address, Confidence.LOW, reason, not suspects.guessed)
    return None


def _frames(suspects: Suspects) -> Iterator[Found]:
    """Frames outside of the kernel and the crash path, nearest to the failure first."""
    if base_code(suspects.scene.target.bugcheck.code) in _ABOUT_OBJECTS:
        return
    for frame, proof in proved(suspects.frames):
        module = suspects.scene.modules.at(frame.ip)
        if module is not None and not known.is_core(module):
            yield frame, module, proof


def _culprit(found: Found, confidence: Confidence, guessed: bool = False) -> Culprit:
    """The driver of a frame; ``guessed``: where the stack begins nothing is proved, so that no frame of it is."""
    frame, module, proof = found
    reason = f"{module.image_name} is the driver nearest to the failure: {frame.ip:#x}, {_how(frame, proof)}"
    if guessed:
        confidence, reason = Confidence.LOW, f"{reason}; of the record that the stack begins at: {UNPROVED}"
    sure = proof is not Proof.NONE and not guessed
    return Culprit(module.image_name or UNNAMED, module, frame.ip, confidence, reason, sure)


_HOW: tuple[tuple[Callable[[Frame, Proof], bool], str], ...] = (
    (lambda frame, proof: frame.trust is Trust.SCAN and proof is Proof.CHECKED,
     "a return address found by scanning the stack, after a call instruction"),
    (lambda frame, proof: frame.trust is Trust.SCAN,
     "a return address found by scanning the stack; nothing shows a call before it"),
    (lambda frame, proof: proof is Proof.NONE, "a frame that rests on one that was found by scanning"),
    (lambda frame, proof: frame.trust is Trust.FRAME_POINTER, "a return address on the frame-pointer chain"),
)  # fmt: skip


def _how(frame: Frame, proof: Proof) -> str:
    found = next((words for holds, words in _HOW if holds(frame, proof)), "")
    return found or f"a frame found by {frame.trust.value}"
