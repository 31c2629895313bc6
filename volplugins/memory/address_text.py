"""Addresses as people type them: hexadecimal with or without 0x, with WinDbg's back-tick."""

from __future__ import annotations

_LONGEST = 16


def parse_address(text: str) -> int | None:
    """The address, or None where ``text`` is none (no hexadecimal digits, or more than sixteen)."""
    digits = text.strip().replace("`", "").lower().removeprefix("0x")
    if not 0 < len(digits) <= _LONGEST or any(c not in "0123456789abcdef" for c in digits):
        return None
    return int(digits, 16)
