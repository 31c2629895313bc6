"""DPC_WATCHDOG_VIOLATION (0x133): what is known of the profile that the kernel keeps of deferred calls as they run.

DPC_WATCHDOG_GLOBAL_TRIAGE_BLOCK of public symbol tables: a signature, a revision, its own size, then where in each
KPRCB the profile lies and how long it is. How its entries are laid out nobody has published: words in it that point
into code are counted by module, and that is all that is said.
"""

from __future__ import annotations

from collections import Counter
from struct import Struct

from volplugins.bugcheck import modules as known
from volplugins.bugcheck.devices.lead import Case
from volplugins.memory.reader import ReadError

_SIGNATURE = 0xAEBECEDE
_BLOCK = Struct("<IHHII")
_LONGEST = 1 << 17  # bytes of a profile; 0x8200 in public dumps
_SHOWN = 3


def profile_text(case: Case) -> str:
    """In words what the watchdog's own record holds; empty where the bugcheck names none."""
    kind, _, third, fourth = case.parameters
    block = third if kind == 1 else fourth
    if not block:
        return ""
    if not case.reader.system.in_kernel_half(block):
        return f"the DPC watchdog's triage block {block:#x} is no address of the kernel"
    try:
        signature, revision, _, offset, length = _BLOCK.unpack(case.scene.memory.read(block, _BLOCK.size))
    except ReadError:
        return f"the DPC watchdog's triage block {block:#x} is not in the dump"
    if signature != _SIGNATURE:
        return f"the DPC watchdog's triage block {block:#x} has the signature {signature:#x}"
    return f"the DPC watchdog keeps a profile (revision {revision}): {_profile(case, offset, length)}"


def _profile(case: Case, offset: int, length: int) -> str:
    crashed = case.scene.crashed
    if crashed is None or not crashed.processor.prcb:
        return "the KPRCB that holds it is not known"
    size = min(length, _LONGEST)
    try:
        data = case.scene.memory.read(crashed.processor.prcb + offset, size)
    except ReadError as error:
        return f"it is not in the dump ({error.reason})"
    counts = _by_module(case, data)
    if not counts:
        return f"none of its {size:#x} bytes points into a driver"
    shown = ", ".join(f"{name} {count}" for name, count in counts.most_common(_SHOWN))
    return f"words of it that point into drivers: {shown} (the layout of its entries is not known)"


def _by_module(case: Case, data: bytes) -> Counter[str]:
    """How many words point into each driver."""
    width = case.scene.bits // 8
    counts: Counter[str] = Counter()
    for at in range(0, len(data) - width + 1, width):
        module = case.scene.modules.at(int.from_bytes(data[at : at + width], "little"))
        if module is not None and not known.is_core(module):
            counts[module.image_name] += 1
    return counts
