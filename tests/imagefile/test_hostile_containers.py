"""Containers that are damaged in one place or written to cost much: the rest is there, and no count is believed."""

from __future__ import annotations

import struct
import time
from itertools import product

import cramjam
import pytest

from volplugins.dumpfile.errors import NotADump
from volplugins.dumpfile.source import BytesSource
from volplugins.dumpwriter.dump_plan import OutputKind, plan_dump
from volplugins.dumpwriter.header_writer import HeaderFacts
from volplugins.imagefile import elf_core
from volplugins.imagefile.memory_image import MemoryImage
from volplugins.imagefile.open_image import open_image
from volplugins.imagefile.processor_state import ProcessorState
from volplugins.target.kernel_search import _MOST_SAVED, _hints
from volplugins.target.search_log import SearchLog

PAGE, FRAME = 0x1000, 0x10000


def opened(data: bytes, sidecar: bytes | None = None, name: str = "") -> MemoryImage:
    image = open_image(BytesSource(data), BytesSource(sidecar) if sidecar is not None else None, name)
    assert image is not None
    return image


def avml(damaged: set[int], count: int = 8) -> bytes:
    """Frames of 64 KiB whose every word is their number; the bodies of some are no snappy any more."""
    frames = []
    for number in range(count):
        packed = bytes(cramjam.snappy.compress_raw(struct.pack("<Q", number) * (FRAME // 8)))
        packed = packed[:3] + b"\xff" * (len(packed) - 3) if number in damaged else packed
        frames.append(b"\0" + (len(packed) + 4).to_bytes(3, "little") + b"cccc" + packed)
    head = struct.pack("<4sIQQQ", b"AVML", 2, 0, count * FRAME - 1, 0)
    return head + b"\xff\x06\0\0sNaPpY" + b"".join(frames) + bytes(8)


@pytest.mark.parametrize("damaged", [set(), {0}, {1}, {3, 4}, {7}, {0, 2, 4, 6}])
def test_a_damaged_frame_hides_its_own_pages_alone(damaged: set[int]) -> None:
    memory = opened(avml(damaged)).memory
    found = {base + at: int(word) for base, words in memory.column(0, 8) for at, word in enumerate(words)}
    assert found == {page: page // 16 for page in range(128) if page // 16 not in damaged}


def avml_range(frames: bytes, first: int = 0, last: int = (1 << 40) - 1) -> bytes:
    return struct.pack("<4sIQQQ", b"AVML", 2, first, last, 0) + frames


@pytest.mark.parametrize("frame", [b"\xff\0\0\0", b"\x01\x05\0\0CRCCx", b"\xfe\x02\0\0xx"])
def test_more_frames_than_memory_can_need_are_not_read(frame: bytes) -> None:
    start = time.monotonic()
    image = opened(avml(set())[:-8] + bytes(8) + avml_range(frame * (1 << 19), 8 * FRAME))
    assert time.monotonic() - start < 2
    assert any("more frames than so much memory comes in: what follows from 0x" in note.text for note in image.notes)
    assert image.memory.pages_in_file >= 8 * 16, "what was read before is there"
    assert image.completeness.truncated


def test_frames_smaller_than_usual_are_read() -> None:
    """A writer that flushes after every page: 4 KiB in each frame."""
    packed = bytes(cramjam.snappy.compress_raw(bytes(PAGE)))
    frame = b"\0" + (len(packed) + 4).to_bytes(3, "little") + b"cccc" + packed
    pages = 70_000
    image = opened(avml_range(frame * pages, 0, pages * PAGE - 1) + bytes(8))
    assert (image.memory.pages_in_file, image.notes) == (pages, ())


def elf(bits: int, headers: list[tuple[int, int, int, int]], content: bytes, kind: int = 4) -> bytes:
    """A core of program headers (type, offset, physical address, size) and what follows 64 KiB of them."""
    wide = bits == 64
    ident = b"\x7fELF" + bytes((2 if wide else 1, 1, 1)) + bytes(9)
    form, start = ("<HHIQQQIHHHHHH", 64) if wide else ("<HHIIIIIHHHHHH", 52)
    size = 56 if wide else 32
    head = ident + struct.pack(form, kind, 62, 1, 0, start, 0, 0, start, size, len(headers), 0, 0, 0)
    rows = [
        struct.pack("<IIQQQQQQ", each, 0, offset, 0, at, length, length, 0) if wide
        else struct.pack("<8I", each, offset, 0, at, length, length, 0, 0)
        for each, offset, at, length in headers
    ]  # fmt: skip
    return (head + b"".join(rows)).ljust(FRAME, b"\0") + content


def qemu_notes(count: int, cr3: int = 0x1AD000) -> bytes:
    state = struct.pack("<II", 1, 440) + bytes(18 * 8 + 10 * 24) + struct.pack("<6Q", 0, 0, 0, cr3, 0, 0)
    return (struct.pack("<III", 5, len(state), 0) + b"QEMU\0\0\0\0" + state) * count


@pytest.mark.parametrize("bits", [32, 64])
def test_cores_of_both_classes(bits: int) -> None:
    notes = qemu_notes(2)
    pages = b"".join(bytes((number,)) * PAGE for number in range(1, 5))
    headers = [(4, FRAME, 0, len(notes)), (1, 2 * FRAME, 0, 2 * PAGE), (1, 2 * FRAME + 2 * PAGE, 0x100000, 2 * PAGE)]
    image = opened(elf(bits, headers, notes.ljust(FRAME, b"\0") + pages))
    assert image.format == "ELF core"
    assert [image.memory.read(at, 2) for at in (0, PAGE, 0x100000, 0x101000)] == [b"\1\1", b"\2\2", b"\3\3", b"\4\4"]
    assert [each.cr3 for each in image.processors] == [0x1AD000] * 2


def test_a_core_without_memory_is_no_raw_image() -> None:
    assert open_image(BytesSource(elf(64, [], bytes(PAGE)))) is None
    assert open_image(BytesSource(elf(64, [], bytes(PAGE), kind=2))) is not None


def test_many_headers_over_the_same_notes() -> None:
    notes = qemu_notes(1000)

    class Counting(BytesSource):
        read_bytes = 0

        def read(self, offset: int, size: int) -> bytes:
            found = super().read(offset, size)
            Counting.read_bytes += len(found)
            return found

    headers = [(4, FRAME, 0, len(notes))] * 500 + [(1, FRAME, 0, PAGE)]
    image = elf_core.open_elf_core(Counting(elf(64, headers, notes)))
    assert image is not None
    assert len(image.processors) == 4096 and Counting.read_bytes < 17 << 20
    assert any(note.field == "PT_NOTE" for note in image.notes)


def test_many_processors_leave_the_other_strategies_their_turn() -> None:
    image = opened(bytes(0x1000) + b"\xe9\x4d\x06\0" + bytes(0x8FFC))
    many = [ProcessorState(n, {}, 0x100000 + PAGE * n, 0, 0, None, 0, 0, f"note {n}") for n in range(64)]
    log = SearchLog()
    hints = list(_hints(image.memory, many, log))
    assert len({hint.directory for hint in hints}) == _MOST_SAVED
    assert hints[0].directory == 0x100000
    assert any("64 different CR3" in text for text in log.tried)


def test_a_vmem_of_no_regions_is_a_guess_and_says_so() -> None:
    groups = struct.pack("<III", 0xBED2BED2, 8, 1) + struct.pack("<64sQQ", b"memory", 92, 0)
    tag = bytes((0x04, len("regionsCount"))) + b"regionsCount" + struct.pack("<I", 0)
    image = opened(bytes(16 * PAGE), groups + tag + bytes(2), "a.vmem")
    assert any("is a guess" in note.text for note in image.notes)


@pytest.mark.parametrize(("kind", "bits"), [*product((None, OutputKind.FULL, OutputKind.BITMAP), (32, 64))])
def test_more_pages_than_a_header_has_a_number_for(kind: OutputKind | None, bits: int) -> None:
    lime = struct.pack("<4sIQQQ", b"EMiL", 1, 0, (1 << 44) - 1, 0) + bytes(8192)
    assert plan_dump(opened(lime).memory, HeaderFacts(bits, {}), kind).size > PAGE


def held(image: MemoryImage) -> list[tuple[int, int, int]]:
    return list(image.memory.runs(0, 1 << 20))


@pytest.mark.parametrize("bits", [64, 32])
@pytest.mark.parametrize("size", [0x10000, 0x100000, 0xFFFF0000])
def test_a_size_past_the_file_hides_no_other_range(bits: int, size: int) -> None:
    """The first range says more than a page: it has no bytes where the second has its own, nor pages."""
    good = [(1, FRAME + PAGE, 0x10000, 4 * PAGE)]
    content = b"A" * PAGE + b"B" * (4 * PAGE)
    image = opened(elf(bits, [(1, FRAME, 0, size), *good], content))
    assert held(image) == [(0, 1, FRAME), (0x10, 4, FRAME + PAGE)]
    assert any("past the end of the file" in note.text for note in image.notes)
    # as LiME has them: what follows cannot be found, but what was before stays
    lime = [
        struct.pack("<4sIQQQ", b"EMiL", 1, first, first + length - 1, 0) + content
        for first, length, content in ((0x10000, 4 * PAGE, b"B" * (4 * PAGE)), (0, size + 0x20000, b"A" * PAGE))
    ]
    assert held(opened(b"".join(lime))) == [(0, 1, 4 * PAGE + 0x40), (0x10, 4, 0x20)]


def test_sizes_in_memory_bound_those_in_the_file_and_what_was_not_saved_is_said() -> None:
    data = bytearray(elf(64, [(1, FRAME, 0, PAGE), (1, FRAME + PAGE, 0x100000, 2 * PAGE)], b"A" * (3 * PAGE)))
    first, second = 64, 64 + 56
    struct.pack_into("<Q", data, first + 32, 3 * PAGE)  # p_filesz; p_memsz is one page
    image = opened(bytes(data))
    assert held(image) == [(0, 1, FRAME), (0x100, 2, FRAME + PAGE)] and "beyond are left out" in image.notes[0].text
    struct.pack_into("<QQ", data, second + 32, 0, 0x40000000)
    image = opened(bytes(data))
    assert held(image) == [(0, 1, FRAME)]
    assert any("none of its 1073741824 bytes are in the file" in note.text for note in image.notes)


def test_a_cut_core_still_says_how_much_is_missing() -> None:
    whole = elf(64, [(1, FRAME, 0, 2 * PAGE), (1, FRAME + 2 * PAGE, 0x100000, 4 * PAGE)], b"A" * (6 * PAGE))
    image = opened(whole[: FRAME + PAGE])
    assert (image.memory.pages_described, image.memory.pages_in_file) == (6, 1) and image.completeness.truncated


def vmss(tags: bytes, magic: int = 0xD2) -> bytes:
    group = struct.pack("<64sQQ", b"memory", 12 + 80, len(tags) + 2)
    return bytes((magic, 0xBE, 0xD2, 0xBE)) + struct.pack("<II", 8, 1) + group + tags + bytes(2)


def long_tag(name: bytes, data: bytes, padding: int = 0, wide: int = 8) -> bytes:
    sizes = len(data).to_bytes(wide, "little") * 2
    return (
        bytes((63 | 2 << 6, len(name))) + name + bytes(8) + sizes + struct.pack("<H", padding) + bytes(padding) + data
    )


@pytest.mark.parametrize(("magic", "wide"), [(0xD2, 8), (0xD0, 4)])
@pytest.mark.parametrize("padding", [0, 37])
def test_a_state_with_memory_inside_is_told_from_one_without(magic: int, wide: int, padding: int) -> None:
    count = bytes((4, 12)) + b"regionsCount" + struct.pack("<I", 0)
    for tags, said in (
        (count, "without its memory: give the .vmem beside it"),
        (long_tag(b"Other", bytes(100), padding, wide) + count, "without its memory"),
        (long_tag(b"Memory", bytes(2 * PAGE), padding, wide) + count, "with 8192 bytes of memory inside"),
        (long_tag(b"Other", b"x", padding, wide) + long_tag(b"Memory", bytes(PAGE), padding, wide), "with 4096 bytes"),
    ):
        with pytest.raises(NotADump, match=said):
            open_image(BytesSource(vmss(tags, magic)))
    # a tag that says more than the file has
    cut = vmss(long_tag(b"Memory", bytes(PAGE), padding, wide), magic)[:-PAGE]
    with pytest.raises(NotADump, match="with 2 bytes"):
        open_image(BytesSource(cut))


def test_padding_before_long_data_hides_no_tag_behind_it() -> None:
    regions = [
        (b"regionsCount", (), 1),
        (b"regionPPN", (0,), 0x100),
        (b"regionPageNum", (0,), 0),
        (b"regionSize", (0,), 2),
    ]
    numbers = b"".join(
        bytes((4 | len(at) << 6, len(name))) + name + struct.pack(f"<{len(at)}I", *at) + struct.pack("<I", value)
        for name, at, value in regions
    )  # fmt: skip
    image = opened(bytes(2 * PAGE), vmss(long_tag(b"Screenshot", b"y" * 99, 5) + numbers), "a.vmem")
    assert held(image) == [(0x100, 2, 0)]
