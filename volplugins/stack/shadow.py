"""Shadow stacks (CET): the return addresses of the calls that are under way, as the processor itself wrote them down.

Eight bytes each, growing down; on top may lie a token, its own address plus eight with flags in the lowest bits. An
interrupt pushes CS, the address that it interrupted and the old pointer (Intel SDM 1, chapter 17). Ordinary stores
cannot change one, so that where it and the usual stack differ, that one was overwritten, or the walk went wrong.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from volplugins.memory.reader import MemoryReader, ReadError
from volplugins.stack.frame import RETURNS, Frame, Trust

MAX_ENTRIES = 4096
_CODE_SELECTORS = (0x10, 0x23, 0x33)
_REACH = 8  # of frames within which a walk must meet a shadow stack whose pointer is not known
_FEWEST = 2  # return addresses that must agree there
_GUESSED = (Trust.SCAN, Trust.FRAME_POINTER)


@dataclass(frozen=True, slots=True)
class ShadowStack:
    """Bytes of a shadow stack.

    Attributes:
        start: address of the first byte; ``exact``: what lies there is the innermost entry, else the pointer is not
            known, and older words may lie in front of it.
    """

    start: int
    data: bytes
    exact: bool

    def words(self) -> list[int]:
        """The words, lowest address first."""
        return [int.from_bytes(self.data[at : at + 8], "little") for at in range(0, len(self.data) - 7, 8)]


@dataclass(frozen=True, slots=True)
class Checked:
    """Frames held against a shadow stack.

    Attributes:
        frames: those that agree, and from the first that does not on what the shadow stack has instead.
        agreed: return addresses that both have.
        differs: index of the first frame that was replaced; None where all agree.
        said: the instruction pointer that the usual stack gave there, where it was no guess; None else.
        place: where on the usual stack that is.
    """

    frames: tuple[Frame, ...]
    agreed: int
    differs: int | None = None
    said: int | None = None
    place: int | None = None

    @property
    def overwritten(self) -> bool:
        """Whether the usual stack holds another return address than the call put there."""
        return self.said is not None


def entries_from(words: Sequence[int], start: int) -> list[int]:
    """Addresses that the entries return to, innermost first, interrupted ones among them; up to the first zero.

    Args:
        start: address of the first word.
    """
    found: list[int] = []
    at = 0
    while at < len(words) and words[at] and len(found) < MAX_ENTRIES:
        word, address = words[at], start + 8 * at
        if word & ~7 == address + 8 or word == address:  # a token: of a pointer that is not in use, or of the base
            at += 1
        elif at + 2 < len(words) and words[at + 2] in _CODE_SELECTORS and address < word <= address + 0x20:
            found.append(words[at + 1])
            at += 3
        else:
            found.append(word)
            at += 1
    return found


def check(frames: Sequence[Frame], shadow: ShadowStack, memory: MemoryReader, top: int) -> Checked | None:
    """Hold the frames of one stack against its shadow; None where the two cannot be laid beside each other.

    Args:
        frames: innermost first; the first may be no return address.
        memory: of the usual stack, in which the places of what the shadow stack has are looked for up to ``top``.
    """
    words = shadow.words()
    met = _met_exactly(frames, words, shadow.start) if shadow.exact else _met(frames, words, shadow.start)
    if met is None:
        return None
    first, entries = met
    agreed = _alike(frames[first:], entries)
    kept = [_proved(frame) if number >= first else frame for number, frame in enumerate(frames[: first + agreed])]
    if agreed == len(entries) or (agreed + first == len(frames) and not kept):
        # what lies beyond its last entry was entered otherwise: the walk's own frames stand
        return Checked((*kept, *frames[first + agreed :]), agreed)
    wrong = frames[first + agreed] if first + agreed < len(frames) else None
    if not kept:
        return None
    recovered = _recovered(kept[-1], entries[agreed:], memory, top)
    if wrong is None or wrong.trust in _GUESSED:
        return Checked((*kept, *recovered), agreed, len(kept))
    return Checked((*kept, *recovered), agreed, len(kept), wrong.ip, wrong.sp - 8)


def _alike(frames: Sequence[Frame], entries: Sequence[int]) -> int:
    """How many return addresses agree before the first that does not."""
    pairs = zip(frames, entries, strict=False)
    differs = next((number for number, (frame, entry) in enumerate(pairs) if frame.ip != entry), None)
    return min(len(frames), len(entries)) if differs is None else differs


def _proved(frame: Frame) -> Frame:
    """A frame that was a guess is known now."""
    return replace(frame, trust=Trust.SHADOW_STACK) if frame.trust in _GUESSED else frame


def _met_exactly(frames: Sequence[Frame], words: Sequence[int], start: int) -> tuple[int, list[int]] | None:
    """The innermost entry is the first frame's where that is a return address itself, else the second's."""
    entries = entries_from(words, start)
    if not entries or not frames:
        return None
    own = frames[0].ip == entries[0] or frames[0].trust in (Trust.SWITCH_FRAME, *RETURNS)
    return (0 if own else 1), entries


def _met(frames: Sequence[Frame], words: Sequence[int], start: int) -> tuple[int, list[int]] | None:
    """Where a run of return addresses agrees: the first one of frames that are no guesses, else the longest.

    Behind a place that was overwritten the walk may have found back: a longer run there must not hide it.
    """
    best: tuple[int, int, list[int]] | None = None
    for first in range(min(_REACH, len(frames))):
        for at in (index for index, word in enumerate(words) if word == frames[first].ip):
            entries = entries_from(words[at:], start + 8 * at)
            length = _alike(frames[first:], entries)
            if length >= _FEWEST and (best is None or length > best[0]):
                best = length, first, entries
        if best is not None and not any(frame.trust in _GUESSED for frame in frames[: first + _FEWEST]):
            break
    return (best[1], best[2]) if best is not None else None


def _recovered(last: Frame, entries: Sequence[int], memory: MemoryReader, top: int) -> list[Frame]:
    """Frames of the entries, at the words of the usual stack that hold them; else where the last one is."""
    found, sp = list[Frame](), last.sp
    for entry in entries:
        sp = _place(memory, sp, top, entry) or sp
        found.append(Frame(sp, entry, Trust.SHADOW_STACK, None))
    return found


def _place(memory: MemoryReader, sp: int, top: int, value: int) -> int | None:
    """The stack pointer behind the first word above ``sp`` that is ``value``."""
    try:
        data = memory.read(sp, min(max(top - sp, 0), 1 << 16))
    except ReadError:
        return None
    at = data.find(value.to_bytes(8, "little"))
    while at >= 0 and at % 8:
        at = data.find(value.to_bytes(8, "little"), at + 1)
    return sp + at + 8 if at >= 0 else None
