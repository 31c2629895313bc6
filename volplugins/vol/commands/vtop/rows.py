"""Rows of windows.kd.vtop: Address, Step, EntryVirtual, EntryPhysical, Entry, Flags, Value, State, Note."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from volplugins.kernel.process import Process
from volplugins.memory.address_text import parse_address
from volplugins.paging.address_space import AddressSpace
from volplugins.paging.entry_text import entry_virtual, flag_letters
from volplugins.paging.self_map import self_map_slot
from volplugins.paging.translation import State, Step, Translation
from volplugins.vol.commands.vtop.row import VTOP, VtopRow
from volplugins.vol.scene.directory_verdicts import USABLE, WALKABLE, DirectoryJudge, judge_of, process_space
from volplugins.vol.scene.given_directory import given_directory, not_a_directory, select
from volplugins.vol.scene.page_witness import witness_of
from volplugins.vol.scene.process_selection import gather
from volplugins.vol.scene.stack_scene import StackScene

if TYPE_CHECKING:
    from volplugins.bugcheck.scene.crash_scene import CrashScene

Address = int | None  # None becomes an absent value


_WHERE = {
    State.NOT_IN_DUMP: "not in the dump file",
    State.OUTSIDE_MEMORY: "where the machine has no RAM",
}


class Directory(NamedTuple):
    """A page directory to translate with, what the user's words were taken for, and what is wrong with it."""

    space: AddressSpace | None
    note: str
    verdict: str = ""
    process: Process | None = None


def vtop_rows(
    scene: CrashScene, addresses: Sequence[str], who: Sequence[str], dirbase: str | None
) -> Iterator[VtopRow]:
    """A row per level of each address in each directory meant; a row with the reason for what cannot be done."""
    if scene.space is None:
        yield _failure(None, "; ".join(scene.notes) or "this dump holds no page tables (a small dump has none)")
        return
    directories, problems, court = directories_meant(scene, who, dirbase)
    for problem in problems:
        yield _failure(None, problem)
    if not addresses:
        yield _failure(None, "no --address was given")
    names = StackScene(scene, court)
    for text in addresses:
        for number, directory in enumerate(directories):
            address = _address(text, directory.process, names)
            if isinstance(address, str):
                if number == 0 or "!" in text or "+" in text:
                    yield _failure(None, address)
                continue
            note = "; ".join(part for part in (_taken(text, address), directory.note) if part)
            if directory.verdict:
                state = f"page-directory:{directory.verdict}"
                yield VtopRow(address, "directory", None, None, None, "", None, state, note)
            if directory.space is not None:
                yield from translation_rows(scene, address, directory.space, "" if directory.verdict else note)
    for problem in names.cuts():
        yield _failure(None, problem)


def _address(text: str, process: Process | None, names: StackScene) -> int | str:
    """The address that was typed, by number or by name; in words why it is none."""
    address = parse_address(text)
    if address is not None:
        return address
    if "!" not in text and "+" not in text:
        return f"{text}: not an address (hexadecimal, sixteen digits at most; or module!symbol+0x…)"
    found = names.address_of(process, text)
    return f"{text}: {found}" if isinstance(found, str) else found


def _taken(text: str, address: int) -> str:
    return "" if parse_address(text) is not None else f"{text} is {address:#x}"


def _failure(address: Address, why: str) -> VtopRow:
    return VTOP.failure(why)._replace(address=address)


def directories_meant(
    scene: CrashScene, who: Sequence[str], dirbase: str | None
) -> tuple[list[Directory], list[str], DirectoryJudge | None]:
    """The directories meant, the kernel's own where none is; what fits nothing; the judge of those of processes."""
    assert scene.space is not None
    if who:
        return _of_processes(scene, who, dirbase)
    kernel = scene.space.space
    base, note = kernel.directory_table_base, f"the kernel's directory {kernel.directory_table_base:#x}"
    note += f", from {scene.space.source}"
    if dirbase is not None:
        given = given_directory(dirbase, gather(scene, False).processes)
        if given is None:
            return [], [not_a_directory(dirbase)], None
        base, note = given.base, given.taken
    return [Directory(kernel.through(base), note)], [], None


