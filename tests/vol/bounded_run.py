"""Runs one plugin in a process of its own, with limits: ``bounded_run.py DUMP MODULE CLASS OUT [OPTION…]``.

Limits are the process's own: 64 MiB for the rows, 600 MiB of memory and 90 seconds of the processor. Prints the peak of
its memory in bytes.
"""

from __future__ import annotations

import resource
import sys
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory

from volatility3.framework import constants

from volplugins.vol.output.json_lines import write_rows
from volplugins.vol.scene.session import open_file
from volplugins.vol.symbols.symbol_path import add_own_symbols


def main() -> None:
    dump, module, name, out, *options = sys.argv[1:]
    limits = {resource.RLIMIT_FSIZE: 64 << 20, resource.RLIMIT_DATA: 600 << 20, resource.RLIMIT_CPU: 90}
    for kind, most in limits.items():
        resource.setrlimit(kind, (most, most))
    with TemporaryDirectory() as cache:
        constants.CACHE_PATH = cache
        add_own_symbols()
        context, layer = open_file(Path(dump))
        context.config["one.primary"] = layer
        for option in options:
            context.config[f"one.{option}"] = True
        plugin = getattr(import_module(f"volplugins.plugins.windows.kd.{module}"), name)(context, "one", None)
        with open(out, "w", encoding="utf-8") as file:
            write_rows(plugin, file)
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss << 10)


if __name__ == "__main__":
    main()
