"""Images damaged at random: every reader ends, quietly and soon."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from made_image import SIZE, MadeImage

from volplugins.image.debug_record import read_debug_record
from volplugins.image.exports import read_exports
from volplugins.image.headers import MAX_SECTIONS, read_headers
from volplugins.image.version import read_version
from volplugins.memory.reader import PageReader

IMAGES = {
    bits: bytes(MadeImage(bits, exports=[("One", 0x1000), ("", 0x1010), ("Two", "A.B")]).build()) for bits in (32, 64)
}
# half of the damage goes where the structures are
OFFSETS = st.one_of(
    st.integers(0, SIZE - 1),
    st.sampled_from(
        [0, 0x3C, 0x80, 0x98, 0x108, 0x180, 0x2000, 0x2100, 0x3000, 0x3100, 0x5000, 0x6000, 0x6060]
    ).flatmap(lambda start: st.integers(start, start + 0x60)),
)
EDITS = st.lists(
    st.tuples(OFFSETS, st.sampled_from([b"\0", b"\xff" * 4, b"\x7f", b"\xff\x0f\0\0", b"\x80"])), max_size=12
)


@settings(max_examples=300, deadline=2000, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from([32, 64]), EDITS, st.sets(st.integers(0, 6), max_size=3), st.integers(0, 255))
def test_damage(bits: int, edits: list[tuple[int, bytes]], missing: set[int], fill: int) -> None:
    image = bytearray(IMAGES[bits])
    for offset, value in edits:
        image[offset : offset + len(value)] = value
    pages = {at: bytes(image[at : at + 0x1000]).ljust(0x1000, bytes([fill])) for at in range(0, SIZE, 0x1000)}
    memory = PageReader({at: page for at, page in pages.items() if at >> 12 not in missing})
    headers = read_headers(memory, 0)
    if headers is None:
        return
    assert len(headers.sections) <= MAX_SECTIONS and 0 < headers.size_of_image <= 1 << 31
    record = read_debug_record(memory, headers)
    assert record is None or (record.pdb_name and "/" not in record.pdb_name and "\\" not in record.pdb_name)
    table = read_exports(memory, headers)
    assert table is None or all(int(rva) < headers.size_of_image for rva in table.rvas)
    version = read_version(memory, headers)
    assert version is None or version.file_version.count(".") == 3
