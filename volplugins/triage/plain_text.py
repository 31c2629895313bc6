"""Values that any JSON reader takes and any terminal shows, whatever the dump put into them."""

from __future__ import annotations

from typing import Any

from volplugins.vol.output.json_lines import clean_text

_LONGEST = 4096


def plain(value: Any) -> Any:
    """The value with control characters written as ``\\x0a``, lone surrogates replaced, and long texts cut."""
    if isinstance(value, str):
        return plain_text(value)
    if isinstance(value, dict):
        return {name: plain(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [plain(each) for each in value]
    return value


def plain_text(text: str) -> str:
    """The same for one text."""
    cut = text if len(text) <= _LONGEST else text[:_LONGEST] + "…"
    return "".join(c if c.isprintable() else _escape(c) for c in clean_text(cut))


def _escape(character: str) -> str:
    return f"\\x{ord(character):02x}"
