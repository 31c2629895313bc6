"""docs/memory-models.md and its drawing: the commands of the page are run, and their output is put below them.

Usage: python -m maintenance.memory_models [--write]; without it, both are compared with what is there.
The version line and the empty lines that volatility3 prints first are left out; TABs between columns are kept.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

from maintenance.model_drawing import Model, Row, draw

ROOT = Path(__file__).parents[1]
PAGE, DRAWING = ROOT / "docs" / "memory-models.md", ROOT / "docs" / "memory-models.svg"
_BLOCK = re.compile(r"```console\n(.*?)```\n", re.DOTALL)
_VERSION = re.compile(r"Volatility 3 Framework \S+\n")
# title, subtitle, what the descriptor is for, file, option, address, process
_MODELS = (
    ("Flat", "Windows 10, 64-bit code", "64-bit code ignores base and limit", "flat.dmp", "--linear",
     "33:7ff603c21054", "acmetray.exe"),
    ("Segmented", "Windows XP, 16-bit protected mode", "linear = base + offset, within the limit", "dos.dmp",
     "--linear", "bf:19b", "ntvdm.exe"),
    ("Real-address", "Windows XP, virtual-8086 mode", "linear = segment x 16 + offset", "dos.dmp", "--real", "b00:4b",
     "ntvdm.exe"),
)  # fmt: skip


class Runner:
    """Runs commands of this checkout in one folder, each in a process of its own, with a cache of their own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "home").mkdir(exist_ok=True)
        home = dict.fromkeys(("HOME", "USERPROFILE", "APPDATA", "XDG_CACHE_HOME"), str(folder / "home"))
        self._environment = {**os.environ, **home, "PYTHONPATH": str(ROOT)}

    def run(self, command: str) -> str:
        """Standard output of ``volplugins …``, without the version's line.

        Raises:
            RuntimeError: the command fails.
        """
        program, *arguments = shlex.split(command)
        if program != "volplugins":
            raise RuntimeError(f"{command}: no command of ours")
        done = subprocess.run(
            [sys.executable, "-m", "volplugins.cli.main", *arguments], cwd=self.folder, env=self._environment,
            capture_output=True, encoding="utf-8", check=False, timeout=300,
        )  # fmt: skip
        if done.returncode:
            raise RuntimeError(f"{command}: exit code {done.returncode}: {done.stderr[-400:]}")
        return _VERSION.sub("", done.stdout, count=1).strip("\n")

    def make(self, text: str) -> None:
        """Run the commands of a page that make dumps, and no others."""
        for found in _BLOCK.finditer(text):
            for line in found[1].splitlines():
                if line.startswith("$ volplugins lab make "):
                    self.run(line[2:])


def page_of(text: str, runner: Runner) -> str:
    """The page with the output of its commands as it is now."""

    def block(found: re.Match[str]) -> str:
        commands = [line[2:] for line in found[1].splitlines() if line.startswith("$ ")]
        parts = [f"$ {command}\n{runner.run(command)}\n" for command in commands]
        return f"```console\n{''.join(parts)}```\n"

    return _BLOCK.sub(block, text)


def drawing(runner: Runner) -> str:
    """The drawing; the dumps that the page makes must be there."""
    return draw([_model(runner, *each) for each in _MODELS])


def _model(
    runner: Runner, title: str, subtitle: str, because: str, file: str, option: str, address: str, process: str
) -> Model:
    command = f"volplugins vol -q -r jsonlines -f {file} windows.kd.segments {option} {address} --process {process}"
    rows: list[Row] = [json.loads(line)["row"] for line in runner.run(command).splitlines() if line.startswith("{")]
    place = int(next(row["Value"] or "0" for row in rows if row["Step"] == "fileoffset"), 16)
    byte = (runner.folder / file).read_bytes()[place]
    return Model(title, subtitle, address, rows, byte, because)


def made() -> tuple[str, str]:
    """Page and drawing as they must be."""
    with tempfile.TemporaryDirectory() as folder:
        runner = Runner(Path(folder))
        return page_of(PAGE.read_text(encoding="utf-8"), runner), drawing(runner)


def write_or_compare() -> int:
    """Write both, or say whether they are as they must be."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="put what the commands print into page and drawing")
    arguments = parser.parse_args()
    same = True
    for path, text in zip((PAGE, DRAWING), made(), strict=True):
        if arguments.write:
            path.write_text(text, encoding="utf-8")
        elif not path.exists() or path.read_text(encoding="utf-8") != text:
            print(f"{path.relative_to(ROOT)} is not what the commands give")
            same = False
    return 0 if same else 1


if __name__ == "__main__":
    sys.exit(write_or_compare())
