"""DPC_WATCHDOG_VIOLATION (0x133): what is known of the profile that the kernel keeps of deferred calls as they run.

DPC_WATCHDOG_GLOBAL_TRIAGE_BLOCK of public symbol tables: a signature, a revision, its own size, then where in each
KPRCB the profile lies and how long it is. How its entries are laid out nobody has published: words in it that point
into code are counted by module, and that is all that is said.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from struct import Struct

from volplugins.bugcheck.devices.lead import Case
from volplugins.bugcheck.scene import modules as known
from volplugins.bugcheck.suspects.suspects import UNNAMED, Confidence, Culprit
from volplugins.loader.module import Module
from volplugins.memory.reader import ReadError

_SIGNATURE = 0xAEBECEDE
_BLOCK = Struct("<IHHII")
_LONGEST = 1 << 17  # bytes of a profile; 0x8200 in public dumps
_SHOWN = 3
_CUMULATIVE = 1  # parameter 1: the triage block is parameter 3
_TELLING = 2  # words: one may be chance


@dataclass(frozen=True, slots=True)
class Profile:
    """What the watchdog's record says, in words, and how many words of its profile point into each driver."""

    text: str
    counts: Counter[Module] = field(default_factory=Counter)


def read_profile(case: Case) -> Profile:
    """What the watchdog's own record holds; an empty text where the bugcheck names none."""
    kind, _, third, fourth = case.parameters
    block = third if kind == _CUMULATIVE else fourth
    if not block:
        return Profile("")
    if not case.reader.system.in_kernel_half(block):
        return Profile(f"the DPC watchdog's triage block {block:#x} is no address of the kernel")
    try:
        signature, revision, _, offset, length = _BLOCK.unpack(case.scene.memory.read(block, _BLOCK.size))
    except ReadError:
        return Profile(f"the DPC watchdog's triage block {block:#x} is not in the dump")
    if signature != _SIGNATURE:
        return Profile(f"the DPC watchdog's triage block {block:#x} has the signature {signature:#x}")
    found = _profile(case, offset, length)
    return Profile(f"the DPC watchdog keeps a profile (revision {revision}): {found.text}", found.counts)


def _profile(case: Case, offset: int, length: int) -> Profile:
    crashed = case.scene.crashed
    if crashed is None or not crashed.processor.prcb:
        return Profile("the KPRCB that holds it is not known")
    size = min(length, _LONGEST)
    try:
        data = case.scene.memory.read(crashed.processor.prcb + offset, size)
    except ReadError as error:
        return Profile(f"it is not in the dump ({error.reason})")
    counts = _by_module(case, data)
    if not counts:
        return Profile(f"none of its {size:#x} bytes points into a driver")
    shown = ", ".join(f"{module.image_name} {count}" for module, count in counts.most_common(_SHOWN))
    return Profile(f"words of it that point into drivers: {shown} (the layout of its entries is not known)", counts)


def _by_module(case: Case, data: bytes) -> Counter[Module]:
    """How many words point into each driver."""
    width = case.scene.bits // 8
    counts: Counter[Module] = Counter()
    for at in range(0, len(data) - width + 1, width):
        module = case.scene.modules.at(int.from_bytes(data[at : at + width], "little"))
        if module is not None and not known.is_core(module):
            counts[module] += 1
    return counts


def with_profile(case: Case, culprit: Culprit | None) -> Culprit | None:
    """The culprit with what the profile says; where only the kernel was found, the driver that it names most, `low`."""
    profile = read_profile(case)
    if not profile.text or culprit is None or culprit.module is None:
        return culprit
    if known.is_core(culprit.module):
        foreign = [each for each in profile.counts if not case.owners.is_windows(each)]
        most = max(foreign, key=lambda each: profile.counts[each], default=None)
        if most is not None and profile.counts[most] >= _TELLING:
            return Culprit(most.image_name or UNNAMED, most, None, Confidence.LOW, profile.text)
    return replace(culprit, reason=f"{culprit.reason}; {profile.text}")
