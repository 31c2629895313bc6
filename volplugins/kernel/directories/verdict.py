"""One verdict per page directory: named checks in the order of the contract, each with its evidence."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from volplugins.kernel.claims import Owner
from volplugins.kernel.directories.census import Pages, take_census
from volplugins.kernel.directories.counts import Census, Hole
from volplugins.kernel.directories.shadow import UserDirectory, check_user_directory, shadow_reason
from volplugins.kernel.directories.smear import smear, stray_pointers
from volplugins.kernel.directories.top import Top, read_top, same_entry
from volplugins.memory.reader import MemoryReader
from volplugins.paging.mode import PagingMode
from volplugins.paging.reserved import reserved_bits

PAGE_BITS = 12


class PhysicalMemory(MemoryReader, Pages, Protocol):
    """Physical memory that also knows what RAM the machine has."""

    def describes(self, pfn: int) -> bool:
        """Whether the machine has RAM at this page."""
        ...  # pragma: no cover - a protocol has no body

    def has(self, pfn: int) -> bool:
        """Whether the page is in the dump."""
        ...  # pragma: no cover - a protocol has no body


@dataclass(frozen=True, slots=True)
class Reference:
    """What a sound directory is compared with: System's top table, its self-map slot (x64), and InvalidPteMask.

    ``user_end`` is where the kernel's tables begin, where that is not the upper half. ``counted`` keeps what was
    counted of each directory, by its physical address, for whom, and whether it is all.
    """

    mode: PagingMode
    system: Top | None
    slot: int | None
    mask: int = 0
    user_end: int | None = None
    counted: dict[int, tuple[Census, Owner | None, bool]] = field(default_factory=dict, compare=False)

    def census(self, memory: Pages, top: Top, owner: Owner | None, tables_only: bool) -> tuple[Census, str]:
        """The census of a directory, taken once, and whose it is as well, in words, where another has it too."""
        known = self.counted.get(top.physical)
        if known is None or not (known[2] or tables_only):
            taken = take_census(memory, top, self.mask, tables_only)
            known = taken, known[1] if known is not None else owner, not tables_only
            self.counted[top.physical] = known
        census, first, _ = known
        if first is None or owner is None or first.eprocess == owner.eprocess:
            return census, ""
        return census, f"the directory is that of {first.label} too, and was counted there"


@dataclass(frozen=True, slots=True)
class Anchor:
    """A kernel address that every directory must map as System's does, and what lies there."""

    name: str
    address: int


@dataclass(frozen=True, slots=True)
class Check:
    """One check: its verdict word if it fails, whether it passed, and the evidence."""

    verdict: str
    passed: bool
    evidence: str
    level: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """The verdict: the word, the checks that led to it, and the census where the top was sound.

    ``user_directory`` is what became of KVA shadow's table, where the process has one.
    """

    word: str
    level: str
    evidence: str
    checks: tuple[Check, ...]
    census: Census | None
    user_directory: UserDirectory | None = None

    @property
    def lacks_pages(self) -> bool:
        """Whether pages of RAM that the file does not hold have to do with it."""
        missing = self.census is not None and self.census.missing > self.census.tables_outside
        return self.word == "not-in-dump" or (self.word == "tables-missing" and missing)


#: The tables below the top of a directory.
TablesOf = Callable[[Top], Pages]


@dataclass(frozen=True, slots=True)
class _Counting:
    # How the tables below a sound top are counted, and for whom.
    owner: Owner | None
    tables_of: TablesOf
    tables_only: bool


def judge(
    memory: PhysicalMemory,
    reference: Reference,
    directory_table_base: int,
    user_directory: int | None,
    anchors: Sequence[Anchor],
    outswapped: str = "",
    owner: Owner | None = None,
    tables_of: TablesOf | None = None,
    tables_only: bool = False,
) -> Verdict:
    """Judge one directory, and KVA shadow's beside it; never raises.

    Args:
        user_directory: the process's UserDirectoryTableBase, where the build has one and it is known.
        anchors: kernel addresses to compare, this process's own EPROCESS and stacks among them.
        outswapped: what the process says of having been written out; empty where it was not.
        owner: whose directory it is, as far as the process itself says.
        tables_of: how the tables below a top are read, where that is not as the rest of memory is.
        tables_only: no pages are counted; the word is the same.
    """
    counting = _Counting(owner, tables_of or (lambda _top: memory), tables_only)
    verdict = _judged(memory, reference, directory_table_base, user_directory, anchors, outswapped, counting)
    other = check_user_directory(memory, reference.mode, directory_table_base, user_directory)
    return replace(verdict, user_directory=other) if other is not None else verdict


