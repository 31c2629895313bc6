"""Names of bits and of numbers in a row: how every vocabulary of this room is read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence


def table(text: str) -> dict[int, str]:
    """Names by number, from lines of ``NAME=number``; of two names with one number the first counts."""
    names: dict[int, str] = {}
    for word in text.split():
        name, _, number = word.partition("=")
        names.setdefault(int(number, 0), name)
    return names


def in_words(value: int, names: Mapping[int, str]) -> str:
    """The names of the bits of ``value``, lowest first, joined by ``|``; what has no name as one hexadecimal number."""
    found, rest = [], value
    for bit in sorted(names):
        if bit and rest & bit == bit:
            found.append(names[bit])
            rest &= ~bit
    if rest or not found:
        found.append(f"{rest:#x}")
    return "|".join(found)


def numbered(names: Sequence[str] | Mapping[int, str], number: int, width: int = 2) -> str:
    """The name of ``number``; the number itself, ``0x…``, where there is none."""
    name = names.get(number, "") if isinstance(names, Mapping) else _at(names, number)
    return name or f"0x{number:0{width}x}"


def _at(names: Sequence[str], number: int) -> str:
    return names[number] if 0 <= number < len(names) else ""
