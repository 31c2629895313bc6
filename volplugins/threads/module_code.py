"""The code of a set of modules, for unwinding: as it lies in memory, with image files where memory lacks pages."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise

from volplugins.image.debug_record import read_debug_record
from volplugins.image.exception_directory import FunctionTable, read_function_table
from volplugins.image.headers import ImageHeaders, read_headers
from volplugins.loader.module import Module, ModuleTable
from volplugins.memory.reader import PAGE_SIZE, MemoryReader, ReadError
from volplugins.stack.function_room import FunctionRoom
from volplugins.stack.unwind_x64 import CodeImage

_NEIGHBOURS = 0x8000  # variables of one section this close to each other have no code between them
_HEADERS = 0x400  # smallest size of headers that linkers leave room for
# gives an image's bytes as they are laid out in memory, from a file; None where no file matches
ImageFile = Callable[[Module], bytes | None]


class ImageOverlay:
    """Reads memory, and a file's image where memory has nothing."""

    def __init__(self, memory: MemoryReader, base: int, image: bytes) -> None:
        self._memory, self._base, self._image = memory, base, image

    def read(self, address: int, size: int) -> bytes:
        """Return ``size`` bytes; raises ReadError where neither has them."""
        try:
            return self._memory.read(address, size)
        except ReadError:
            at = address - self._base
            piece = self._image[at : at + size] if at >= 0 else b""
            if len(piece) < size:
                raise
            return piece


def with_image_file(memory: MemoryReader, module: Module, image_file: ImageFile | None) -> MemoryReader:
    """``memory``, with the module's file behind it where it does not hold the debug record and a file matches."""
    headers = read_headers(memory, module.base) if image_file is not None else None
    if image_file is None or (headers is not None and read_debug_record(memory, headers) is not None):
        return memory
    data = image_file(module)
    return ImageOverlay(memory, module.base, data) if data else memory


@dataclass(frozen=True, slots=True)
class _Stretch:
    """Relative virtual addresses from ``start`` up to ``end`` that hold code: ``passing`` where only if it is there."""

    start: int
    end: int
    passing: bool = False


class ModuleCode:
    """Implements stack.unwind_x64.CodeMap over modules; each image's headers and tables are read once.

    Attributes:
        image_file, room: as given.

    Args:
        image_file: looks for a module's file; it is asked only where memory lacks the headers or unwind data.
        variables: addresses that are known to be of data; they tell data from code where an image's sections are not
            known.
        room: what is kept of functions; the scene's own, where the modules are those of one of its processes.
    """

    def __init__(
        self,
        memory: MemoryReader,
        modules: ModuleTable,
        image_file: ImageFile | None = None,
        variables: Iterable[int] = (),
        room: FunctionRoom | None = None,
    ) -> None:
        self.room = room or FunctionRoom()
        self._memory, self.modules, self.image_file = memory, modules, image_file
        self._variables = tuple(variables)
        self._images: dict[int, CodeImage | None] = {}
        self._stretches: dict[int, tuple[_Stretch, ...]] = {}

    def image_at(self, address: int) -> CodeImage | None:
        """The image that holds ``address``, with what can be had of its unwind data."""
        module = self.modules.at(address)
        if module is None:
            return None
        if module.base not in self._images:
            self._read(module)
        return self._images[module.base]

    def holds(self, address: int) -> bool:
        """Whether ``address`` is in some module's code.

        Code that can be written, or is given back after the start of its driver, counts as long as it is there.
        """
        module = self.modules.at(address)
        if module is None:
            return False
        if module.base not in self._stretches:
            self._read(module)
        rva = address - module.base
        for stretch in self._stretches[module.base]:
            if stretch.start <= rva < stretch.end:
                return not stretch.passing or self._is_there(address)
        return False

    def cuts(self) -> Iterator[str]:
        """What was left out of the images looked at so far, in words."""
        for base, image in self._images.items():
            module = self.modules.at(base)
            if image is not None and image.unsearched and module is not None:
                yield f"{image.unsearched:#x} bytes of {module.name}'s code were not searched for functions"
            if image is not None and image.functions is not None and image.functions.left_out and module is not None:
                yield f"the last {image.functions.left_out} functions of {module.name}'s unwind data are not used"

    def _is_there(self, address: int) -> bool:
        try:
            return bool(self._memory.read(address - 1, 2))
        except ReadError:
            return False

    def file_of(self, module: Module) -> bytes | None:
        """The module's file as it is laid out in memory, where one is at hand."""
        return self.image_file(module) if self.image_file is not None else None

    def reader_of(self, module: Module) -> MemoryReader:
        """Memory, with the module's file behind it where one is at hand."""
        data = self.file_of(module)
        return ImageOverlay(self._memory, module.base, data) if data else self._memory

    def _read(self, module: Module) -> None:
        memory = self._memory
        headers = read_headers(memory, module.base)
        table = _table(memory, headers)
        if headers is None or table is None or table.readable < table.count:
            memory = self.reader_of(module)
            headers = read_headers(memory, module.base) or headers
            table = _table(memory, headers)
        stretches = self._code_of(module, headers)
        self._stretches[module.base] = stretches
        if headers is None:
            self._images[module.base] = None
            return
        code = tuple((stretch.start, stretch.end) for stretch in stretches if not stretch.passing)
        functions = self.room.table(table) if table is not None else None
        view = headers.view(memory)
        self._images[module.base] = CodeImage(module.base, headers.size_of_image, view, functions, code, self.room)

    def _code_of(self, module: Module, headers: ImageHeaders | None) -> tuple[_Stretch, ...]:
        """Where code is: by the section table; where that is not all there, wherever no data is known to be."""
        sections = headers.sections if headers is not None else ()
        found = [_Stretch(s.rva, s.rva + s.virtual_size, s.passing) for s in sections if s.executable]
        if headers is not None and not headers.missing_sections and found:
            return tuple(found)
        known = max((section.rva + section.virtual_size for section in sections), default=_HEADERS)
        inside = (at - module.base for at in self._variables if 0 <= at - module.base < module.size)
        return (*found, *_around(_spans(sorted(inside)), known, module.size))


def _spans(variables: list[int]) -> Iterator[tuple[int, int]]:
    """The pages of variables, and what lies between close ones; ascending, disjoint."""
    if not variables:
        return
    start = variables[0] & -PAGE_SIZE
    for here, following in pairwise(variables):
        if following - here > _NEIGHBOURS and following & -PAGE_SIZE > here:
            yield start, (here & -PAGE_SIZE) + PAGE_SIZE
            start = following & -PAGE_SIZE
    yield start, (variables[-1] & -PAGE_SIZE) + PAGE_SIZE


def _around(spans: Iterator[tuple[int, int]], start: int, end: int) -> Iterator[_Stretch]:
    """What is left from ``start`` to ``end`` without the spans."""
    for low, high in spans:
        if start < low:
            yield _Stretch(start, min(low, end))
        start = max(start, high)
    if start < end:
        yield _Stretch(start, end)


def _table(memory: MemoryReader, headers: ImageHeaders | None) -> FunctionTable | None:
    if headers is None or headers.bits != 64:
        return None
    return read_function_table(headers.view(memory), headers)
