"""Values of a dump as text for a reader: no control characters, no lone surrogates, no megabytes."""

from __future__ import annotations

import json
import re
from typing import Any

from volplugins.report import caps

Cell = str | int | float | None

# controls, invisible format characters, changes of direction, line separators, surrogates, tags
_INVISIBLE = re.compile(
    "[\x00-\x1f\x7f-\x9f\xad\u061c\u115f\u1160\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ud800-\udfff"
    "\ufeff\uffa0\ufff0-\uffff\U000e0000-\U000e0fff]"
)
# more marks upon one letter than any script needs climb over the lines above
_MARK = "[\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]"
_MARKS = re.compile(f"({_MARK}{{3}}){_MARK}+")
_EXACT = 1 << 53  # whole numbers beyond are not exact in JavaScript


def shown(value: object, limit: int = caps.CELL) -> str:
    """The value as text: what could not be seen is written ``\\x0a``, what is too long is cut, saying how much.

    Args:
        value: anything that JSON or SQLite can hold.
        limit: characters that are shown at most.
    """
    if type(value) is str and len(value) <= limit and value.isascii() and value.isprintable():
        return value  # nearly every one
    text = _plain(value)
    cut = f"… ({len(text) - limit} more characters)" if len(text) > limit else ""
    return _MARKS.sub(r"\1", _INVISIBLE.sub(_escaped, text[:limit])) + cut


def cell(value: object, limit: int = caps.CELL) -> Cell:
    """The value for a table: numbers stay numbers, so that they sort; truth is ``yes`` or ``no``; None stays."""
    if value is None or (isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) < _EXACT):
        return value
    return shown(value, limit)


def _plain(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, (dict, list)):
        return _json(value)
    try:
        return str(value)
    except ValueError:  # Python prints no number of more than some thousand digits
        return "a number too long to print"


def _json(value: Any) -> str:
    try:
        return json.dumps(value)
    except (ValueError, RecursionError):
        return "a value too deep to print"


def _escaped(match: re.Match[str]) -> str:
    code = ord(match[0])
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
