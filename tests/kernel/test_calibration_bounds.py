"""Processes whose every word is the head of a long list of threads: calibration reads so much of them and no more."""

from __future__ import annotations

from volplugins.kernel.calibration.bounded_reads import CUT_OFF, MOST_READS
from volplugins.kernel.calibration.calibrate import calibrated
from volplugins.kernel.calibration.states import UNSURE, judgements, structure_states
from volplugins.kernel.layouts import built_in
from volplugins.memory.reader import PAGE_SIZE

KERNEL = 0xFFFF8000_00000000
AREA = KERNEL + 0x1000_0000
PROCESSES, ENTRIES, APART = 4, 24, 0x2000
LAYOUTS = built_in(64, 19041)
LINKS = LAYOUTS.process.offset("ActiveProcessLinks")


def entry_of(head: int, number: int) -> int:
    """The address of an entry of the list that begins at a head; the head again behind the last."""
    index = (head - KERNEL) // 8
    return AREA + (index * ENTRIES + number) * APART + PAGE_SIZE if 0 <= number < ENTRIES else head


class Lists:
    """Before each entry, every 16 bytes may be the start of a thread. Reads are counted."""

    count = 0

    def read(self, address: int, size: int) -> bytes:
        self.count += 1
        if address >= AREA:
            return self._entry(address, size)
        page = address & -PAGE_SIZE
        words = b"".join(self._word(at).to_bytes(8, "little") for at in range(address & -8, address + size, 8))
        if address == page:
            words = b"\x03" + words[1:]
        return words[address % 8 : address % 8 + size]

    def _word(self, address: int) -> int:
        """Forward links of lists; those of the processes lead round."""
        number, at = divmod(address - KERNEL, PAGE_SIZE)
        if at in (LINKS, LINKS + 8):
            step = 1 if at == LINKS else -1
            return KERNEL + (number + step) % PROCESSES * PAGE_SIZE + LINKS
        return entry_of(address, 0)

    def _entry(self, address: int, size: int) -> bytes:
        index, inside = divmod(address - AREA, APART)
        if inside < PAGE_SIZE:
            return (b"\x06".ljust(16, b"\0") * 257)[inside % 16 : inside % 16 + size]
        head, number = KERNEL + index // ENTRIES * 8, index % ENTRIES
        links = (entry_of(head, number + step).to_bytes(8, "little") for step in (1, -1))
        return b"".join(links).ljust(PAGE_SIZE, b"\0")[inside - PAGE_SIZE :][:size]


def test_hostile_lists_use_up_the_reads_and_what_is_left_is_unsure() -> None:
    memory = Lists()
    found = calibrated(memory, KERNEL + LINKS, 64, LAYOUTS, lambda: (), {})
    assert memory.count == MOST_READS
    assert not found.process.has("ThreadListHead") and not found.process.has("VadRoot")
    judged = judgements(memory, KERNEL + LINKS, found, 64)
    assert memory.count <= 2 * MOST_READS
    states = {each.structure: each for each in structure_states(found, judged, 19041, 64)}
    for name in ("_EPROCESS", "_ETHREAD"):
        assert states[name].word == UNSURE
        assert any(f"{CUT_OFF} {MOST_READS} reads" in source for source in states[name].sources), states[name]
