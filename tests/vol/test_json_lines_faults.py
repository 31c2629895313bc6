"""JSON lines when something fails, under ``vol`` too; what importing the renderer costs, and its schema."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from volatility3.cli import text_renderer
from volatility3.framework import exceptions, renderers

from tests.vol.rendered_lines import ROOT, VALIDATOR, Row, jsonschema, parsed
from volplugins.vol.output.json_lines import SCHEMA, JsonLinesRenderer


class Fault(exceptions.VolatilityException):
    pass


def failing(error: Exception) -> Iterator[Row]:
    yield 0, (1,)
    yield 0, (2,)
    raise error


@pytest.mark.parametrize("error", [Fault("two\nlines\x85here \udcff"), ValueError("x" * 5000), KeyError(1)])
def test_rows_before_a_fault_stay(error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    out = io.StringIO()
    monkeypatch.setattr(sys, "stdout", out)
    with pytest.raises(type(error)):
        JsonLinesRenderer().render(renderers.TreeGrid([("N", int)], failing(error)))
    sys.stdout.write("\n\n")
    lines = parsed(out.getvalue() if isinstance(error, Fault) else out.getvalue().rstrip("\n") + "\n")
    assert [line["row"]["N"] for line in lines[:2]] == [1, 2]
    assert lines[2]["error"]["rows"] == 2 and lines[2]["error"]["type"] == type(error).__name__
    assert len(lines[2]["error"]["message"].splitlines()) == 1 and len(lines) == 3


def test_output_after_the_fault_is_not_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    out = io.StringIO()
    monkeypatch.setattr(sys, "stdout", out)
    with pytest.raises(Fault):
        JsonLinesRenderer().render(renderers.TreeGrid([("N", int)], failing(Fault("x"))))
    print()
    assert sys.stdout is not out
    sys.stdout.write("text\n")
    assert sys.stdout is out and out.getvalue().endswith('"rows": 2}}\ntext\n')


def test_rows_come_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    out = io.StringIO()
    monkeypatch.setattr(sys, "stdout", out)
    seen: list[int] = []

    def rows() -> Iterator[Row]:
        for number in range(3):
            seen.append(out.getvalue().count("\n"))
            yield 0, (number,)

    JsonLinesRenderer().render(renderers.TreeGrid([("N", int)], rows()))
    assert seen == [0, 1, 2]


PLUGIN = """
from volatility3.framework import exceptions, interfaces, renderers
from volatility3.framework.renderers import format_hints
from volplugins.vol.output.json_lines import JsonLinesRenderer

class Failing(interfaces.plugins.PluginInterface):
    _required_framework_version = (2, 0, 0)
    @classmethod
    def get_requirements(cls):
        return []
    def _generator(self):
        for number in range(1000):
            yield 0, (number, format_hints.Hex(number))
        raise %s
    def run(self):
        return renderers.TreeGrid([("N", int), ("Address", format_hints.Hex)], self._generator())
"""


def run_vol(tmp_path: Path, error: str, *, close_early: bool = False) -> tuple[int, str, str]:
    """Run volatility3's own command line with a plugin that fails after a thousand rows."""
    (tmp_path / "p").mkdir()
    (tmp_path / "p" / "failing.py").write_text(PLUGIN % error)
    code = "import sys; sys.argv[0] = 'vol'; from volatility3.cli import main; main()"
    options = ["-q", "-p", str(tmp_path / "p"), "-r", "jsonlines", "failing.Failing"]
    command = [sys.executable, "-c", code, *options]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path)}
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment, cwd=tmp_path
    )
    assert process.stdout and process.stderr
    if close_early:
        out = process.stdout.readline()
        process.stdout.close()
        with process.stderr as complaints:
            return process.wait(60), out, complaints.read()
    out, complaint = process.communicate(timeout=60)
    return process.returncode, out, complaint


def test_under_vol_a_fault_ends_as_volatility3_ends_it(tmp_path: Path) -> None:
    error = 'exceptions.PagedInvalidAddressException("primary", 0x1234, 12, 0, "page absent")'
    code, out, complaint = run_vol(tmp_path, error)
    lines = parsed(out)
    assert code == 1 and "No further results will be produced" in complaint and "Traceback" not in complaint
    assert len(lines) == 1001 and lines[0]["plugin"] == "failing.Failing"
    assert lines[1000]["error"] == {"type": "PagedInvalidAddressException", "message": "page absent", "rows": 1000}


def test_under_vol_another_exception_keeps_the_rows_too(tmp_path: Path) -> None:
    code, out, complaint = run_vol(tmp_path, 'RuntimeError("odd")')
    assert code == 1 and len(parsed(out)) == 1001 and "RuntimeError: odd" in complaint


def test_a_reader_that_leaves_sees_no_traceback(tmp_path: Path) -> None:
    code, out, complaint = run_vol(tmp_path, 'RuntimeError("odd")', close_early=True)
    assert parsed(out)[0]["row"] == {"N": 0, "Address": "0x0000000000000000"}
    assert (code, "Traceback" in complaint, "BrokenPipe" in complaint) == (141, False, False)


def test_the_name_is_free() -> None:
    theirs = {kind.name.lower() for kind in text_renderer.CLIRenderer.__subclasses__() if kind is not JsonLinesRenderer}
    assert JsonLinesRenderer.name not in theirs and {"quick", "jsonl"} <= theirs | {"jsonl"}


def test_import_is_light() -> None:
    code = (
        "import sys, volatility3.cli; before = set(sys.modules); import volplugins.vol.output.json_lines;"
        "print(sorted(m for m in set(sys.modules) - before if not m.startswith(('volplugins', '__future__'))))"
    )
    found = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert found.stdout.strip() == "[]"


def test_the_schema_is_one_and_refuses_what_is_wrong() -> None:
    jsonschema.Draft202012Validator.check_schema(VALIDATOR.schema)
    good = {"schema": SCHEMA, "id": 0, "row": {"A": 1}}
    assert VALIDATOR.is_valid(good)
    for wrong in (
        {**good, "schema": "volplugins.rows/2"},
        {**good, "row": {}},
        {**good, "row": {"A": [1]}},
        {**good, "depth": 1},
        {**good, "error": {"type": "E", "message": "", "rows": 0}},
        {"schema": SCHEMA},
        {"schema": SCHEMA, "error": {"type": "E", "message": "two\nlines", "rows": 0}},
        {**good, "absent": {"A": "Not a word"}},
    ):
        assert not VALIDATOR.is_valid(wrong), wrong
