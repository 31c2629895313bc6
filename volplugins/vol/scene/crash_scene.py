"""From a volatility3 context to the core's scene of a crash."""

from __future__ import annotations

from typing import TYPE_CHECKING

from volplugins.bugcheck.analysis import Analysis, analyse
from volplugins.bugcheck.scene.crash_scene import CrashScene, build_scene
from volplugins.image.debug_record import DebugRecord, read_debug_record
from volplugins.image.exports import read_exports
from volplugins.image.headers import read_headers
from volplugins.kernel.layouts import KernelLayouts
from volplugins.loader.module import Module
from volplugins.loader.symbolizer import SymbolTable
from volplugins.memory.reader import MemoryReader
from volplugins.target.kernel_search import FoundKernel
from volplugins.target.of_dump import as_target
from volplugins.threads.module_code import ImageFile, with_image_file
from volplugins.vol.layers.opened_targets import open_target, use_symbols
from volplugins.vol.scene.folders import check_symbol_folders
from volplugins.vol.scene.kernel_evidence import evidence_of
from volplugins.vol.scene.shared_work import once_in_context, once_of_scene
from volplugins.vol.symbols import symbol_files
from volplugins.vol.symbols.image_path import image_file_in
from volplugins.vol.symbols.kernel_choice import Choice, choose
from volplugins.vol.symbols.symbol_files import PdbSymbols

if TYPE_CHECKING:
    from volatility3.framework.interfaces.context import ContextInterface

    from volplugins.dumpfile.dump import Dump
    from volplugins.target.target import Target


def kernel_variables(memory: MemoryReader, found: FoundKernel) -> dict[str, int]:
    """Addresses of an image's list heads by the symbols of its kernel, where a table of them is at hand."""
    record = read_debug_record(memory, found.image)
    symbols = symbol_files.load(record) if record is not None else None
    if symbols is None:
        return {}
    places = {name: symbols.lookup(name) for name in ("PsLoadedModuleList", "PsActiveProcessHead")}
    return {name: found.image.base + rva for name, rva in places.items() if rva is not None}


use_symbols(kernel_variables)


def target_below(context: ContextInterface, layer_name: str) -> Target:
    """The target that the layer stands on, whatever volatility3 put on top of it.

    Raises:
        DumpError: the file is no target, or cannot be opened; one line for the user.
    """
    return open_target(context, layer_name)


def scene_below(context: ContextInterface, layer_name: str, image_file: ImageFile | None = None) -> CrashScene:
    """The scene of the target below ``layer_name``, with the symbols and the imported images of volatility3's folders.

    Args:
        image_file: looks for images in further folders too.
    """
    check_symbol_folders(context)
    image_file = image_file or image_file_in()

    def make() -> CrashScene:
        scanned = context.layers[layer_name].config.get("page_map_offset", None)
        directories = [(int(scanned), "volatility3's scan")] if scanned else []
        return scene_of(target_below(context, layer_name), directories, image_file)

    return once_in_context(context, ("scene", layer_name, image_file), make)


def analysis_of(scene: CrashScene) -> Analysis:
    """The analysis of the crash."""
    return once_of_scene(scene, ("analysis",), lambda: analyse(scene))


def scene_of(
    looked_at: Target | Dump, directories: list[tuple[int, str]] | None = None, image_file: ImageFile | None = None
) -> CrashScene:
    """The scene of a target (a dump is one) with every symbol table at hand.

    Args:
        image_file: gives images whose pages the target lacks.
    """
    target = as_target(looked_at)

    def layouts_of(memory: MemoryReader, kernel: Module | None) -> KernelLayouts | None:
        symbols = _pdb_symbols(target, with_image_file(memory, kernel, image_file), kernel) if kernel else None
        return symbols.layouts(target.bits) if symbols else None

    def table_of(memory: MemoryReader, module: Module) -> SymbolTable | None:
        reader = with_image_file(memory, module, image_file)
        return _pdb_symbols(target, reader, module) or _exports(reader, module)

    return build_scene(target, table_of, layouts_of, directories or [], image_file)


def debug_record(memory: MemoryReader, module: Module) -> DebugRecord | None:
    """The debug record of a module in memory, where its pages are there."""
    headers = read_headers(memory, module.base)
    return read_debug_record(memory, headers) if headers else None


def kernel_choice(target: Target, memory: MemoryReader, kernel: Module) -> Choice:
    """The kernel's symbol table by what the target says of it, and every one at hand that agrees with that."""
    evidence = evidence_of(target, memory, kernel)
    return choose(evidence) if evidence is not None else Choice(None, ())


def _pdb_symbols(target: Target, memory: MemoryReader, module: Module) -> PdbSymbols | None:
    record = debug_record(memory, module)
    if record is not None:
        return symbol_files.load(record)
    return kernel_choice(target, memory, module).symbols if module.is_kernel else None


def _exports(memory: MemoryReader, module: Module) -> SymbolTable | None:
    headers = read_headers(memory, module.base)
    return read_exports(memory, headers) if headers else None
