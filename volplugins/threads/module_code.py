"""The code of a set of modules, for unwinding: as it lies in memory, with image files where memory lacks pages."""

from __future__ import annotations

from collections.abc import Callable

from volplugins.image.debug_record import read_debug_record
from volplugins.image.exception_directory import FunctionTable, read_function_table
from volplugins.image.headers import ImageHeaders, read_headers
from volplugins.loader.module import Module, ModuleTable
from volplugins.memory.reader import MemoryReader, ReadError
from volplugins.stack.unwind_x64 import CodeImage

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


class ModuleCode:
    """Implements stack.unwind_x64.CodeMap over modules; each image's headers and tables are read once.

    Attributes:
        image_file: as given.

    Args:
        image_file: looks for a module's file; it is asked only where memory lacks the headers or unwind data.
    """

    def __init__(self, memory: MemoryReader, modules: ModuleTable, image_file: ImageFile | None = None) -> None:
        self._memory, self.modules, self.image_file = memory, modules, image_file
        self._images: dict[int, CodeImage | None] = {}
        self._ranges: dict[int, tuple[tuple[int, int], ...]] = {}

    def image_at(self, address: int) -> CodeImage | None:
        """The image that holds ``address``, with what can be had of its unwind data."""
        module = self.modules.at(address)
        if module is None:
            return None
        if module.base not in self._images:
            self._read(module)
        return self._images[module.base]

    def holds(self, address: int) -> bool:
        """Whether ``address`` is in some module's code."""
        module = self.modules.at(address)
        if module is None:
            return False
        if module.base not in self._ranges:
            self._read(module)
        rva = address - module.base
        return any(start <= rva < end for start, end in self._ranges[module.base])

    def _overlay(self, module: Module) -> MemoryReader:
        data = self.image_file(module) if self.image_file is not None else None
        return ImageOverlay(self._memory, module.base, data) if data else self._memory

    def _read(self, module: Module) -> None:
        memory = self._memory
        headers = read_headers(memory, module.base)
        table = _table(memory, headers)
        if headers is None or table is None or table.readable < table.count:
            memory = self._overlay(module)
            headers = read_headers(memory, module.base) or headers
            table = _table(memory, headers)
        sections = headers.sections if headers is not None else ()
        found = tuple((s.rva, s.rva + s.virtual_size) for s in sections if s.executable)
        self._ranges[module.base] = found or ((_HEADERS, module.size),)
        self._images[module.base] = (
            CodeImage(module.base, headers.size_of_image, headers.view(memory), table) if headers is not None else None
        )


def _table(memory: MemoryReader, headers: ImageHeaders | None) -> FunctionTable | None:
    if headers is None or headers.bits != 64:
        return None
    return read_function_table(headers.view(memory), headers)
