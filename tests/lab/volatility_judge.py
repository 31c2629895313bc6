"""Runs volatility3's own plugins over dumps and prints what they say as JSON: ``SYMBOLS CACHE DUMP… -- PLUGIN…``.

A program of its own, because volatility3 keeps its state in modules. Being offline and having a cache of its own are a
must: where volatility3 takes a table of ours for missing, it opens that very file for writing, to download into it.
One context serves all plugins of a dump, so that its slow scan for the page directory runs once.
"""

from __future__ import annotations

import contextlib
import io
import json
import sys
from pathlib import Path
from typing import Any

import volatility3.plugins
import volatility3.symbols
from volatility3 import framework
from volatility3.cli import text_renderer
from volatility3.framework import automagic, constants, contexts, interfaces
from volatility3.framework import plugins as construction

# volatility3's own way into a dump: where the suite is installed beside it, its layers would judge themselves
CORE_STACKERS = ["WindowsCrashDumpStacker", "WindowsIntelStacker"]


def prepare(symbols: str, cache: str) -> dict[str, Any]:
    """Set volatility3 up and give its plugins by name."""
    volatility3.symbols.__path__ = [symbols, *constants.SYMBOL_BASEPATHS]
    constants.OFFLINE = True
    constants.CACHE_PATH = cache
    framework.import_files(volatility3.plugins, True)
    return {name.rpartition(".")[0]: plugin for name, plugin in framework.list_plugins().items()}


def judge(plugins: dict[str, Any], dump: str, wanted: list[str]) -> dict[str, Any]:
    """The rows of every wanted plugin over one dump."""
    context = contexts.Context()
    context.config["automagic.LayerStacker.single_location"] = Path(dump).resolve().as_uri()
    context.config["automagic.LayerStacker.stackers"] = CORE_STACKERS
    available = automagic.available(context)
    said = {}
    for name in wanted:
        chosen = automagic.choose_automagic(available, plugins[name])
        made = construction.construct_plugin(
            context, chosen, plugins[name], "plugins", None, interfaces.plugins.FileHandlerInterface
        )
        output = io.StringIO()
        with contextlib.redirect_stdout(output):
            text_renderer.JsonRenderer().render(made.run())
        said[name] = json.loads(output.getvalue())
    return said


if __name__ == "__main__":
    given = sys.argv[1:]
    split = given.index("--")
    (symbols_folder, cache_folder, *dumps), names = given[:split], given[split + 1 :]
    known = prepare(symbols_folder, cache_folder)
    print(json.dumps([judge(known, dump, names) for dump in dumps]))
