"""The renderer ``vol -r jsonlines``: one JSON object per row, written as the row comes. docs/schema/rows.schema.json.

volatility3's own json and jsonl renderers hold every row back and print none when a plugin fails on the way; they
write addresses as numbers that JavaScript and jq cannot hold. Imported at the start of every vol run: only the
standard library and what volatility3 has loaded by then.
"""

from __future__ import annotations

import contextlib
import datetime
import json
import math
import os
import sys
from collections.abc import Callable
from functools import lru_cache
from typing import Any, Protocol, TextIO

from volatility3.cli import text_renderer
from volatility3.framework import exceptions, interfaces, renderers
from volatility3.framework.renderers import format_hints

from volplugins.vol.output.streamed_grid import stream

SCHEMA = "volplugins.rows/1"
_ABSENT = (
    (renderers.UnreadableValue, "unreadable"),
    (renderers.UnparsableValue, "unparsable"),
    (renderers.NotApplicableValue, "not-applicable"),
    (interfaces.renderers.BaseAbsentValue, "not-available"),
)
_OFTEN_ABSENT = {**dict(_ABSENT), renderers.NotAvailableValue: "not-available"}
_LONGEST_MESSAGE = 1000
_CALLERS_SEARCHED = 4
_KILLED_BY_PIPE = 141  # what a shell reports for a program that SIGPIPE ended


class JsonLinesRenderer(text_renderer.CLIRenderer):
    """Streams rows as JSON lines; rows already written stay written whatever happens after them.

    Attributes:
        plugin: the plugin whose rows these are. volatility3 hands a renderer the rows alone: where nobody has set it,
            it is looked for among the caller's variables.
    """

    name = "jsonlines"
    structured_output = True
    plugin: interfaces.plugins.PluginInterface | None = None

    def get_render_options(self) -> list[Any]:
        """No options."""
        return []

    def render(self, grid: interfaces.renderers.TreeGrid) -> None:
        """Write a line per row to standard output; after a fault, a last line that names it, and raise it again."""
        out = sys.stdout
        plugin = self.plugin or _plugin_of_callers()
        lines = _Lines(out, plugin, flush=out.flush)
        try:
            hidden = self.ignored_columns(grid)
            visit = lines.visitor(grid.columns, hidden, self.filter)
            if grid.populated:
                grid.visit(node=None, function=visit, initial_accumulator=None)
            else:
                stream(grid, visit)
        except BrokenPipeError:
            _end_of_pipe(out)
        except Exception as error:
            lines.write_error(error)
            if isinstance(error, exceptions.VolatilityException):
                sys.stdout = _NoEmptyLines(out)
            raise


class TextSink(Protocol):
    """What rows are written to."""

    def write(self, text: str, /) -> object:
        """Take some text."""
        ...  # pragma: no cover - a protocol has no body


def write_rows(
    plugin: interfaces.plugins.PluginInterface, out: TextSink, watch: Callable[[dict[str, Any]], None] | None = None
) -> int:
    """Run ``plugin`` and write its rows to ``out`` as ``vol -r jsonlines`` prints them; return how many there are.

    What the plugin raises becomes the last line, and is raised again. Nothing is flushed.

    Args:
        watch: is given each row's cells by column, after it was written.
    """
    lines = _Lines(out, plugin, watch)
    try:
        grid = plugin.run()
        stream(grid, lines.visitor(grid.columns, [], None))
    except Exception as error:
        lines.write_error(error)
        raise
    return lines.written