def _of_processes(
    scene: CrashScene, who: Sequence[str], dirbase: str | None
) -> tuple[list[Directory], list[str], DirectoryJudge]:
    """The directories of the processes meant, each judged first; hidden ones are looked for where none is listed."""
    gathered = gather(scene, False)
    selection = select(gathered.processes, who, dirbase)
    if selection.problems:
        gathered = gather(scene)
        selection = select(gathered.processes, who, dirbase)
    court = judge_of(scene, gathered.processes)
    found = []
    for process, taken in selection.processes:
        verdict = court.verdict(process)
        note = f"{process.name} (PID {process.pid}, EPROCESS {process.eprocess:#x})" + (f"; {taken}" if taken else "")
        space = process_space(scene, process) if verdict.word in WALKABLE else None
        if verdict.word in USABLE:
            found.append(Directory(space, note, "", process))
        else:
            found.append(Directory(space, f"{note}; {verdict.evidence}", verdict.word, process))
    return found, selection.problems, court


def translation_rows(scene: CrashScene, address: int, space: AddressSpace, note: str) -> Iterator[VtopRow]:
    """A row per level of one address, its physical address and its offset in the file."""
    result = space.translate(address)
    slot, witness = self_map_slot(space), witness_of(scene, space)
    for number, step in enumerate(result.steps):
        last = number == len(result.steps) - 1
        said = witness.of_step(address, step, slot) if witness is not None else ""
        first = note if number == 0 else ""
        yield _step_row(step, result, space, slot, last, "; ".join(each for each in (first, said) if each))
    if not result.steps:
        yield VtopRow(address, "error", None, None, None, "", None, result.state.value, note)
        return
    yield from _end(scene, address, result)


def _step_row(step: Step, result: Translation, space: AddressSpace, slot: int | None, last: bool, note: str) -> VtopRow:
    seen_at = entry_virtual(result.virtual, step.level, space.mode, slot) if step.level != "prototype" else None
    physical: int | None = step.entry_physical
    if step.level == "prototype":
        seen_at, physical = step.entry_physical, None
    flags = flag_letters(step.entry, space.mode, step.level) if step.entry is not None else ""
    state = _step_state(step, result, last)
    value = None
    if step.entry is not None and step.entry & 1:
        value = f"pfn {(step.entry & space.mode.facts.frame_mask) >> 12:x}"
    notes = [note] if note else []
    if last and result.text:
        notes.append(result.text)
    if step.entry is None:
        notes.append(f"the table at {step.entry_physical & ~0xFFF:#x} is {_WHERE[result.state]}")
    return VtopRow(result.virtual, step.level, seen_at, physical, step.entry, flags, value, state, "; ".join(notes))


def _step_state(step: Step, result: Translation, last: bool) -> str:
    """The state of one entry; a table in transition on the way is followed."""
    if last:
        return result.state.value
    if step.level == "PTE" and result.steps[-1].level == "prototype":
        return State.PROTOTYPE.value
    followed = State.VALID if step.entry is not None and step.entry & 1 else State.TRANSITION
    return followed.value


def _end(scene: CrashScene, address: int, result: Translation) -> Iterator[VtopRow]:
    if result.physical is not None:
        yield from physical_rows(scene, address, result.physical, result.state.value)


def physical_rows(scene: CrashScene, address: int, physical: int, found: str) -> Iterator[VtopRow]:
    """A physical address and its offset in the dump file; ``found``: the state of the page where it is there."""
    memory = scene.target.memory
    if memory is None:
        return
    pfn = physical >> 12
    offset = memory.file_offset(physical)
    here = offset is not None or (not memory.plain and memory.has(pfn))
    absent = State.NOT_IN_DUMP if memory.describes(pfn) else State.OUTSIDE_MEMORY
    note = "" if here else f"the page is {_WHERE[absent]}"
    if here and offset is None:
        note = "no offset in the file: this container does not keep its pages plain"
    state = found if here else absent.value
    yield VtopRow(address, "physical", None, None, None, "", f"{physical:#x}", state, note)
    if offset is not None:
        yield VtopRow(address, "fileoffset", None, None, None, "", f"{offset:#x}", state, "")
