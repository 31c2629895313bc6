"""From a volatility3 context to the core's scene of a crash."""

from __future__ import annotations

from typing import TYPE_CHECKING

from volplugins.bugcheck.analysis import Analysis, analyse
from volplugins.bugcheck.scene import CrashScene, build_scene
from volplugins.image.debug_record import DebugRecord, read_debug_record
from volplugins.image.exports import read_exports
from volplugins.image.headers import read_headers
from volplugins.kernel.debugger_data import decode_debugger_data
from volplugins.kernel.layouts import KernelLayouts
from volplugins.loader.module import Module
from volplugins.loader.symbolizer import SymbolTable
from volplugins.memory.reader import MemoryReader
from volplugins.threads.module_code import ImageFile, with_image_file
from volplugins.vol.layers.opened_dumps import open_layer
from volplugins.vol.scene.folders import check_symbol_folders
from volplugins.vol.scene.shared_work import once_in_context, once_of_scene
from volplugins.vol.symbols import symbol_files
from volplugins.vol.symbols.image_path import image_file_in
from volplugins.vol.symbols.symbol_files import PdbSymbols

if TYPE_CHECKING:
    from volatility3.framework.interfaces.context import ContextInterface

    from volplugins.dumpfile.dump import Dump


def dump_below(context: ContextInterface, layer_name: str) -> Dump:
    """The dump that the layer stands on, whatever volatility3 put on top of it.

    Raises:
        DumpError: the file is no crash dump, or cannot be opened; one line for the user.
    """
    layer = context.layers[layer_name]
    while layer.dependencies if hasattr(layer, "dependencies") else ():
        layer = context.layers[layer.dependencies[0]]
    return open_layer(layer)


def scene_below(context: ContextInterface, layer_name: str, image_file: ImageFile | None = None) -> CrashScene:
    """The scene of the dump below ``layer_name``, with the symbols and the imported images of volatility3's folders.

    Args:
        image_file: looks for images in further folders too.
    """
    check_symbol_folders(context)
    image_file = image_file or image_file_in()

    def make() -> CrashScene:
        scanned = context.layers[layer_name].config.get("page_map_offset", None)
        directories = [(int(scanned), "volatility3's scan")] if scanned else []
        return scene_of(dump_below(context, layer_name), directories, image_file)

    return once_in_context(context, ("scene", layer_name, image_file), make)


def analysis_of(scene: CrashScene) -> Analysis:
    """The analysis of the crash."""
    return once_of_scene(scene, ("analysis",), lambda: analyse(scene))


def scene_of(
    dump: Dump, directories: list[tuple[int, str]] | None = None, image_file: ImageFile | None = None
) -> CrashScene:
    """The scene of ``dump`` with every symbol table at hand; ``image_file`` gives images whose pages it lacks."""

    def layouts_of(memory: MemoryReader, kernel: Module | None) -> KernelLayouts | None:
        symbols = _pdb_symbols(dump, with_image_file(memory, kernel, image_file), kernel) if kernel else None
        return symbols.layouts(dump.header.bits) if symbols else None

    def table_of(memory: MemoryReader, module: Module) -> SymbolTable | None:
        reader = with_image_file(memory, module, image_file)
        return _pdb_symbols(dump, reader, module) or _exports(reader, module)

    return build_scene(dump, table_of, layouts_of, directories or [], image_file)


def debug_record(memory: MemoryReader, module: Module) -> DebugRecord | None:
    """The debug record of a module in memory, where its pages are there."""
    headers = read_headers(memory, module.base)
    return read_debug_record(memory, headers) if headers else None


def kernel_symbols(dump: Dump, kernel: Module) -> PdbSymbols | None:
    """The kernel's symbol table by the three addresses that the header gives, where one at hand has them so."""
    header = dump.header
    addresses = {
        "KdDebuggerDataBlock": header.kd_debugger_data_block,
        "PsLoadedModuleList": header.ps_loaded_module_list,
        "PsActiveProcessHead": header.ps_active_process_head,
    }
    expected = {name: address - kernel.base for name, address in addresses.items()}
    if not all(0 < rva < kernel.size for rva in expected.values()):
        return None
    return symbol_files.load_by_addresses(expected, _stated_sizes(dump))


def _stated_sizes(dump: Dump) -> dict[str, int]:
    """Structure sizes that the debugger data block of a triage dump states."""
    block = dump.triage.debugger_data if dump.triage else None
    data = decode_debugger_data(block.data, 0, dump.header.bits) if block else None
    if data is None:
        return {}
    members = {"_EPROCESS": "SizeEProcess", "_ETHREAD": "SizeEThread", "_KPRCB": "SizePrcb"}
    return {name: data.offsets[member] for name, member in members.items() if member in data.offsets}


def _pdb_symbols(dump: Dump, memory: MemoryReader, module: Module) -> PdbSymbols | None:
    record = debug_record(memory, module)
    if record is not None:
        return symbol_files.load(record)
    return kernel_symbols(dump, module) if module.is_kernel else None


def _exports(memory: MemoryReader, module: Module) -> SymbolTable | None:
    headers = read_headers(memory, module.base)
    return read_exports(memory, headers) if headers else None
