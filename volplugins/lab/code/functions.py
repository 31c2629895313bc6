"""The lab's source language for code: one line per function, from which real instructions are made.

``Name [words] : items``. Words: ``frame=hex`` (bytes of locals), ``save=rbx,rsi`` (registers pushed), ``PAGE`` or
``POOLCODE`` (section, else ``.text``), ``export``, ``entry`` (the image's entry point), ``trap`` (entered by a fault
with an error code), ``interrupt`` (entered without), ``syscall``, ``leaf`` (no frame), ``naked`` (x86: no EBP frame),
``switch`` (x64: called by an interrupt's entry, goes on on another stack), ``onto`` (x64: the same, called by anybody,
with a frame of its own in RBP), ``thunks`` (256 that push the number of their vector and jump to the item).
Items: ``Other`` calls a function of the same image, ``mod!Other`` through the import table, ``*label`` through a
register or a table; ``=hex@label`` is an instruction with a label of its own; ``:Symbol`` names this place;
``#n`` puts n ordinary instructions here.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field

_KINDS = ("trap", "interrupt", "syscall", "leaf", "naked", "switch", "onto", "thunks")


@dataclass(frozen=True, slots=True)
class Item:
    """One item of a body: kind is ``near``, ``import``, ``indirect``, ``code``, ``symbol`` or ``filler``."""

    kind: str
    text: str
    label: str = ""


@dataclass(frozen=True, slots=True)
class Function:
    """A parsed function."""

    name: str
    kind: str
    section: str
    frame: int
    saves: tuple[str, ...]
    export: bool
    entry: bool
    items: tuple[Item, ...]


@dataclass(slots=True)
class MachineCode:
    """A function's bytes with what must be known about places in them (offsets from its start).

    ``fixups`` are (offset, kind, target): ``near`` rel32, ``import`` the address of an import slot, ``relative`` or
    ``absolute`` as the processor wants it. ``sites`` maps a callee or label to the offset after its call (``code``
    items: of the instruction itself). ``unwind`` is UNWIND_INFO, x64 only.
    """

    data: bytearray = field(default_factory=bytearray)
    fixups: list[tuple[int, str, str]] = field(default_factory=list)
    sites: dict[str, int] = field(default_factory=dict)
    symbols: dict[str, int] = field(default_factory=dict)
    unwind: bytes = b""


def parse_functions(source: str) -> tuple[Function, ...]:
    """Parse a listing; empty lines and lines that begin with ``--`` are passed over."""
    lines = (line.strip() for line in source.replace("\\\n", " ").splitlines())
    return tuple(_function(line) for line in lines if line and not line.startswith("--"))


def filler(name: str, words: tuple[str, ...], count: int, salt: int) -> bytes:
    """``count`` ordinary instructions, always the same for one function and place."""
    chooser = random.Random(f"{name}/{salt}")
    return b"".join(bytes.fromhex(chooser.choice(words)) for _ in range(count))


def _function(line: str) -> Function:
    head, _, body = line.partition(" :")
    name, *words = head.split()
    options = dict(word.split("=") for word in words if "=" in word)
    flags = {word for word in words if "=" not in word}
    kind = next(
        (word for word in _KINDS if word in flags),
        "normal",
    )
    section = next((word for word in ("PAGE", "POOLCODE") if word in flags), ".text")
    saves = tuple(options["save"].split(",")) if "save" in options else ()
    items = tuple(_item(word) for word in body.split())
    return Function(
        name, kind, section, int(options.get("frame", "28"), 16), saves, "export" in flags, "entry" in flags, items
    )


def _item(word: str) -> Item:
    if word[0] == "*":
        return Item("indirect", "", word[1:] or "*")
    if word[0] == "=":
        code, _, label = word[1:].partition("@")
        return Item("code", code, "@" + label)
    if word[0] == ":":
        return Item("symbol", word[1:])
    if word[0] == "#":
        return Item("filler", word[1:])
    return Item("import" if "!" in word else "near", word, word.rpartition("!")[2])