def _judged(
    memory: PhysicalMemory,
    reference: Reference,
    directory_table_base: int,
    user_directory: int | None,
    anchors: Sequence[Anchor],
    outswapped: str,
    counting: _Counting,
) -> Verdict:
    checks: list[Check] = []
    mode = reference.mode
    base = directory_table_base
    checks.append(Check("no-directory", base != 0, f"DirectoryTableBase is {base:#x}"))
    if base == 0:
        return _fail(checks)
    low = mode.facts.top_alignment - 1 if mode in (PagingMode.X86, PagingMode.PAE) else 0
    aligned = f"{base:#x} has low bits {base & low:#x}; {mode.value} needs {low + 1:#x} bytes alignment"
    checks.append(Check("misaligned", not base & low, aligned))
    pfn = (base & mode.facts.frame_mask) >> PAGE_BITS
    checks.append(
        Check("outside-memory", memory.describes(pfn), f"page frame {pfn:#x} against the RAM that the target describes")
    )
    if not all(check.passed for check in checks):
        return _fail(checks)
    top = read_top(memory, mode, base, reference.user_end)
    there = top is not None and not top.missing
    if outswapped:
        sound = top is not None and there and _is_sound(reference, top, anchors)
        checks.append(Check("outswapped", sound, outswapped, mode.facts.levels[0].name))
        if not sound:
            return _fail(checks)
    stray = stray_pointers(memory, top) if top is not None and top.missing else ""
    if stray:
        checks.append(Check("not-a-directory", False, stray, mode.facts.levels[0].name))
        return _fail(checks)
    lacks = "it is not in the file" if top is None else top.missing
    evidence = f"top page frame {pfn:#x}" + (" is in the file" if there else f": {lacks}")
    word = "outside-memory" if top is not None and top.outside else "not-in-dump"
    checks.append(Check(word, there, evidence, mode.facts.levels[0].name))
    if top is None or not there:
        return _fail(checks)
    return _judge_top(memory, reference, top, base, user_directory, anchors, checks, counting)


def _is_sound(reference: Reference, top: Top, anchors: Sequence[Anchor]) -> bool:
    return top.self_map(reference.slot)[0] and _kernel_half(reference, top, anchors).passed


def _fail(checks: list[Check]) -> Verdict:
    failed = next(check for check in checks if not check.passed)
    return Verdict(failed.verdict, failed.level, failed.evidence, tuple(checks), None)


def _judge_top(
    memory: PhysicalMemory,
    reference: Reference,
    top: Top,
    base: int,
    user_directory: int | None,
    anchors: Sequence[Anchor],
    checks: list[Check],
    counting: _Counting,
) -> Verdict:
    mapped, map_evidence = top.self_map(reference.slot)
    kernel = _kernel_half(reference, top, anchors)
    shadow = shadow_reason(top, reference.system, reference.slot, base, user_directory, mapped)
    checks.append(Check("user-shadow", not shadow, shadow or "not the user directory of KVA shadow"))
    smeared = smear(memory, top, reference.system, reference.mask)
    hopeless = bool(smeared) or (not mapped and not kernel.passed)
    both = smeared or f"{map_evidence}; {kernel.evidence}"
    checks.append(Check("not-a-directory", not hopeless, both, top.mode.facts.levels[0].name))
    checks.append(Check("self-map-mismatch", mapped, map_evidence, top.self_map_level))
    checks.append(kernel)
    if not all(check.passed for check in checks):
        return _fail(checks)
    census, shared = reference.census(counting.tables_of(top), top, counting.owner, counting.tables_only)
    checks.append(_reserved_check(top, census))
    checks.extend(_census_checks(census))
    failed = next((check for check in checks if not check.passed), None)
    if failed is not None:
        evidence = "; ".join(filter(None, (failed.evidence, shared)))
        return Verdict(failed.verdict, failed.level, evidence, tuple(checks), census)
    text = f"{census.present} tables of the user half reachable, all checks passed{_faulting_pages(census, top.mode)}"
    return Verdict("ok", "", "; ".join(filter(None, (text, shared))), tuple(checks), census)


