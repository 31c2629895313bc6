"""Which process is meant: a PID, an image name, an EPROCESS address, a DirBase or a PFN, and which of them it was."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from volplugins.kernel.process import Process
from volplugins.memory.address_text import parse_address

_PAGE_BITS = 12
IN_HEX = "PID (in hexadecimal)"
KINDS = ("pid", "name", "eprocess", "dirbase", "pfn")  # prefixes that say what a text is


@dataclass(frozen=True, slots=True)
class Match:
    """A process, and what the text was taken for: PID, IN_HEX, image name, EPROCESS, DirBase or PFN."""

    process: Process
    taken_for: str


def resolve(text: str, processes: Sequence[Process]) -> tuple[Match, ...]:
    """Every process that ``text`` can mean; a prefix (``pid:``, ``eprocess:``, ``dirbase:``, ``pfn:``) leaves one kind.

    Without a prefix a decimal number is a PID first, and so is one with 0x; what fits several kinds gives several
    matches.
    """
    prefix, _, rest = text.partition(":")
    kinds = {"pid": _by_pid, "name": _by_name, "eprocess": _by_eprocess, "dirbase": _by_dirbase, "pfn": _by_pfn}
    if rest and prefix.lower() in kinds:
        return tuple(kinds[prefix.lower()](rest, processes))
    found: list[Match] = []
    for kind in kinds.values():
        found.extend(match for match in kind(text, processes) if match.process not in [m.process for m in found])
    return tuple(found)


def meant_by(text: str, processes: Sequence[Process]) -> Iterator[Match]:
    """Processes that ``text``, typed where an EPROCESS address belongs, may have been meant for.

    WinDbg reads numbers as hexadecimal, so a PID may be too; and a page frame number may have been made by the rule
    that drops every trailing zero of DirBase, which is wrong: a page is three of them.
    """
    value = parse_address(text)
    found = resolve(text, processes)
    yield from found
    if value is None:
        return
    for process in processes:
        base = process.directory_table_base or 0
        if process.pid == value and not text.strip().isdecimal():
            if Match(process, IN_HEX) not in found:
                yield Match(process, IN_HEX)
        elif base and _without_zeros(base) == value and value != base >> _PAGE_BITS:
            right = f"DirBase {base:#x} without all its trailing zeros; its PFN is {base >> _PAGE_BITS:#x}"
            yield Match(process, right)


def _without_zeros(base: int) -> int:
    while base and not base & 0xF:
        base >>= 4
    return base


def _by_pid(text: str, processes: Sequence[Process]) -> list[Match]:
    """A PID in decimal, or with 0x in hexadecimal, as WinDbg prints it."""
    plain = text.strip().lower()
    if plain.isascii() and plain.isdecimal() and len(plain) < 12:
        return [Match(p, "PID") for p in processes if p.pid == int(plain)]
    pid = parse_address(plain) if plain.startswith("0x") else None
    return [Match(p, IN_HEX) for p in processes if pid is not None and p.pid == pid]


def _by_name(text: str, processes: Sequence[Process]) -> list[Match]:
    wanted = text.strip().lower()
    # ImageFileName is cut by Windows to fourteen or fifteen characters
    return [Match(p, "image name") for p in processes if wanted and wanted[:14] == p.name.lower()[:14]]


def _where(text: str, processes: Sequence[Process], kind: str, test: Callable[[Process, int], bool]) -> list[Match]:
    value = parse_address(text)
    return [Match(p, kind) for p in processes if value is not None and test(p, value)]


def _by_eprocess(text: str, processes: Sequence[Process]) -> list[Match]:
    return _where(text, processes, "EPROCESS", lambda p, value: p.eprocess == value)


def _by_dirbase(text: str, processes: Sequence[Process]) -> list[Match]:
    """A DirBase as WinDbg prints it, with its low bits, or rounded to its page."""
    return _where(
        text,
        processes,
        "DirBase",
        lambda p, value: bool(p.directory_table_base) and value in (p.directory_table_base, _page(p)),
    )


def _page(process: Process) -> int:
    return (process.directory_table_base or 0) & ~((1 << _PAGE_BITS) - 1)


def _by_pfn(text: str, processes: Sequence[Process]) -> list[Match]:
    return _where(
        text, processes, "PFN", lambda p, value: bool(p.directory_table_base) and value == _page(p) >> _PAGE_BITS
    )


@dataclass(frozen=True, slots=True)
class ThreadWord:
    """What a text says of a thread: its TID, its ETHREAD, or a number that can be either; ``pid``: of which process."""

    tid: int | None = None
    ethread: int | None = None
    pid: int | None = None

    def means(self, pid: int | None, tid: int | None, ethread: int) -> bool:
        """Whether this is the thread that is meant."""
        if self.pid is not None:
            return (pid, tid) == (self.pid, self.tid)
        return ethread == self.ethread or (tid is not None and tid == self.tid)


def thread_word(text: str) -> ThreadWord | None:
    """What names a thread: ``pid.tid`` in hexadecimal (WinDbg's ``~`` and our own groups write it so), a TID in
    decimal or with 0x, an ETHREAD address; None where it is nothing of these."""
    plain = text.strip().lower()
    left, dot, right = plain.partition(".")
    if dot:
        pid, tid = parse_address(left), parse_address(right)
        return ThreadWord(tid, None, pid) if pid is not None and tid is not None else None
    if plain.isascii() and plain.isdecimal() and len(plain) < 12:
        return ThreadWord(int(plain))
    value = parse_address(plain)
    return ThreadWord(value, value) if value is not None else None
