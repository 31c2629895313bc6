"""Where the page tables allow something else than the range was made with."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from volplugins.address.page_runs import PageRun
from volplugins.address.protection import EXECUTE_READWRITE, GUARD, can_execute, rights, word_of
from volplugins.address.region import IMAGE, Region
from volplugins.address.section_files import Section
from volplugins.image.headers import read_headers
from volplugins.kernel.vads import Vad
from volplugins.memory.reader import PAGE_SIZE, MemoryReader
from volplugins.threads.user_modules import image_name

_MOST_NAMED = 4
# how the sentences begin
MADE_EXECUTABLE, CHANGED = "made executable", "protection changed"
WRITABLE_CODE, OUTSIDE_CODE = "writable and executable", "executable where the image's headers have no code"
_STACKS = ("Stack", "Stack32")
Span = tuple[int, int]  # first page of an image's part and the one behind it, from the image's start


@dataclass(slots=True)
class ImageSections:
    """Which pages of each image its own headers call executable, and its name; read once for each file.

    Attributes:
        memory: the process's address space; set anew for each process.
        listed: the name that its loader's lists give to the image at a base, empty for none; set anew likewise.
    """

    memory: MemoryReader
    listed: Callable[[int], str] = field(default=lambda base: "")
    _known: dict[int, tuple[Span, ...] | None] = field(default_factory=dict)

    def of(self, section: Section, vad: Vad) -> tuple[Span, ...] | None:
        """The executable parts; None where the headers cannot be read."""
        area = section.control_area
        if area is None:
            return self._read(vad)
        if self._known.get(area) is None:  # headers that one process lacks, another may have
            self._known[area] = self._read(vad)
        return self._known[area]

    def name(self, section: Section, vad: Vad) -> str:
        """The path of the image's file; where that is not known, the name that every command gives it."""
        return section.path or self.listed(vad.start) or image_name(self.memory, vad.start, "")

    def _read(self, vad: Vad) -> tuple[Span, ...] | None:
        headers = read_headers(self.memory, vad.start)
        if headers is None or not headers.sections:
            return None
        spans: list[Span] = []
        for each in sorted((each for each in headers.sections if each.executable), key=lambda each: each.rva):
            low, high = each.rva // PAGE_SIZE, -(-(each.rva + max(each.virtual_size, 1)) // PAGE_SIZE)
            if spans and low <= spans[-1][1]:
                spans[-1] = (spans[-1][0], max(spans[-1][1], high))
            else:
                spans.append((low, high))
        return tuple(spans)


def disagreement(
    region: Region, vad: Vad, runs: Sequence[PageRun], executable: tuple[Span, ...] | None, no_execute: bool
) -> tuple[str, ...]:
    """Sentences on the pages whose actual protection is not the initial one; empty where all agree.

    Args:
        executable: for an image: the parts that its headers call executable, in pages from the image's start.
        no_execute: whether the page tables can withhold execution at all.
    """
    if region.protect is None or not runs:
        return ()
    if region.type == IMAGE:
        return tuple(_of_image(vad.start // PAGE_SIZE, runs, executable)) if no_execute else ()
    initial = region.protect
    odd = [run for run in runs if run.code < 32 and _differs(run.code, initial, region.usage, no_execute)]
    return (_sentence(odd, initial),) if odd else ()


def _differs(code: int, initial: int, usage: str, no_execute: bool) -> bool:
    if usage in _STACKS and code & 0x18 == GUARD and code & 7 == initial & 7:
        return False  # the guard page at the end of a stack
    mask = 7 if no_execute else 3  # what the page tables can tell at all
    same = rights(code) & mask == rights(initial) & mask
    return not same or (code & 0x18 == GUARD) != (initial & 0x18 == GUARD)


def _of_image(first: int, runs: Sequence[PageRun], executable: tuple[Span, ...] | None) -> Iterator[str]:
    """An image's pages are protected by its headers: code elsewhere, and pages that are written and executed."""
    open_wide = [run for run in runs if run.code < 32 and run.code & 7 == EXECUTE_READWRITE]
    if open_wide:
        yield f"{WRITABLE_CODE}: {_named(open_wide)}"
    if executable is None:
        return
    wrong = [
        run
        for run in runs
        if run.code < 32 and can_execute(run.code) and run not in open_wide and not _within(run, executable, first)
    ]
    if wrong:
        yield f"{OUTSIDE_CODE}: {_named(wrong)}"


def _within(run: PageRun, spans: Sequence[Span], first: int) -> bool:
    return any(low <= run.start - first and run.end - first <= high for low, high in spans)


def _sentence(odd: Sequence[PageRun], initial: int) -> str:
    gained = any(can_execute(run.code) for run in odd) and not can_execute(initial)
    words = ", ".join(dict.fromkeys(word_of(run.code) for run in odd))
    what = MADE_EXECUTABLE if gained else CHANGED
    return f"{what} after the range was made: {words} at {_named(odd)}"


def _named(runs: Sequence[PageRun]) -> str:
    shown = ", ".join(f"{run.start * PAGE_SIZE:#x}-{run.end * PAGE_SIZE:#x}" for run in runs[:_MOST_NAMED])
    return shown + (f" and {len(runs) - _MOST_NAMED} more" if len(runs) > _MOST_NAMED else "")
