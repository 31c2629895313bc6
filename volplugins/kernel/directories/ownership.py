"""Whose a page directory is: what is read through it, against what the kernel says of a process.

Many processes have their PEB and their image at the same addresses, so that these alone tell nothing. A TEB names the
process and the thread that it belongs to, which proves a directory or refutes it; the parameters name the image's
file, the process's VADs what is mapped where. Offsets: _TEB (NtTib.Self, ClientId), _PEB (ImageBaseAddress,
ProcessParameters) and _RTL_USER_PROCESS_PARAMETERS (ImagePathName) of public symbol tables, the same from Windows XP
to 11.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from volplugins.kernel.directories.candidates import Searchable
from volplugins.kernel.directories.page_map import PageMap
from volplugins.kernel.directories.top import read_top
from volplugins.kernel.vads import Vad
from volplugins.memory.reader import ReadError
from volplugins.paging.address_space import AddressSpace
from volplugins.paging.mode import PagingMode
from volplugins.paging.translation import State

_PAGES_COMPARED = 1 << 16
_SHARED_DATA = 0x7FFE0000  # user address of KUSER_SHARED_DATA, every Windows
_ENOUGH = 0.9
_NAME_KEPT = 14  # characters that every build keeps in ImageFileName
_MOST_TEBS = 8
_NORMALISED = 1
# width of a pointer: NtTib.Self, ClientId; ImageBaseAddress, ProcessParameters; ImagePathName
_TEB = {8: (0x30, 0x40), 4: (0x18, 0x20)}
_PEB = {8: (0x10, 0x20), 4: (0x8, 0x10)}
_IMAGE_PATH = {8: 0x60, 4: 0x38}
_FLAGS_AT = 0x8

PROVED, POSSIBLE, REFUTED = "proved", "possible", "refuted"


@dataclass(frozen=True, slots=True)
class Owner:
    """A process that a directory may belong to.

    Attributes:
        tebs: TEB address and thread id of threads that have not ended.
        image_at: path of the file that an image range of the process at this address maps; empty where its name is
            not known, None where no image begins there.
    """

    pid: int | None
    name: str
    peb: int | None
    tebs: Sequence[tuple[int, int | None]]
    vads: Sequence[Vad]
    image_at: Callable[[int], str | None]


@dataclass(frozen=True, slots=True)
class Claim:
    """Whether a directory is a process's: ``proved``, ``possible`` or ``refuted``, and by what."""

    kind: str
    evidence: str


