"""The registry of commands, exit codes, and what a user sees when something breaks."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import volplugins.cli
from volplugins.cli import main as command

ROOT = Path(__file__).parents[2]
COMMAND = """
def add_parser(subparsers):
    parser = subparsers.add_parser("boom", help="breaks")
    parser.add_argument("--number", type=int)

def run(args):
    {body}
"""


@pytest.fixture
def boom(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A command ``boom`` beside the real ones; its body is written by the test."""
    monkeypatch.setattr(volplugins.cli, "__path__", [*volplugins.cli.__path__, str(tmp_path)])
    monkeypatch.setattr(command, "COMMANDS", (*command.COMMANDS, "boom"))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    monkeypatch.delitem(sys.modules, "volplugins.cli.boom", raising=False)
    return tmp_path / "boom.py"


def test_help_lists_the_commands_that_exist(capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["--help"]) == 0
    shown = capsys.readouterr().out
    folder = Path(command.__file__).parent
    for name in command.COMMANDS:
        typed = name.replace("_", "-")
        assert (f"\n    {typed} " in shown or f"\n    {typed}\n" in shown) == (folder / f"{name}.py").exists(), name
    assert list(command.commands()) == [
        name.replace("_", "-") for name in command.COMMANDS if (folder / f"{name}.py").exists()
    ]


def test_a_command_that_is_not_there_is_wrong_use(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(command, "COMMANDS", (*command.COMMANDS, "nowhere"))
    assert "nowhere" not in command.commands()
    assert command.main(["nowhere"]) == 2
    assert "invalid choice: 'nowhere'" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [[], ["--nonsense"], ["plugin-dir", "more"], ["setup", "--nonsense"]])
def test_wrong_use(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(arguments) == 2
    assert "usage: volplugins" in capsys.readouterr().err


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["--version"]) == 0
    first, *parts = capsys.readouterr().out.splitlines()
    assert first == f"volplugins {volplugins.__version__}" and parts[0].startswith("Python 3.")
    assert {line.partition(" ")[0] for line in parts} >= {"volatility3", "pefile", "numpy", "capstone", "Jinja2"}


@pytest.mark.parametrize(
    ("body", "code", "line"),
    [
        ("return 0", 0, ""),
        ("return 1", 1, ""),
        ("raise ValueError('two\\nlines')", 1, "volplugins: ValueError: two lines"),
        ("raise KeyError", 1, "volplugins: KeyError: no more is known"),
        ("open('/does/not/exist')", 1, "volplugins: [Errno 2] No such file or directory: '/does/not/exist'"),
        ("raise KeyboardInterrupt", 130, ""),
        ("raise SystemExit", 0, ""),
        ("raise SystemExit(7)", 7, ""),
        ("raise SystemExit('said why')", 1, "said why"),
    ],
)
def test_exit_codes(boom: Path, capsys: pytest.CaptureFixture[str], body: str, code: int, line: str) -> None:
    boom.write_text(COMMAND.format(body=body))
    assert command.main(["boom"]) == code
    assert capsys.readouterr().err.rstrip("\n") == line


def test_a_dump_that_cannot_be_opened(boom: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("volplugins.dumpfile.errors")
    boom.write_text(COMMAND.format(body="from volplugins.dumpfile import errors; raise errors.DumpError('is empty')"))
    assert command.main(["boom"]) == 3
    assert capsys.readouterr().err == "volplugins: is empty\n"


def test_debugging_shows_where(boom: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    boom.write_text(COMMAND.format(body="raise ValueError('here')"))
    monkeypatch.setenv("VOLPLUGINS_DEBUG", "1")
    assert command.main(["boom"]) == 1
    shown = capsys.readouterr().err
    assert "Traceback" in shown and "boom.py" in shown and shown.endswith("volplugins: ValueError: here\n")


def test_a_broken_command_breaks_itself_only(boom: Path, capsys: pytest.CaptureFixture[str]) -> None:
    boom.write_text("this is no Python")
    assert command.main(["plugin-dir"]) == 0
    assert command.main(["boom"]) == 1
    assert "SyntaxError" in capsys.readouterr().err


def test_a_reader_that_leaves(tmp_path: Path) -> None:
    """``volplugins … | head -1`` ends without a word."""
    code = (
        "import sys; from volplugins.cli import main, plugin_dir;"
        "plugin_dir.run = lambda args: [print('x' * 99) for _ in range(100000)] and 0;"
        "sys.exit(main.main(['plugin-dir']))"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert process.stdout and process.stderr
    assert process.stdout.readline().strip() == b"x" * 99
    process.stdout.close()
    assert (process.wait(60), process.stderr.read()) == (command.PIPE_CLOSED, b"")


def test_letters_that_the_terminal_lacks(tmp_path: Path) -> None:
    code = (
        "import sys; from volplugins.cli import main, plugin_dir;"
        "plugin_dir.run = lambda args: print('a\\u2026') or 0; sys.exit(main.main(['plugin-dir']))"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "ascii"}
    found = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, cwd=tmp_path, env=environment, check=False
    )
    assert (found.returncode, found.stdout.strip(), found.stderr) == (0, b"a\\u2026", b"")


def test_help_is_quick(tmp_path: Path) -> None:
    code = (
        "import sys; from volplugins.cli.main import main; main(['--help']);"
        "print([m for m in ('numpy', 'pefile', 'volatility3', 'yara') if m in sys.modules], file=sys.stderr)"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, cwd=tmp_path, env=environment, check=True)
    assert found.stderr.strip() == b"[]"
