"""The console command ``volplugins``: finds the command asked for, runs it, and turns what it raises into an exit code.

Exit codes: 0 done; 1 done, with faults reported; 2 wrong use; 3 the input cannot be opened.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType

from volplugins.cli.suggestions import command_meant
from volplugins.vol.symbols.cache_folder import make_cache_possible

# One module of this room per command, in the order of the help: `add_parser(subparsers)` and `run(args) -> int`.
# A module with PASSES_ARGUMENTS gets everything after its name, unread, as `args.rest`.
COMMANDS = (
    "demo", "triage", "batch", "find", "diff", "report", "symbols", "dump", "live", "vol", "plugin_dir", "setup",
    "doctor", "completion", "mcp", "lab",
)  # fmt: skip

# commands that import volatility3, which makes its cache folder then
USES_VOLATILITY = frozenset(("demo", "triage", "batch", "symbols", "dump", "live", "vol", "doctor", "diff", "mcp"))

_LONGEST = 4000  # characters of a fault
DONE, FAULTS, WRONG_USE, CANNOT_OPEN, INTERRUPTED, PIPE_CLOSED = 0, 1, 2, 3, 130, 141


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line ``argv`` (the process's own by default) and return the exit code; raises nothing."""
    try:
        _open_streams()
        for stream in (sys.stdout, sys.stderr):  # a terminal of another encoding costs letters, not the run
            with suppress(AttributeError):
                stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
        code = _stopped(sys.argv[1:] if argv is None else list(argv))
        sys.stdout.flush()
        return code
    except BrokenPipeError:
        with suppress(OSError, ValueError):  # Python flushes again at exit
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return PIPE_CLOSED
    except KeyboardInterrupt:
        return INTERRUPTED
    except Exception as error:
        return _tell(error)


def _open_streams() -> None:
    """A stream that the shell closed (`>&-`) is one that nobody reads."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115 - for the whole process


def commands() -> dict[str, str]:
    """Commands that exist: the name typed to the module of this room."""
    return {name.replace("_", "-"): name for name in COMMANDS if find_spec(f"volplugins.cli.{name}") is not None}


def _stopped(arguments: list[str]) -> int:
    """Run, and take argparse's and volatility3's own exits as the exit codes they are."""
    try:
        return _run(arguments)
    except SystemExit as stop:
        if stop.code is None or isinstance(stop.code, int):
            return stop.code or DONE
        print(stop.code, file=sys.stderr)
        return FAULTS


def _run(arguments: list[str]) -> int:
    names = commands()
    chosen = arguments[0] if arguments and arguments[0] in names else None
    if chosen is None and arguments and not arguments[0].startswith("-"):
        meant = command_meant(arguments[0], names)
        if meant:
            print(f"volplugins: {meant}", file=sys.stderr)
            return WRONG_USE
    modules = {name: _module(names[name]) for name in ([chosen] if chosen else names)}
    if chosen in USES_VOLATILITY:
        make_cache_possible()
    if chosen and getattr(modules[chosen], "PASSES_ARGUMENTS", False):
        return int(modules[chosen].run(argparse.Namespace(rest=arguments[1:])))
    args = _parser(modules).parse_args(arguments)
    return int(modules[args.command].run(args))


def whole_parser() -> argparse.ArgumentParser:
    """The parser of every command."""
    return _parser({name: _module(module) for name, module in commands().items()})


def _parser(modules: dict[str, ModuleType]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("volplugins", description="Reads Windows crash dumps with Volatility 3.")
    parser.add_argument("--version", action=_Version, nargs=0, help="versions of volplugins and of all its parts")
    subparsers = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for module in modules.values():
        module.add_parser(subparsers)
    return parser


class _Version(argparse.Action):
    """Prints the version, and those of all parts that results depend on."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        from volplugins.cli.part_versions import version_lines

        print("\n".join(version_lines()))
        parser.exit()


def _module(name: str) -> ModuleType:
    return import_module(f"volplugins.cli.{name}")


def _tell(error: Exception) -> int:
    """Say in one line on standard error what went wrong; VOLPLUGINS_DEBUG=1 adds where. Return the exit code."""
    if os.environ.get("VOLPLUGINS_DEBUG") == "1":
        import traceback

        traceback.print_exception(error)
    cannot_open = _is_dump_error(error)
    kind = "" if cannot_open or isinstance(error, OSError) else f"{type(error).__name__}: "
    from volplugins.report.shown_text import shown

    text = shown(" ".join(str(error).split()), _LONGEST) or "no more is known"  # it may have names of a dump in it
    print(f"volplugins: {kind}{text}", file=sys.stderr)
    return CANNOT_OPEN if cannot_open else FAULTS


def _is_dump_error(error: Exception) -> bool:
    """Whether this is the core's DumpError; where its module was never imported, nothing can have raised one."""
    errors = sys.modules.get("volplugins.dumpfile.errors")
    return errors is not None and isinstance(error, errors.DumpError)


if __name__ == "__main__":
    sys.exit(main())