@dataclass(slots=True)
class Candidate:
    """A directory that belongs to no process that is known; what is read through it is read once."""

    physical: Searchable
    mode: PagingMode
    base: int
    user_end: int | None = None  # as of Top
    _space: AddressSpace = field(init=False)
    _images: dict[int, tuple[int, str] | str] = field(default_factory=dict)
    _pages: npt.NDArray[np.uint64] | None = None
    _cut: bool = False  # whether there are more pages than are compared

    def __post_init__(self) -> None:
        self._space = AddressSpace(self.physical, self.mode, self.base)

    @property
    def _width(self) -> int:
        return 8 if self.mode in (PagingMode.X64, PagingMode.X64_LA57) else 4

    def claim(self, owner: Owner, pebs: Sequence[int] = ()) -> Claim:
        """Whether this is the directory of ``owner``.

        Args:
            pebs: where PEBs may be, for an owner whose own address is not known any more.
        """
        by_thread = self._by_tebs(owner)
        if by_thread is not None:
            return by_thread
        evidence: list[str] = []
        for peb in [owner.peb] if owner.peb else pebs:
            found = self._image_of(peb)
            if isinstance(found, str):
                if owner.peb and found == State.NOT_MAPPED.value:
                    return Claim(REFUTED, f"no PEB at {peb:#x}")
                continue
            refuted = self._against_image(owner, *found)
            if refuted:
                return Claim(REFUTED, refuted)
            named = f", {found[1]}" if found[1] else ""
            evidence.append(f"the PEB at {peb:#x} names an image at {found[0]:#x}{named}")
            break
        share = self._share(owner.vads)
        if share is not None:
            pages = f"first {len(self._pages)} pages" if self._cut and self._pages is not None else "pages"
            text = f"{share:.0%} of its {pages} lie in the process's {len(owner.vads)} VADs"
            if share < _ENOUGH:
                return Claim(REFUTED, text)
            evidence.append(text)
        return Claim(POSSIBLE, ", ".join(evidence))

    def _by_tebs(self, owner: Owner) -> Claim | None:
        """What the TEBs of the owner's threads say; None where none of them can be read."""
        self_at, client_at = _TEB[self._width]
        absent = 0
        tebs = owner.tebs[:_MOST_TEBS]
        for teb, tid in tebs:
            try:
                data = self._space.read(teb, client_at + 2 * self._width)
            except ReadError as error:
                absent += error.reason == State.NOT_MAPPED.value
                continue
            if self._word(data, self_at) != teb:
                return Claim(REFUTED, f"no TEB at {teb:#x}")
            pid, thread = (self._word(data, client_at + n * self._width) for n in (0, 1))
            if pid != owner.pid or (tid is not None and thread != tid):
                return Claim(REFUTED, f"the TEB at {teb:#x} is that of process {pid}, thread {thread}")
            return Claim(PROVED, f"the TEB at {teb:#x} names process {pid} and thread {thread}")
        return Claim(REFUTED, f"none of its {absent} TEBs is mapped") if tebs and absent == len(tebs) else None

    def _against_image(self, owner: Owner, image: int, path: str) -> str:
        """Why the image that the PEB names is not the owner's; empty where it may be."""
        if path and owner.name and not _same_name(path, owner.name):
            return f"its parameters name {path}"
        if not owner.vads:
            return ""
        mapped = owner.image_at(image)
        if mapped is None:
            return f"no image range of the process begins at {image:#x}"
        if mapped and path and _file_of(mapped) != _file_of(path):
            return f"its parameters name {path}, the process has {mapped} at {image:#x}"
        return ""

    def _image_of(self, peb: int) -> tuple[int, str] | str:
        """Image base and path (empty where that cannot be read) by the PEB there, or why it is none."""
        if peb not in self._images:
            self._images[peb] = self._read_image(peb)
        return self._images[peb]

    def _read_image(self, peb: int) -> tuple[int, str] | str:
        image_at, parameters_at = _PEB[self._width]
        try:
            head = self._space.read(peb, parameters_at + self._width)
        except ReadError as error:
            return error.reason
        image = self._word(head, image_at)
        if not image or image & 0xFFFF:
            return State.NOT_MAPPED.value  # something else lies there
        try:
            return image, self._path(self._word(head, parameters_at))
        except ReadError:
            return image, ""

    def _path(self, parameters: int) -> str:
        """ImagePathName of the process parameters; raises ReadError."""
        at, width = _IMAGE_PATH[self._width], self._width
        data = self._space.read(parameters, at + 2 * width)
        size, buffer = int.from_bytes(data[at : at + 2], "little"), self._word(data, at + width)
        if not int.from_bytes(data[_FLAGS_AT : _FLAGS_AT + 4], "little") & _NORMALISED:
            buffer += parameters
        return self._space.read(buffer & ((1 << 8 * width) - 1), size & ~1).decode("utf-16-le", "replace")

    def _share(self, vads: Sequence[Vad]) -> float | None:
        """Which part of the pages mapped lies in the ranges; None where there is nothing to compare."""
        if self._pages is None:
            self._pages = self._mapped()
        if not vads or not len(self._pages):
            return None
        starts = np.array([vad.start for vad in vads], np.uint64)
        ends = np.array([vad.end for vad in vads], np.uint64)
        place = np.searchsorted(starts, self._pages, side="right").astype(np.int64) - 1
        return float(np.count_nonzero((place >= 0) & (self._pages < ends[place])) / len(self._pages))

    def _mapped(self) -> npt.NDArray[np.uint64]:
        """Addresses of the user pages, as many as are compared."""
        top = read_top(self.physical, self.mode, self.base, self.user_end)
        parts = [np.zeros(0, np.uint64)]
        total = 0
        for leaves in PageMap(self.physical, top).user() if top is not None else ():
            pages = leaves.virtual[leaves.virtual != np.uint64(_SHARED_DATA)]
            parts.append(pages)
            total += len(pages)
            if total >= _PAGES_COMPARED:
                self._cut = True
                break
        return np.concatenate(parts)

    def _word(self, data: bytes, at: int) -> int:
        return int.from_bytes(data[at : at + self._width], "little")


def _file_of(path: str) -> str:
    return path.rpartition("\\")[2].lower()


def _same_name(path: str, name: str) -> bool:
    """Whether ImageFileName may be the name of this file: Windows keeps its beginning."""
    kept = _file_of(path).encode("latin-1", "replace")[:_NAME_KEPT]
    return kept == name.lower().encode("latin-1", "replace")[:_NAME_KEPT]
