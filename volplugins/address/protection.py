"""The memory manager's protection numbers, as VADs and entries that are not valid hold them, and their words.

Source: the kernel's table MmProtectToValue (the same in every build from XP to 11) and the PAGE_* names of the Windows
SDK's winnt.h: three bits of access, and 8, 16 or 24 on top of them for no caching, guard and write combining.
"""

from __future__ import annotations

_ACCESS = (
    "PAGE_NOACCESS", "PAGE_READONLY", "PAGE_EXECUTE", "PAGE_EXECUTE_READ", "PAGE_READWRITE", "PAGE_WRITECOPY",
    "PAGE_EXECUTE_READWRITE", "PAGE_EXECUTE_WRITECOPY",
)  # fmt: skip
_MODIFIERS = ("", "PAGE_NOCACHE", "PAGE_GUARD", "PAGE_WRITECOMBINE")
READONLY, EXECUTE_READ, READWRITE, WRITECOPY, EXECUTE_READWRITE, EXECUTE_WRITECOPY = 1, 3, 4, 5, 6, 7
NOCACHE, GUARD, WRITECOMBINE = 0x08, 0x10, 0x18
# an entry of this protection and nothing else was committed once and is not any more
DECOMMITTED = 0x10
_READ, _WRITE, _EXECUTE = 1, 2, 4
# access that each of the eight kinds allows; copy on write is a way to write
_RIGHTS = (0, _READ, _EXECUTE, _EXECUTE | _READ, _READ | _WRITE, _READ | _WRITE, 7, 7)


def _word(number: int) -> str:
    access, modifier = number & 7, _MODIFIERS[number >> 3]
    # no modifier changes a page that nobody may touch
    return f"{_ACCESS[access]}|{modifier}" if modifier and access else _ACCESS[access]


WORDS = tuple(_word(number) for number in range(32))

# the same in few words, for messages
ALLOWED = f"{' '.join(_ACCESS)}, and behind them {' '.join(f'|{each}' for each in _MODIFIERS[1:])}"


def word_of(number: int | None) -> str:
    """The PAGE_* word (modifiers joined by ``|``); empty for None."""
    return WORDS[number & 31] if number is not None else ""


def rights(number: int) -> int:
    """What may be done: 1 read, 2 write, 4 execute, added up."""
    return _RIGHTS[number & 7]


def can_execute(number: int) -> bool:
    """Whether code may run there."""
    return bool(rights(number) & _EXECUTE)


def can_write(number: int) -> bool:
    """Whether it may be written to; copy on write too."""
    return bool(rights(number) & _WRITE)


def with_execute(number: int) -> int:
    """The same access with the right to execute: for processors that cannot withhold it."""
    access = {0: 0, 1: 3, 4: 6, 5: 7}.get(number & 7, number & 7)
    return number & 0x18 | access
