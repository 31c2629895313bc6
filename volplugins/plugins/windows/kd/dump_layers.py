# Volatility Software License 1.0, https://www.volatilityfoundation.org/license/vsl-v1.0
"""Registers the suite's dump layers and its JSON lines renderer with volatility3: importing them is enough.

It also has volatility3 leave symbol tables alone that are there.
"""

try:
    from volplugins.vol.layers.kernel_offset import KernelOffsetCarrier
    from volplugins.vol.layers.live_handle import KernelDebuggerHandler
    from volplugins.vol.layers.stacker import KernelDumpStacker, LiveStacker, MemoryImageStacker, PackedDumpStacker
    from volplugins.vol.output.json_lines import JsonLinesRenderer
    from volplugins.vol.symbols.header_kernel import HeaderKernelFinder
    from volplugins.vol.symbols.kept_tables import keep_tables
    from volplugins.vol.symbols.symbol_path import add_own_symbols

    add_own_symbols()
    keep_tables()
except ImportError:
    raise
except BaseException as error:  # volatility3 survives an ImportError only
    if isinstance(error, KeyboardInterrupt):
        raise
    raise ImportError(f"volplugins cannot be loaded: {error}") from error

__all__ = [
    "HeaderKernelFinder", "JsonLinesRenderer", "KernelDebuggerHandler", "KernelDumpStacker", "KernelOffsetCarrier",
    "LiveStacker", "MemoryImageStacker", "PackedDumpStacker",
]  # fmt: skip
