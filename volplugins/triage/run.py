"""The run itself: open once, every section in one context, the summary last."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from datetime import datetime, timezone
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from volplugins.dumpfile.note import Note
from volplugins.findings.foreign_drivers import ForeignDrivers
from volplugins.packed.single import PlainFile, plain_file
from volplugins.triage.crash_facts import CrashFacts
from volplugins.triage.extras import write_page, write_timeline
from volplugins.triage.fewer_collections import fewer_collections
from volplugins.triage.file_hash import FileHash
from volplugins.triage.foreign_objects import ForeignObject, foreign_objects
from volplugins.triage.hang_facts import hang_facts
from volplugins.triage.noted_directories import NotedDirectories
from volplugins.triage.noted_findings import NotedFindings
from volplugins.triage.noted_threads import NotedThreads
from volplugins.triage.options import TriageOptions
from volplugins.triage.output_folder import OutputFolder
from volplugins.triage.plain_text import plain
from volplugins.triage.process_frames import process_frames
from volplugins.triage.redaction import Redactor
from volplugins.triage.result import TriageResult
from volplugins.triage.section_run import Row, SectionOutcome, SectionRunner, one_line
from volplugins.triage.sections import SECTIONS, Section
from volplugins.triage.spooled_rows import SpooledRows
from volplugins.triage.stuck_requests import StuckRequests
from volplugins.triage.versions import versions
from volplugins.vol.commands.findings.heard import listen
from volplugins.vol.layers.live_machines import leaving, read_so_far
from volplugins.vol.scene.crash_scene import analysis_of, scene_below, target_below
from volplugins.vol.scene.session import open_file, open_location
from volplugins.vol.scene.shared_work import SharedWork, sharing
from volplugins.vol.symbols.image_path import image_file_in

if TYPE_CHECKING:
    from volplugins.bugcheck.analysis import Analysis
    from volplugins.target.target import Target

SCHEMA = "volplugins.triage/1"
_MOST_NOTES = 200
_MOST_PAGE_FILES = 8
_LONGEST_FAULT = 300
Progress = Callable[[str, float], None]


class TriageRun:
    """One run over one dump, or over a live machine, whose location is a text."""

    def __init__(self, path: Path | str, output: Path | None, options: TriageOptions, progress: Progress) -> None:
        self._path = Path(path)
        self._output = output
        self._options = options
        self._show = progress
        self._doing: tuple[str, float] = ("opening", 0.0)
        self._folder: OutputFolder | None = None
        self._faults: list[str] = []
        self._live = path if isinstance(path, str) else ""
        self._plain = PlainFile(Path(path), str(path))

    def result(self) -> TriageResult:
        """Run everything; see ``run_triage``."""
        with fewer_collections():
            return self._result()

    def _result(self) -> TriageResult:
        if self._live:
            with leaving(self._live, self._read_on):
                return self._of_live()
        with plain_file(self._path, self._progress) as plain_one:
            self._plain = plain_one
            return self._of_plain()

    def _progress(self, text: str, percent: float) -> None:
        self._doing = text.partition(":")[0], percent
        self._show(text, percent)

    def _read_on(self, read: str) -> None:
        """More was read over the wire, for what is being done."""
        doing, percent = self._doing
        self._show(f"{doing}: {read}", percent)

    def _of_live(self) -> TriageResult:
        start = time.monotonic()
        context, layer = open_location(self._live, self._options.symbols)
        target = target_below(context, layer)
        self._progress("the machine is stopped", 0.0)
        with ExitStack() as stack:
            if self._output is not None:
                self._folder = OutputFolder(self._output, None)
            facts, summary = self._run(stack.enter_context(sharing(context)), layer, target)
            summary["input"] = {
                "path": self._live, "size": target.completeness.actual_file_size, "modified": None, "sha256": None,
                "read": read_so_far(),
            }  # fmt: skip
            return self._finish(facts, summary, start)

    def _of_plain(self) -> TriageResult:
        start = time.monotonic()
        context, layer = open_file(self._plain.path, self._options.symbols)
        target = target_below(context, layer)
        self._progress("the dump is open", 0.0)  # nothing before: what cannot be opened is one line
        with ExitStack() as stack:
            if self._output is not None:  # not before it is known that there is a dump
                self._folder = OutputFolder(self._output, self._path)
            digest = FileHash(self._plain.path) if self._options.hash else None
            if digest is not None:
                stack.callback(digest.stop)
            work = stack.enter_context(sharing(context))
            facts, summary = self._run(work, layer, target)
            summary["input"] = self._input(digest)
            return self._finish(facts, summary, start)

    def _run(self, work: SharedWork, layer: str, target: Target) -> tuple[CrashFacts, dict[str, Any]]:
        """Every section, then what the summary says of them."""
        self._progress("finding the kernel", 1.0)
        analysis = self._analysis(work, layer)
        facts = CrashFacts(target, analysis)
        directories, findings = NotedDirectories(), NotedFindings()
        foreign = ForeignDrivers(analysis.scene).why if analysis is not None else lambda _: ""
        threads, requests = NotedThreads(facts.thread(), foreign), StuckRequests()
        watchers = {
            "pagedirs": directories.take, "stacks": threads.take_frame, "process": threads.take_thread,
            "findings": findings.take, "irps": requests.take,
        }  # fmt: skip
        listening = listen(work.context, analysis.scene) if analysis is not None else lambda _: None
        runner = SectionRunner(work, layer, self._options, listening)
        outcomes = self._sections(runner, watchers)
        self._progress("summing up", 98.0)
        parts = self._parts(facts) | self._drivers(analysis, requests) | {"hang": self._hang(analysis)}
        notes = _shortened(target.notes)
        self._faults += [f"{each.section.name}: {each.fault}" for each in outcomes if each.fault]
        self._faults += [f"{note.field}: {note.text}" for note in notes if note.severity == "fault"]
        kept = self._folder is not None
        return facts, {
            "schema": SCHEMA, "versions": versions(), "command_line": list(self._options.command_line), "input": {},
            **parts, "verdicts": dict(sorted(directories.verdicts.items())),
            "directories": directories.bad, "threads": threads.threads(), "findings": findings.found,
            "process_frames": self._frames(analysis),
            "missing": [
                *self._missing(facts, directories.problems), *directories.more(), *threads.more(), *findings.more(),
                *self._left_out(),
            ],
            "notes": [{"field": note.field, "severity": note.severity, "text": note.text} for note in notes],
            "sections": [each.summary(kept) for each in outcomes],
        }  # fmt: skip

    def _left_out(self) -> list[str]:
        names = ", ".join(self._plain.page_files[:_MOST_PAGE_FILES])
        return [f"{names} lies beside the dump in its archive: no page file is read"] if names else []

    def _parts(self, facts: CrashFacts) -> dict[str, Any]:
        """What the analysis gives to the summary; a part that fails is a fault, and says what the header alone says."""
        parts = {}
        for name in ("target", "symbols", "system", "crash", "stack", "completeness"):
            try:
                parts[name] = getattr(facts, name)()
            except Exception as error:
                self._faults.append(f"summary, {name}: {one_line(error)}")
                parts[name] = getattr(facts.of_header(), name)()
        return parts

    def _drivers(self, analysis: Analysis | None, requests: StuckRequests) -> dict[str, Any]:
        """Drivers that are not Microsoft's, and what is stuck in them."""
        foreign: list[ForeignObject] = []
        stuck: list[Row] = []
        try:
            if analysis is not None:
                foreign = foreign_objects(analysis.scene)
                stuck = requests.stuck(analysis.scene, foreign)
        except Exception as error:
            self._faults.append(f"summary, drivers: {one_line(error)}")
        return {"foreign_drivers": [each.summary() for each in foreign], "stuck": stuck}

    def _frames(self, analysis: Analysis | None) -> dict[str, Any] | None:
        """Where in physical memory the pages of each process are."""
        try:
            return process_frames(analysis.scene) if analysis is not None and self._folder is not None else None
        except Exception as error:
            self._faults.append(f"summary, process_frames: {one_line(error)}")
            return None

    def _hang(self, analysis: Analysis | None) -> dict[str, Any] | None:
        """What holds the machine up; None where that could not be looked for."""
        try:
            return hang_facts(analysis.scene) if analysis is not None else None
        except Exception as error:
            self._faults.append(f"summary, hang: {one_line(error)}")
            return None

    @staticmethod
    def _missing(facts: CrashFacts, problems: list[str]) -> list[str]:
        """What the scene lacks, and why directories could not be judged, where that is more."""
        lacking = facts.missing()
        return [*lacking, *(problem for problem in problems if problem != "; ".join(lacking))]

    def _analysis(self, work: SharedWork, layer: str) -> Analysis | None:
        """The analysis that the plugins will find made; what goes wrong here goes wrong there too."""
        try:
            return analysis_of(scene_below(work.context, layer, image_file_in(self._options.image_path)))
        except Exception:
            return None

    def _sections(self, runner: SectionRunner, watchers: Mapping[str, Callable[[Row], None]]) -> list[SectionOutcome]:
        """Run those that are wanted, in turn."""
        wanted = [each for each in SECTIONS if self._folder is not None or each.summed]
        total, done = sum(each.weight for each in wanted), 0
        outcomes = []
        with SpooledRows(self._folder, Redactor() if self._options.redact else None) as spool:
            for section in wanted:
                base, share = 2.0 + 96.0 * done / total, 96.0 * section.weight / total
                with self._rows_of(section, spool) as out:
                    report = self._reporter(section, base, share)
                    report(0.0, "")
                    watch = watchers.get(section.name, lambda _: None)
                    outcomes.append(runner.run(section, out, watch, report))
                done += section.weight
            spool.settle()
            self._redactor = spool.redactor
            if self._redactor is not None and self._redactor.left_out:
                self._faults.append(self._redactor.left_out)
        return outcomes

    @contextmanager
    def _rows_of(self, section: Section, spool: SpooledRows) -> Iterator[TextIO]:
        if self._folder is None:
            yield _Nowhere()
            return
        with spool.file(f"rows/{section.name}.jsonl") as out:
            yield out

    def _reporter(self, section: Section, base: float, share: float) -> Callable[[float, str], None]:
        part = 0.0

        def report(percent: float, text: str | None = None) -> None:
            nonlocal part  # a plugin of several steps begins each at 0
            part = min(max(percent or 0.0, part), 100.0)
            named = text and not self._options.redact  # it may name a process
            # rounded, so that the end of one section is not past the beginning of the next
            reached = round(base + share * part / 100.0, 6)
            self._progress(f"{section.name}: {text}" if named else section.name, reached)

        return report

    def _input(self, digest: FileHash | None) -> dict[str, Any]:
        status = os.stat(self._path)
        modified = datetime.fromtimestamp(status.st_mtime, timezone.utc).isoformat(timespec="microseconds")
        sha256 = None
        if digest is not None:
            self._progress("waiting for SHA-256", 99.0)
            sha256 = digest.result()
            if digest.fault:
                self._faults.append(digest.fault)
        size = os.stat(self._plain.path).st_size
        packed = {"packed": str(self._path)} if self._plain.packed is not None else {}
        return {"path": self._plain.label, **packed, "size": size, "modified": modified, "sha256": sha256}

    def _finish(self, facts: CrashFacts, summary: dict[str, Any], start: float) -> TriageResult:
        """Write the summary and what is made from it; redacted where that was asked for."""
        hide = self._redactor.row if self._redactor is not None else dict
        summary["fault_texts"] = [fault[:_LONGEST_FAULT] for fault in self._faults]
        summary |= {"faults": len(self._faults), "seconds": round(time.monotonic() - start, 3)}
        shown: dict[str, Any] = hide(plain(summary))
        if self._folder is not None:
            made = write_timeline(self._folder, shown)
            if made:
                self._add_fault(shown, made)
            self._folder.write_json("summary.json", shown)
            made = write_page(self._folder)
            if made:  # the page says what was there before; the summary then says that there is no page
                self._add_fault(shown, made)
                self._folder.write_json("summary.json", shown)
        self._progress("done", 100.0)
        return TriageResult(shown, shown["faults"], self._folder.path if self._folder is not None else None)

    @staticmethod
    def _add_fault(summary: dict[str, Any], fault: str) -> None:
        summary["fault_texts"].append(fault[:_LONGEST_FAULT])
        summary["faults"] += 1


def _shortened(notes: Sequence[Note]) -> list[Note]:
    """The first of them, and how many more there are."""
    more = len(notes) - _MOST_NOTES
    rest = [Note("notes", f"{more} more notes are in the rows of dumpinfo", "info")] if more > 0 else []
    return [*notes[:_MOST_NOTES], *rest]


class _Nowhere(StringIO):
    """Takes rows that nobody keeps."""

    def write(self, text: str) -> int:
        """Forget it."""
        return len(text)
