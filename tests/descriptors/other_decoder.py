"""A decoder of descriptors written for the tests alone: bit by bit from the figures of the manual, no tables shared."""

from __future__ import annotations

# Intel SDM 3A, table 3-2, 32-bit and IA-32e columns
_SYSTEM = {
    1: ("tss16", None), 2: ("ldt", "ldt"), 3: ("tss16", None), 4: ("call-gate16", None), 5: ("task-gate", None),
    6: ("interrupt-gate16", None), 7: ("trap-gate16", None), 9: ("tss32", "tss64"), 11: ("tss32", "tss64"),
    12: ("call-gate32", "call-gate64"), 14: ("interrupt-gate32", "interrupt-gate64"),
    15: ("trap-gate32", "trap-gate64"),
}  # fmt: skip


def bits(data: bytes, low: int, count: int) -> int:
    """``count`` bits from bit ``low`` on, least significant first."""
    return sum((data[bit // 8] >> bit % 8 & 1) << place for place, bit in enumerate(range(low, low + count)))


def other(data: bytes, long_mode: bool) -> dict[str, object]:
    """What a descriptor of 8 bytes says, or of 16 (system descriptors of long mode)."""
    if not any(data[:8]):
        return {"type": "null"}
    said: dict[str, object] = {"dpl": bits(data, 45, 2), "present": bits(data, 47, 1) == 1}
    if bits(data, 44, 1):
        return said | _code_or_data(data, long_mode)
    word = _SYSTEM.get(bits(data, 40, 4), (None, None))[long_mode]
    if word is None:
        return said | {"type": "reserved"}
    if "gate" in word:
        return said | _gate(data, word)
    return said | {"type": word, "base": _base(data) + (bits(data, 64, 32) << 32 if long_mode else 0),
                   "limit": _limit(data)}  # fmt: skip


def _code_or_data(data: bytes, long_mode: bool) -> dict[str, object]:
    code = bits(data, 43, 1)
    width = 64 if code and long_mode and bits(data, 53, 1) else 32 if bits(data, 54, 1) else 16
    flags = {"accessed"} if bits(data, 40, 1) else set()
    flags |= {"pages"} if bits(data, 55, 1) else set()
    if code:
        flags |= {"execute"} | ({"read"} if bits(data, 41, 1) else set())
        flags |= {"conforming"} if bits(data, 42, 1) else set()
    else:
        flags |= {"read"} | ({"write"} if bits(data, 41, 1) else set())
        flags |= {"expand-down"} if bits(data, 42, 1) else set()
    return {"type": f"code{width}" if code else "data", "width": width, "base": _base(data), "limit": _limit(data),
            "flags": flags}  # fmt: skip


def _gate(data: bytes, word: str) -> dict[str, object]:
    selector = bits(data, 16, 16)
    if word == "task-gate":
        return {"type": word, "selector": selector, "offset": 0}
    offset = bits(data, 0, 16)
    if not word.endswith("16"):
        offset += bits(data, 48, 16) << 16
    if word.endswith("64"):
        offset += bits(data, 64, 32) << 32
    stack = bits(data, 32, 3) if word.endswith("64") and not word.startswith("call") else 0
    return {"type": word, "selector": selector, "offset": offset, "ist": stack}


def _base(data: bytes) -> int:
    return bits(data, 16, 24) + (bits(data, 56, 8) << 24)


def _limit(data: bytes) -> int:
    limit = bits(data, 0, 16) + (bits(data, 48, 4) << 16)
    return (limit + 1) * 4096 - 1 if bits(data, 55, 1) else limit