class _Lines:
    """Writes rows, numbered as they come, and knows the row that each is a child of."""

    def __init__(
        self,
        out: TextSink,
        plugin: interfaces.plugins.PluginInterface | None,
        watch: Callable[[dict[str, Any]], None] | None = None,
        flush: Callable[[], object] = lambda: None,
    ) -> None:
        self._out = out
        self._watch = watch
        self._flush = flush
        self._plugin = plugin
        self._head: dict[str, Any] = {"schema": SCHEMA}
        if plugin is not None:
            self._head["plugin"] = _plugin_name(type(plugin))
        self.written = 0
        self._digits: int | None = None
        # numbers of the rows that lead to the present one, None where a filter took one out
        self._ancestors: list[int | None] = []

    def visitor(self, columns: list[Any], hidden: list[Any], row_filter: Any) -> Callable[[Any, None], None]:
        """The function that volatility3 calls with each row."""
        converters = [_converter(column.type) for column in columns]
        shown = [(i, c.name, converters[i]) for i, c in enumerate(columns) if c not in hidden]
        chosen = row_filter is not None and getattr(row_filter, "_filters", True)  # that of vol is there, and empty

        def visit(node: Any, _: None) -> None:
            if self._digits is None:  # layers are there once the plugin has begun
                self._digits = _address_digits(self._plugin)
            digits, values, depth = self._digits, node.values, node.path_depth - 1
            del self._ancestors[depth:]
            if chosen and row_filter.filter(
                [_cell(convert, value, digits)[0] for convert, value in zip(converters, values, strict=True)]
            ):
                self._ancestors.append(None)
                return
            row: dict[str, Any] = {}
            absent: dict[str, str] = {}
            for place, name, convert in shown:
                value = values[place]
                kind = type(value)
                if kind is str:
                    if convert is _text and value.isascii():  # most cells
                        row[name] = value
                        continue
                elif kind is int and convert is _whole:
                    row[name] = value
                    continue
                elif kind is format_hints.Hex and convert is _hex and value >= 0:
                    row[name] = f"0x{value:0{digits}x}"
                    continue
                elif kind in _OFTEN_ABSENT:
                    row[name], absent[name] = None, _OFTEN_ABSENT[kind]
                    continue
                row[name], why = _cell(convert, value, digits)
                if why:
                    absent[name] = why
            parent = None
            if depth:
                parent = next((number for number in reversed(self._ancestors) if number is not None), None)
            self._ancestors.append(self.written)
            self._write_row(depth, parent, row, absent)

        return visit

    def _write_row(self, depth: int, parent: int | None, row: dict[str, Any], absent: dict[str, str]) -> None:
        line = {**self._head, "id": self.written}
        if depth:
            line |= {"depth": depth, "parent": parent}
        line["row"] = row
        if absent:
            line["absent"] = absent
        self._write(line)
        self.written += 1
        if self._watch is not None:
            self._watch(line["row"])

    def write_error(self, error: Exception) -> None:
        """The last line of a run that failed; silent where nobody reads any more."""
        message = " ".join(str(error).split())
        message = message if len(message) <= _LONGEST_MESSAGE else message[:_LONGEST_MESSAGE] + "…"
        fault = {"type": type(error).__name__, "message": clean_text(message), "rows": self.written}
        with contextlib.suppress(OSError):
            self._write({**self._head, "error": fault})

    def _write(self, line: dict[str, Any]) -> None:
        self._out.write(_ENCODED(line) + "\n")
        self._flush()


# lines are made here and hold no loop
_ENCODED = json.JSONEncoder(allow_nan=False, check_circular=False).encode


def _cell(convert: Callable[[Any, int], Any], value: Any, digits: int) -> tuple[Any, str]:
    """The JSON value and, where it is null, the word that says why. One bad cell costs itself only."""
    if value is None or isinstance(value, interfaces.renderers.BaseAbsentValue):
        plain = _OFTEN_ABSENT.get(type(value))
        return None, plain or next((word for kind, word in _ABSENT if isinstance(value, kind)), "not-available")
    try:
        return convert(value, digits), ""
    except exceptions.InvalidAddressException:
        return None, "unreadable"
    except Exception:  # a cell that cannot be written is no reason to lose its row
        return None, "unparsable"


def _hex(value: int, digits: int) -> str:
    return f"0x{value if value >= 0 else value + (1 << 4 * digits):0{digits}x}"


def _whole(value: int, _: int) -> int:
    return int(value)


def _float(value: float, _: int) -> float:
    if not math.isfinite(value):
        raise ValueError("JSON has no such number")
    return float(value)


def _time(value: datetime.datetime, _: int) -> str:
    """ISO 8601 in UTC; a time without a zone is UTC, as all of volatility3's Windows times are."""
    return _iso(value)


