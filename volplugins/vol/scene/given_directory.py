"""The page directory that --dirbase names, and the processes that are looked at through it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from volplugins.kernel.process import Process
from volplugins.kernel.who import Match, resolve
from volplugins.memory.address_text import parse_address
from volplugins.vol.scene.process_selection import choose

_NAMED = 8  # processes that a note names
_PAGE_BITS = 12
_WIDEST = 64  # bits of a register that holds a DirBase
_KINDS = ("", "dirbase", "pfn")


@dataclass(frozen=True, slots=True)
class GivenDirectory:
    """A directory that was typed.

    Attributes:
        base: the DirBase, with low bits where they were typed.
        taken: what the text was taken for.
        owners: the processes that have it.
    """

    base: int
    taken: str
    owners: tuple[Process, ...] = ()


@dataclass(frozen=True, slots=True)
class Selection:
    """The processes that are meant, each with what is to be said of it, and what fits nothing.

    Attributes:
        bare: a directory that no process has, as a process of which nothing else is known.
    """

    processes: list[tuple[Process, str]]
    problems: list[str]
    bare: tuple[Process, str] | None = None

    def mapped(self) -> list[tuple[Process, str]]:
        """Everything that has page tables: a bare directory too."""
        return [*self.processes, *([self.bare] if self.bare is not None else [])]

    def wrong(self, lacks: str) -> list[str]:
        """What fits nothing, where a bare directory does not do.

        Args:
            lacks: what would have to be known of its process, in words.
        """
        if self.bare is None:
            return self.problems
        why = f"no process has it as its own, and a bare directory does not say {lacks}"
        return [*self.problems, f"{self.bare[1]}: {why}; --pid with --dirbase reads a process through it"]


def select(processes: Sequence[Process], who: Sequence[str], dirbase: str | None) -> Selection:
    """What --pid, --process and --dirbase mean together.

    Processes that are named are read through the directory in place of their own; without a name, those that have it,
    else the directory alone. A process's other words (PEB, VADs, threads) stay its own.
    """
    if dirbase is None:
        return Selection(*choose(processes, who))
    given = given_directory(dirbase, processes)
    if given is None:
        return Selection([], [not_a_directory(dirbase)])
    if who:
        chosen, problems = choose(processes, who)
        return Selection([_through(process, note, given) for process, note in chosen], problems)
    if given.owners:
        return Selection([(process, given.taken) for process in given.owners], [])
    return Selection([], [], (_nameless(given.base), given.taken))


def not_a_directory(text: str) -> str:
    """Why a text is no directory."""
    return f"{text}: not a DirBase (hexadecimal, not zero), nor the PFN of one"


def given_directory(text: str, processes: Sequence[Process]) -> GivenDirectory | None:
    """The DirBase that was typed, also as the page frame number of a process's; None where it is none."""
    kind, colon, rest = text.partition(":")
    plain = rest if colon else text
    value, said = parse_address(plain), kind.lower() if colon else ""
    if not value or said not in _KINDS:
        return None
    exact = () if said == "pfn" else resolve(f"dirbase:{plain}", processes)
    frames = () if exact or said == "dirbase" else resolve(f"pfn:{plain}", processes)
    if frames:
        base = frames[0].process.directory_table_base or 0
        taken = f"{plain} taken for the PFN of DirBase {base:#x} ({_names(frames)})"
        return GivenDirectory(base, taken, _owners(frames))
    if said == "pfn":
        base = value << _PAGE_BITS
        return (
            GivenDirectory(base, f"DirBase {base:#x}, by its PFN; no process has it") if base < 1 << _WIDEST else None
        )
    return GivenDirectory(value, f"DirBase {value:#x}" + (f" ({_names(exact)})" if exact else ""), _owners(exact))


def _owners(found: Sequence[Match]) -> tuple[Process, ...]:
    return tuple(match.process for match in found)


def _names(found: Sequence[Match]) -> str:
    return ", ".join(f"{each.process.name}, PID {each.process.pid}" for each in found[:_NAMED])


def _through(process: Process, note: str, given: GivenDirectory) -> tuple[Process, str]:
    """The process with the directory as its own, and a note that says so."""
    own = process.directory_table_base
    said = f"its own is {own:#x}" if own is not None else "its own is not known"
    through = f"read through {given.taken}, {said}"
    return replace(process, directory_table_base=given.base), "; ".join(part for part in (note, through) if part)


def _nameless(base: int) -> Process:
    return Process(0, None, None, f"DirBase {base:#x}", base, None, "a bare directory", source="directory")
