"""``.zdmp``, DumpIt's packed crash dumps: the plain dump's bytes, unpacked where they are asked for.

Layout, from public descriptions (volatility3's issue 1325): a header of 4096 bytes, then blocks with a header of 12
bytes each. A block stands for as many bytes of the dump as the header says, the last one for what is left; one that is
as long as that is plain. The checksum is taken of a block as it is stored or, where the first one shows that, of its
plain bytes. No file of DumpIt's own was at hand.
"""

from __future__ import annotations

import struct
import zlib
from array import array
from collections import OrderedDict

from volplugins.dumpfile.errors import DamagedDump, EncryptedDump, TruncatedDump, UnsupportedDumpType
from volplugins.dumpfile.lznt1_chunks import CHUNK, chunk_offsets, unpacked_chunk
from volplugins.dumpfile.note import Note
from volplugins.dumpfile.source import ByteSource

MAGIC = b"ZDMP"
_BLOCK_MAGIC = b"ZBLK"
_HEADER = struct.Struct("<4sIQIHH")  # magic, version, plain size, block size, data type, format
_BLOCK = struct.Struct("<4sII")  # magic, stored size, CRC-32
_FIRST_BLOCK = 0x1000
_COMPRESSED, _ENCRYPTED = 1, 2
_LZNT1 = 2
_LARGEST_BLOCK = 16 << 20
_MOST_BLOCKS = 1 << 20  # 2 TiB of blocks as DumpIt makes them
_MOST_REPAIRS = 1024
_WINDOW = 1 << 16  # bytes searched at a time for the next block
_LARGEST = 1 << 52
_KEPT_BLOCKS, _KEPT_CHUNKS = 64, 4096  # lists of chunks; chunks unpacked: 16 MiB
_CHECKED = 512 << 20  # bytes of the file whose checksums are looked at on opening
_NAMED = 8  # damaged blocks that get a note of their own


def plain_source(source: ByteSource) -> ByteSource:
    """The plain bytes of a ``.zdmp``; any other file as it is.

    Raises:
        TruncatedDump, EncryptedDump, UnsupportedDumpType, DamagedDump: nothing can be read from it.
    """
    return ZdmpSource(source) if source.read(0, len(MAGIC)) == MAGIC else source


