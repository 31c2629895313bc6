"""Runs the suite on one dump: opened once, every plugin in one context, each one's fault its own."""

from __future__ import annotations

import hashlib
import io
import json
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, TextIO

from volplugins.report import write_report
from volplugins.triage.options import TriageOptions, TriageResult
from volplugins.triage.redaction import Redactor
from volplugins.triage.screen import screen_lines
from volplugins.triage.suite import SUITE, Part, make
from volplugins.triage.summary import summary_of
from volplugins.triage.timesketch import timeline
from volplugins.triage.whole_file import whole_file
from volplugins.vol.crash_scene import dump_below, scene_below
from volplugins.vol.json_lines import write_rows
from volplugins.vol.session import open_file

if TYPE_CHECKING:
    from volatility3.framework.interfaces.context import ContextInterface

Progress = Callable[[float, str], None]
# sections whose rows the summary is made from; they are small
KEPT = frozenset({"dumpinfo", "analyze", "pagedirs"})
_CHUNK = 1 << 20


def run_triage(dump: Path, output: Path | None, options: TriageOptions, progress: Progress) -> TriageResult:
    """Run everything on ``dump``; with ``output`` the rows, the summary and the page are written there.

    Raises:
        DumpError: the file cannot be opened as a crash dump.
        OSError: the folder cannot be written to.
    """
    started = time.monotonic()
    context, layer = open_file(dump, options.symbols)
    dump_below(context, layer)  # says in one line what is no dump
    # what is to be redacted is written beside first: names are learnt from all rows before one is shown
    aside = TemporaryDirectory(prefix="volplugins-") if options.redact else nullcontext(output)
    with ThreadPoolExecutor(1) as beside, aside as folder:
        digest = beside.submit(_sha256, dump) if options.hash else None
        run = _Run(context, layer, options, Path(folder) if folder is not None else None, progress)
        for number, part in enumerate(SUITE):
            run.section(part, 100.0 * number / len(SUITE))
        progress(100.0, "Summary")
        summary = _summary(run, dump, digest, started)
        lines = tuple(screen_lines(run.context, run.layer, summary))
        if options.redact:
            summary, lines = _redacted(run, summary, lines, output)
    if output is not None:
        with whole_file(output / "timeline.jsonl") as file:
            for event in timeline(output / "rows", summary):
                file.write(json.dumps(event, allow_nan=False) + "\n")
        with whole_file(output / "summary.json") as file:
            json.dump(summary, file, indent=1)
        _page(output, summary)
    return TriageResult(summary, lines, output)


def _summary(run: _Run, dump: Path, digest: Future[str] | None, started: float) -> dict[str, Any]:
    scene = scene_below(run.context, run.layer)
    summary = summary_of(scene, dump, run.options, run.sections, run.kept, run.watch)
    summary["input"]["sha256"] = digest.result() if digest is not None else None
    summary["seconds"] = round(time.monotonic() - started, 3)
    return summary


def _redacted(
    run: _Run, summary: dict[str, Any], lines: tuple[str, ...], output: Path | None
) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Summary and lines without private names; the rows go from where they were written to ``output``, redacted too."""
    redactor = Redactor()
    names = [each["file"] for each in run.sections]
    assert run.output is not None
    for name in names:
        redactor.learn(_rows_in(run.output / name))
    if output is not None:
        for name in names:
            with whole_file(output / name) as file:
                for row in _rows_in(run.output / name):
                    file.write(json.dumps(redactor.row(row), allow_nan=False) + "\n")
    return redactor.row(summary), tuple(redactor.text(line) for line in lines)


def _rows_in(path: Path) -> Iterator[dict[str, Any]]:
    with path.open(encoding="utf-8") as file:
        yield from map(json.loads, file)


def _page(output: Path, summary: dict[str, Any]) -> None:
    """report.html; a page that cannot be made costs itself only."""
    try:
        write_report(output)
    except OSError:
        raise
    except Exception as error:
        summary["faults"] += 1
        summary["sections"].append(
            {"name": "report", "plugin": "", "options": [], "file": "report.html", "rows": 0, "seconds": 0.0,
             "fault": one_line(error)}
        )  # fmt: skip


def one_line(error: BaseException) -> str:
    """A fault in one line."""
    return " ".join(f"{type(error).__name__}: {error}".split())[:500]


@dataclass(slots=True)
class _Run:
    """What one run has and gathers.

    Attributes:
        sections: what became of each plugin, for the summary.
        kept: rows of the sections that the summary is made from.
        watch: looks at the rows of stacks as they pass.
    """

    context: ContextInterface
    layer: str
    options: TriageOptions
    output: Path | None
    progress: Progress
    sections: list[dict[str, Any]] = field(default_factory=list)
    kept: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    watch: list[dict[str, Any]] = field(default_factory=list)

    def section(self, part: Part, percent: float) -> None:
        """Run one plugin; a fault is noted and costs no other."""
        if self.output is None and part.name not in KEPT and part.name != "stacks":
            return  # nothing of it would be seen
        self.progress(percent, f"windows.kd.{part.shell}")
        started, fault, rows = time.monotonic(), None, 0
        name = f"rows/{part.name}.jsonl"
        with whole_file(self.output / name) if self.output is not None else nullcontext(io.StringIO()) as file:
            try:
                rows = self._rows(part, file)
            except OSError:
                raise
            except Exception as error:
                fault = one_line(error)
        self.sections.append(
            {"name": part.name, "plugin": f"windows.kd.{part.shell}", "options": part.typed, "file": name,
             "rows": rows, "seconds": round(time.monotonic() - started, 3), "fault": fault}
        )  # fmt: skip

    def _rows(self, part: Part, file: TextIO) -> int:
        kept = self.kept.setdefault(part.name, [])

        def see(row: dict[str, Any]) -> None:
            if part.name in KEPT:
                kept.append(row)
            elif part.name == "stacks" and row.get("Stop") in ("loop", "out-of-bounds"):
                self.watch.append(row)

        plugin = make(part, self.context, self.layer, self.options.image_path, lambda *_: None)
        return write_rows(plugin, file, see)


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while data := file.read(_CHUNK):
            digest.update(data)
    return digest.hexdigest()
