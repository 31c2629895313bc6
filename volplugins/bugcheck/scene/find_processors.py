"""KiProcessorBlock without anybody who names it: the array in the kernel's own data whose words lead to processors.

Each processor's KPCR names itself and its KPRCB, which no other memory does; the array holds one pointer for each
processor of the machine, in order (public symbol tables: KiProcessorBlock lies in a writable section of the kernel).
"""

from __future__ import annotations

from collections.abc import Iterator
from struct import iter_unpack

from volplugins.image.headers import read_headers
from volplugins.kernel.plausible import is_processor_block
from volplugins.memory.reader import PAGE_SIZE, MemoryReader, ReadError

_WRITABLE = 0x80000000  # IMAGE_SCN_MEM_WRITE
MAX_DATA = 1 << 24  # bytes of the kernel's data looked at; real kernels have less than two million
_MOST_IN_A_ROW = 64  # processors that must follow each other: more of them prove nothing more


def find_processor_block(memory: MemoryReader, kernel: int, count: int, bits: int) -> int | None:
    """Address of the first array of ``count`` different processors in the data of the kernel at ``kernel``.

    Args:
        count: how many processors the machine has; bounded here.
    """
    wanted, width = min(count, _MOST_IN_A_ROW), bits // 8
    known: dict[int, bool] = {}
    row: list[int] = []
    end = 0
    for address, word in _words(memory, kernel, bits) if wanted > 0 else ():
        if address != end or word in row:
            row = []
        end = address + width
        if word not in known:
            known[word] = _is_processor(memory, word, bits)
        row = [*row, word] if known[word] else []
        if len(row) == wanted:
            return end - wanted * width
    return None


def _is_processor(memory: MemoryReader, word: int, bits: int) -> bool:
    try:
        memory.read(word, bits // 8)
    except ReadError:
        return False
    return is_processor_block(memory, word, bits)


def _words(memory: MemoryReader, kernel: int, bits: int) -> Iterator[tuple[int, int]]:
    """Words of the kernel's writable sections and their addresses, page by page, as far as they can be read."""
    headers, left, width = read_headers(memory, kernel), MAX_DATA, bits // 8
    for section in headers.sections if headers is not None else ():
        if not section.characteristics & _WRITABLE:
            continue
        start, size = kernel + section.rva, min(section.virtual_size, left) & -width
        left -= size
        for page in range(start, start + size, PAGE_SIZE):
            try:
                data = memory.read(page, min(PAGE_SIZE, start + size - page))
            except ReadError:
                continue
            words = iter_unpack("<Q" if bits == 64 else "<I", data)
            yield from ((page + number * width, word) for number, (word,) in enumerate(words))
