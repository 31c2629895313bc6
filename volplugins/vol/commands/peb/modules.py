"""What windows.kd.peb says of modules: those of the lists, those that are mapped, and where the two disagree."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timezone

from volplugins.image.headers import read_headers
from volplugins.kernel.vads import IMAGE_MAP, Vad, Vads
from volplugins.loader.loader_lists import LoaderLists, in_order
from volplugins.memory.reader import PAGE_SIZE
from volplugins.threads.user_modules import PathOf, image_name, mapped_image
from volplugins.vol.commands.peb.row import PebRow, Subject

_HIGHEST_32 = 1 << 32


@dataclass(frozen=True, slots=True)
class PebModules:
    """The modules of one PEB's lists.

    Attributes:
        vads: the ranges of the whole process; ``path_of`` gives the file that one maps.
        shared: whether the process has lists of the other width too; each then answers for the images of its own.
        elsewhere: bases of the modules that the lists of the other width name.
    """

    subject: Subject
    vads: Vads
    path_of: PathOf
    shared: bool = False
    elsewhere: frozenset[int] = frozenset()

    def listed(self, lists: LoaderLists) -> Iterator[PebRow]:
        """A row per module of the lists, then those that are mapped and in none of them."""
        listed = set(self.elsewhere)
        for entry, names in in_order(lists):
            listed.add(entry.base)
            usual = names[:2] == ("InLoadOrder", "InMemoryOrder")
            notes = [entry.note, "" if usual else "only in " + ", ".join(names)]
            text = "; ".join(each for each in notes if each)
            value = f"{_time(entry.timestamp)} {entry.path or entry.name or self._name_of(entry.base)}"
            yield self.subject.row("modules", f"{entry.base:#x}", value, text)
        other = f"from the VADs: the lists lead to {lists.owner}" if lists.owner else ""
        yield from self._mapped(listed, other or "mapped, in none of the lists (from the VADs)")

    def rebuilt(self, why: str) -> Iterator[PebRow]:
        """The modules by their VADs alone."""
        yield from self._mapped(set(), f"from the VADs: {why}")

    def integrity(self, lists: LoaderLists) -> Iterator[PebRow]:
        """What is wrong with each list, and with the lists against what is mapped."""
        row = self.subject.row
        for each in lists.lists:
            field = f"{each.name}ModuleList"
            state = "complete" if each.complete else "broken"
            yield row("integrity", field, f"{len(each.entries)} entries, {state}")
            for problem in each.problems:
                yield row("integrity", field, "damaged", problem)
            for entry in lists.absent(each.name):
                yield row("integrity", field, "missing", f"{entry.base:#x} {entry.name} is in another list")
        yield from self._against_mapped(lists)

    def _against_mapped(self, lists: LoaderLists) -> Iterator[PebRow]:
        mapped = {vad.start: vad.end - vad.start for vad in self._images()}
        for entry in lists.entries.values():
            size, name = mapped.get(entry.base), f"{entry.base:#x} {entry.name}"
            if size is not None and size != (entry.size + PAGE_SIZE - 1) & -PAGE_SIZE:
                note = f"{name}: the list says {entry.size:#x} bytes, {size:#x} are mapped"
                yield self.subject.row("integrity", "image", "sizes differ", note)
            elif size is None and mapped and not self.vads.notes:  # else what is mapped is not known
                note = f"{name} is listed, but no image is mapped there"
                yield self.subject.row("integrity", "image", "not mapped", note)

    def _images(self) -> list[Vad]:
        return [vad for vad in self.vads.ranges if vad.kind == IMAGE_MAP]

    def _mapped(self, listed: set[int], note: str) -> Iterator[PebRow]:
        images = [vad for vad in self._images() if vad.start not in listed and self._is_own(vad)]
        for vad in images:
            module = mapped_image(self.subject.memory, vad, self.path_of(vad))
            value = f"{_time(module.timestamp)} {module.path or module.image_name}"
            yield self.subject.row("modules", f"{module.base:#x}", value, note)

    def _name_of(self, base: int) -> str:
        """The name of an image whose entry has none that can be read."""
        vad = next((vad for vad in self._images() if vad.start == base), None)
        return image_name(self.subject.memory, base, self.path_of(vad) if vad is not None else "")

    def _is_own(self, vad: Vad) -> bool:
        """Whether an image is of this width, by its headers; by its address where those are not in memory."""
        if not self.shared:
            return True
        headers = read_headers(self.subject.memory, vad.start)
        bits = headers.bits if headers is not None else 32 if vad.start < _HIGHEST_32 else 64
        return bits == self.subject.bits


def _time(timestamp: int | None) -> str:
    """A header's time stamp as !peb writes it: hexadecimal, then UTC."""
    if timestamp is None:
        return "unknown time"
    return f"{timestamp:08x} {datetime.fromtimestamp(timestamp, timezone.utc):%Y-%m-%d %H:%M:%S}"
