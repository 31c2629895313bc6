"""What a symbolizer knows of functions, as stack walks want it."""

from __future__ import annotations

from volplugins.loader.symbolizer import Symbolizer
from volplugins.stack.functions import NamedFunctions


def function_at(names: Symbolizer) -> NamedFunctions:
    """Starts of functions and dispatchers by ``names``."""
    return NamedFunctions(names.function_start, names.dispatches)