class ZdmpSource:
    """The bytes of the dump in a ``.zdmp``.

    Attributes:
        packed: the file's own bytes.
        size: of the dump, as far as blocks are there, in bytes.
        notes: what is odd about the container.

    Raises:
        DumpError: as ``plain_source``.
    """

    def __init__(self, packed: ByteSource) -> None:
        self.packed = packed
        self.notes: list[Note] = []
        self._stated, self._block_size = self._header()
        self._offsets, self._sizes = array("Q"), array("I")
        self._crcs = array("I")
        self._find_blocks()
        self._chunks: OrderedDict[int, array[int]] = OrderedDict()
        self._kept: OrderedDict[tuple[int, int], bytes] = OrderedDict()
        self.size = self._there()
        if not self.size:
            raise DamagedDump("this packed dump (ZDMP) holds no block that can be unpacked", "ZBLK", _FIRST_BLOCK)
        self._check()

    def read(self, offset: int, size: int) -> bytes:
        """Bytes at ``offset``: fewer at the end, and where a block cannot be unpacked."""
        parts: list[bytes] = []
        end = min(offset + size, self.size)
        while 0 <= offset < end:
            number, inside = divmod(offset, self._block_size)
            data = self._piece(number, inside, min(end - offset, self._block_size - inside))
            if not data:
                break
            parts.append(data)
            offset += len(data)
        return b"".join(parts)

    def view(self) -> memoryview | None:
        """None: the bytes are nowhere as a whole."""
        return None

    def _header(self) -> tuple[int, int]:
        """Size of the dump and of a block."""
        head = self.packed.read(0, _HEADER.size)
        if len(head) < _HEADER.size:
            raise TruncatedDump("the file ends inside the header of a packed dump (ZDMP)", offset=len(head))
        _, version, size, block, kind, form = _HEADER.unpack(head)
        if kind & _ENCRYPTED:
            raise EncryptedDump("this packed dump (ZDMP) is encrypted; unpack it with the key it was made with", "ZDMP")
        if not kind & _COMPRESSED or form != _LZNT1:
            reason = f"a packed dump (ZDMP {version}) of data type {kind} and format {form}; 1 and 2 (LZNT1) are known"
            raise UnsupportedDumpType(reason, "ZDMP")
        if not CHUNK <= block <= _LARGEST_BLOCK or not 0 < size < _LARGEST:
            reason = f"a packed dump (ZDMP) that says blocks of {block} bytes, and {size} bytes unpacked"
            raise DamagedDump(reason, "ZDMP")
        return size, block

    def _find_blocks(self) -> None:
        """Walk the headers of the blocks, up to the first that is none."""
        at, repairs = _FIRST_BLOCK, 0
        wanted = -(-self._stated // self._block_size)
        while len(self._offsets) < min(wanted, _MOST_BLOCKS):
            number = len(self._offsets)
            where = f"block {number} of {wanted}, at {at:#x},"
            head = self.packed.read(at, _BLOCK.size)
            if len(head) < _BLOCK.size:
                self._lost(f"{where} is not in the file")
                return
            magic, stated, crc = _BLOCK.unpack(head)
            at += _BLOCK.size
            size = self._stored_size(at, stated, crc, magic, number + 1 == wanted)
            if not size:
                self._lost(f"{where} begins with {magic.hex(' ')} and says {stated} bytes, which its checksum denies")
                return
            if size != stated or magic != _BLOCK_MAGIC:
                repairs += 1
                text = f"{where} begins with {magic.hex(' ')} and says {stated} bytes; by its checksum it has {size}"
                self.notes += [Note("ZBLK", text)] if repairs <= _NAMED else []
            self._offsets.append(at)
            self._sizes.append(min(size, max(self.packed.size - at, 0)))
            self._crcs.append(crc)
            if at + size > self.packed.size or repairs > _MOST_REPAIRS:
                self._lost(f"{where} is cut" if repairs <= _MOST_REPAIRS else "sizes of too many blocks are wrong")
                return
            at += size
        if len(self._offsets) < wanted:
            self._lost(f"blocks past the first {_MOST_BLOCKS} are left out")

    def _stored_size(self, at: int, stated: int, crc: int, magic: bytes, last: bool) -> int:
        """How long the block is whose data begin at ``at``: as it says, where another follows there.

        Else, or where its header is none, as it says or up to the next one, as the checksum proves; 0 where it proves
        neither: which block is the next could not be told.
        """
        sound = 0 < stated <= 2 * self._block_size
        follows = last or at + stated >= self.packed.size or self.packed.read(at + stated, 4) == _BLOCK_MAGIC
        if sound and follows and magic == _BLOCK_MAGIC:
            return stated
        sizes = [stated] if sound else []
        return next((size for size in (*sizes, self._up_to_next(at)) if self._crc(at, size) == crc), 0)

    def _up_to_next(self, at: int) -> int:
        """Bytes from ``at`` to the next header of a block; to the end of the file where there is none near."""
        for start in range(at, at + 2 * self._block_size, _WINDOW):
            found = self.packed.read(start, _WINDOW + len(_BLOCK_MAGIC) - 1).find(_BLOCK_MAGIC)
            if found >= 0:
                return start + found - at
        return min(2 * self._block_size, self.packed.size - at)

    def _crc(self, at: int, size: int) -> int | None:
        """Checksum of stored bytes; None where they are not all there."""
        data = self.packed.read(at, size)
        return zlib.crc32(data) if data and len(data) == size else None

    def _there(self) -> int:
        """Bytes of the dump that the blocks stand for; of the last one, where it is cut, what its whole chunks give."""
        if not self._offsets:
            return 0
        last = len(self._offsets) - 1
        start, length = last * self._block_size, self._length(last)
        if self._is_plain(last) or self._offsets[last] + self._sizes[last] < self.packed.size:
            return start + length
        return start + min(length, (len(self._places(last)) - 1) * CHUNK)

    def _length(self, number: int) -> int:
        """Bytes of the dump that a block stands for."""
        return min(self._block_size, self._stated - number * self._block_size)

    def _is_plain(self, number: int) -> bool:
        return self._sizes[number] in (self._length(number), self._block_size)

    def _lost(self, text: str) -> None:
        self.notes.append(Note("ZBLK", f"{text}: what follows of the packed dump is lost"))

    def _check(self) -> None:
        """Compare checksums, as far as that costs a second at most."""
        self.notes.append(Note("ZDMP", "a packed dump: offsets are those in the unpacked one", "info"))
        bad, looked = [], 0
        for number, (at, size, crc) in enumerate(zip(self._offsets, self._sizes, self._crcs, strict=True)):
            if looked > _CHECKED:
                text = f"checksums of the first {number} of {len(self._offsets)} blocks were looked at"
                self.notes.append(Note("ZBLK", text, "info"))
                break
            looked += size
            if self._crc(at, size) not in (crc, None):
                if number == 0 and zlib.crc32(self.read(0, min(self._block_size, self.size))) == crc:
                    self.notes.append(Note("ZBLK", "checksums are of plain bytes, and are not looked at", "info"))
                    break
                bad.append(number)
        for number in bad[:_NAMED]:
            text = f"block {number}, at {self._offsets[number]:#x}, has another checksum (CRC-32) than its header says"
            self.notes.append(Note("ZBLK", text))
        if len(bad) > _NAMED:
            self.notes.append(Note("ZBLK", f"so have {len(bad) - _NAMED} more blocks"))

    def _piece(self, number: int, inside: int, size: int) -> bytes:
        """Bytes of one block, from ``inside`` on: at most what one chunk, or a plain block, has."""
        if self._is_plain(number):
            return self.packed.read(self._offsets[number] + inside, size)
        chunk, skipped = divmod(inside, CHUNK)
        return self._chunk(number, chunk)[skipped : skipped + size]

    def _chunk(self, number: int, chunk: int) -> bytes:
        key = number, chunk
        if key in self._kept:
            self._kept.move_to_end(key)
            return self._kept[key]
        places = self._places(number)
        data = b""
        if chunk + 1 < len(places):
            start, end = places[chunk], places[chunk + 1]
            data = unpacked_chunk(self.packed.read(self._offsets[number] + start, end - start))
        self._kept[key] = data
        if len(self._kept) > _KEPT_CHUNKS:
            self._kept.popitem(last=False)
        return data

    def _places(self, number: int) -> array[int]:
        """Where the chunks of a block lie in it."""
        if number in self._chunks:
            self._chunks.move_to_end(number)
            return self._chunks[number]
        data = self.packed.read(self._offsets[number], self._sizes[number])
        places = self._chunks[number] = chunk_offsets(data, -(-self._block_size // CHUNK))
        if len(self._chunks) > _KEPT_BLOCKS:
            self._chunks.popitem(last=False)
        return places