def _faulting_pages(census: Census, mode: PagingMode) -> str:
    count = census.reserved.get(mode.facts.levels[-1].name, 0)
    return f"; {count} pages are not counted: reserved bits are set in their entries" if count else ""


def _reserved_check(top: Top, census: Census) -> Check:
    """Entries above the lowest level at which the processor would fault; of PAE all four pointers."""
    levels, lowest = top.mode.facts.levels, top.mode.facts.levels[-1].name
    count = sum(number for level, number in census.reserved.items() if level != lowest)
    first = census.first_reserved
    if top.mode is PagingMode.PAE:
        bad = [
            number
            for number in range(top.user_entries, 4)
            if reserved_bits(int(top.entries[number]), top.mode, levels[0])
        ]
        count += len(bad)
        if bad and first is None:
            first = Hole(levels[0].name, top.physical + bad[0] * 8, int(top.entries[bad[0]]))
    if first is None:
        return Check("reserved-bits", True, "no entry that leads to a table has reserved bits set")
    level = next(each for each in levels if each.name == first.level)
    bits = reserved_bits(first.entry, top.mode, level)
    text = f"the processor would fault at {count} entries; the first: {first.level} at {first.entry_physical:#x}"
    text += f" holds {first.entry:#x}, reserved bits {bits:#x} are set; what lies below is not counted"
    return Check("reserved-bits", False, text, first.level)


def _kernel_half(reference: Reference, top: Top, anchors: Sequence[Anchor]) -> Check:
    """Every entry that maps an anchor equals System's; others that are empty on x86 fill on demand and are noted."""
    system = reference.system
    if system is None:
        return Check("kernel-half-mismatch", True, "System's directory is not there to compare with")
    compared = 0
    for anchor in anchors:
        mine, its = top.entry_for(anchor.address), system.entry_for(anchor.address)
        if mine is None or its is None or not its[2] & 1:
            continue
        compared += 1
        if not same_entry(mine[2], its[2]):
            text = (
                f"{mine[0]} at {mine[1]:#x} for {anchor.name} {anchor.address:#x} is {mine[2]:#x}, System's {its[2]:#x}"
            )
            return Check("kernel-half-mismatch", False, text, mine[0])
    empty = top.empty_where_filled(system)
    note = f"; {empty} other kernel entries are empty (x86 fills them on demand)" if empty else ""
    return Check("kernel-half-mismatch", True, f"{compared} kernel addresses map as in System's directory{note}")


def _census_checks(census: Census) -> list[Check]:
    missing, paged = census.first_missing, census.first_paged_out
    checks = []
    if missing is None:
        checks.append(
            Check("tables-missing", True, f"all {census.present} tables that valid entries lead to are there")
        )
    else:
        text = f"{_missing(census)}; the first: {missing.level} at {missing.entry_physical:#x} holds {missing.entry:#x}"
        checks.append(Check("tables-missing", False, text + _outside(missing, census), missing.level))
    if paged is None:
        checks.append(Check("tables-paged-out", True, "no table is in a page file"))
    else:
        count = sum(census.tables_paged_out.values())
        text = f"{count} tables are in a page file; the first: {paged.level} at {paged.entry_physical:#x}"
        checks.append(Check("tables-paged-out", False, f"{text} holds {paged.entry:#x}", paged.level))
    return checks


def _missing(census: Census) -> str:
    """How many tables are not there, and why."""
    outside = f"{census.tables_outside} tables are where the machine has no RAM" if census.tables_outside else ""
    lost = census.missing - census.tables_outside
    return "; ".join(part for part in (f"{lost} tables are not in the file" if lost else "", outside) if part)


def _outside(first: Hole, census: Census) -> str:
    """Of which kind the first one is, where there are both."""
    if census.tables_outside in (0, census.missing):
        return ""
    return ", no RAM" if first.outside else ", not in the file"