@lru_cache(maxsize=4096)  # all processes have the same images
def _iso(value: datetime.datetime) -> str:
    aware = value if value.tzinfo else value.replace(tzinfo=datetime.timezone.utc)
    return aware.astimezone(datetime.timezone.utc).isoformat(timespec="microseconds")


def clean_text(text: str) -> str:
    """The text with lone surrogates, which JSON readers refuse, replaced."""
    if text.isascii():
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def _multi_type(value: format_hints.MultiTypeData, _: int) -> Any:
    """Text where the bytes are text, else an object with the bytes."""
    if value.show_hex:
        return {"hex": bytes(value).hex()}
    try:
        text = bytes(value).decode(value.encoding).rstrip("\0")
    except UnicodeDecodeError:
        return {"hex": bytes(value).hex()}
    if "\0" in text and not value.split_nulls:
        return {"hex": bytes(value).hex()}
    return text.replace("\0", "\n")


def _disassembly(value: renderers.Disassembly, digits: int) -> dict[str, Any]:
    found = {"offset": _hex(value.offset, digits), "architecture": value.architecture, "hex": value.data.hex()}
    if text_renderer.CAPSTONE_PRESENT and value.architecture:
        found["text"] = text_renderer.display_disassembly(value).strip().splitlines()
    return found


def _layer_data(value: renderers.LayerData, digits: int) -> dict[str, Any]:
    data, missing = text_renderer.LayerDataRenderer().render_bytes(value)
    return {
        "layer": value.layer_name,
        "offset": _hex(value.offset, digits),
        "hex": data.hex(),
        "missing": len(missing),
    }


# by column type, the most special first: a bool is an int, a Hex is an int, HexBytes are bytes
_CONVERTERS: tuple[tuple[type, Callable[[Any, int], Any]], ...] = (
    (bool, lambda value, _: bool(value)),
    (format_hints.Hex, _hex),
    (format_hints.Bin, lambda value, _: f"0b{value:b}"),
    (int, _whole),
    (float, _float),
    (datetime.datetime, _time),
    (format_hints.MultiTypeData, _multi_type),
    (bytes, lambda value, _: bytes(value).hex()),
    (renderers.Disassembly, _disassembly),
    (renderers.LayerData, _layer_data),
)


def _converter(column_type: type) -> Callable[[Any, int], Any]:
    found = (convert for kind, convert in _CONVERTERS if issubclass(column_type, kind))
    return next(found, _text)


def _text(value: Any, _: int) -> str:
    return clean_text(str(value))


def _plugin_of_callers() -> interfaces.plugins.PluginInterface | None:
    """The plugin object among the local variables of whoever called ``render``."""
    frame = sys._getframe(2)
    for _ in range(_CALLERS_SEARCHED):
        for value in frame.f_locals.values():
            if isinstance(value, interfaces.plugins.PluginInterface):
                return value
        if frame.f_back is None:
            break
        frame = frame.f_back
    return None


def _plugin_name(plugin: type) -> str:
    """The name as users type it: ``windows.pslist.PsList``."""
    module = plugin.__module__.removeprefix("volatility3.plugins.").removeprefix("volplugins.plugins.")
    return f"{module}.{plugin.__name__}"


def _address_digits(plugin: interfaces.plugins.PluginInterface | None) -> int:
    """Hexadecimal digits of a full-width address: 8 where every known layer is of a 32-bit machine, else 16."""
    layers = plugin.context.layers if plugin is not None else {}
    architectures = {layers[name].metadata.get("architecture", "Unknown") for name in layers}
    return 8 if architectures - {"Unknown"} == {"Intel32"} else 16


def _end_of_pipe(out: TextIO) -> None:
    """The reader has gone (``| head``): leave quietly, so that Python's own flush at exit finds an open file."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), out.fileno())
    raise SystemExit(_KILLED_BY_PIPE)


class _NoEmptyLines:
    """Standard output after a fault: volatility3 writes two empty lines there before its message on standard error."""

    def __init__(self, out: TextIO) -> None:
        self._out = out

    def write(self, text: str) -> int:
        """Swallow line ends; anything else goes out and ends the watch."""
        if not text.strip():
            return len(text)
        sys.stdout = self._out
        return self._out.write(text)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._out, name)
