"""A process that has imported volatility3 and its plugins, and forks for every run that is asked for.

Started with Python as a script, away from the checkout, so that it imports what is installed. Each line on its input is
a JSON object: ``arguments`` of the command line and the files ``out`` and ``err``; each line of its output is an exit
code. A run is a process of its own, as ``vol`` is: nothing of it is left for the next one.
"""

from __future__ import annotations

import atexit
import gc
import importlib
import json
import os
import pkgutil
import sys
import traceback
from typing import Any, NoReturn


def preload() -> None:
    """Import what runs of ``vol`` import, at the start or when a plugin of ours is run; nothing is run."""
    import volatility3.cli
    import volatility3.plugins
    from volatility3 import framework

    import volplugins.vol

    framework.import_files(volatility3.plugins, True)
    for module in pkgutil.walk_packages(volplugins.vol.__path__, "volplugins.vol."):
        importlib.import_module(module.name)


def redirect(order: dict[str, Any]) -> None:
    """In the forked process: the standard streams of the run."""
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    for number, name in ((1, "out"), (2, "err")):
        os.dup2(os.open(order[name], os.O_WRONLY | os.O_CREAT | os.O_TRUNC), number)


def run_vol(arguments: list[str]) -> int:
    """What the script ``vol`` does; its exit code."""
    from volatility3.cli import main

    sys.argv = ["vol", *arguments]
    try:
        main()
    except SystemExit as end:
        if end.code is None or isinstance(end.code, int):
            return end.code or 0
        print(end.code, file=sys.stderr)
        return 1
    except BaseException:
        traceback.print_exc()
        return 1
    return 0


def end_process(code: int) -> NoReturn:
    """End as forked processes do: without taking apart what was imported, which takes longer than the run."""
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code & 0xFF)


def main() -> None:
    """Serve until the input ends."""
    sys.path.pop(0)
    sys.argv = ["vol"]
    preload()
    gc.freeze()
    for line in sys.stdin:
        order = json.loads(line)
        child = os.fork()
        if not child:
            redirect(order)
            end_process(run_vol(order["arguments"]))
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


if __name__ == "__main__":
    main()
