"""Rows of windows.kd.findings: what the rows of the other commands say, each asked in turn, sorted at the end."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from volplugins.dumpfile.errors import DumpError
from volplugins.findings.collection import Collection
from volplugins.findings.drivers import of_view
from volplugins.findings.finding import Finding
from volplugins.findings.foreign_drivers import ForeignDrivers
from volplugins.findings.requests import of_requests
from volplugins.findings.waits import of_waits
from volplugins.threads.module_code import ImageFile
from volplugins.vol.commands.address.rows import Wanted as Regions
from volplugins.vol.commands.address.rows import address_rows
from volplugins.vol.commands.findings.directories import DirectoryFindings
from volplugins.vol.commands.findings.modules import by_process, of_modules
from volplugins.vol.commands.findings.processes import THREAD_LIST, ProcessFindings
from volplugins.vol.commands.findings.regions import of_region
from volplugins.vol.commands.findings.row import FindingRow, failure_row, row_of
from volplugins.vol.commands.findings.stacks import StackFindings
from volplugins.vol.commands.findings.target import of_analysis, of_target
from volplugins.vol.commands.lm.rows import Wanted as Modules
from volplugins.vol.commands.lm.rows import lm_rows
from volplugins.vol.commands.pagedirs.rows import pagedirs_rows
from volplugins.vol.commands.process.rows import Wanted as Processes
from volplugins.vol.commands.process.rows import process_rows
from volplugins.vol.commands.stacks.rows import Wanted as Stacks
from volplugins.vol.commands.stacks.rows import stacks_rows
from volplugins.vol.scene.crash_scene import analysis_of
from volplugins.vol.scene.io_requests import io_requests
from volplugins.vol.scene.io_scene import io_view
from volplugins.vol.scene.process_selection import Progress
from volplugins.vol.scene.shared_work import fault_text
from volplugins.vol.scene.waits_scene import scene_waits

if TYPE_CHECKING:
    from volplugins.bugcheck.scene import CrashScene

Take = Callable[[Any], Iterable[Finding]]


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked for: processes (all, where ``who`` is empty), the search for hidden ones, images for stacks."""

    who: Sequence[str] = ()
    scan: bool | None = None
    image_file: ImageFile | None = None


@dataclass(frozen=True, slots=True)
class Source:
    """One command's rows, and what takes them; ``says``: whether its rows about no process are told here too."""

    name: str
    rows: Callable[[], Iterable[Any]]
    take: Take
    says: bool = False


def findings_rows(scene: CrashScene, asked: Asked, progress: Progress | None = None) -> Iterator[FindingRow]:
    """The findings, highest severity first; then what could not be looked at. A source that fails costs no other."""
    found, problems = Collection(), dict[str, None]()
    sources = tuple(_sources(scene, asked))
    for number, source in enumerate(sources):
        if progress is not None:
            progress(100.0 * number / len(sources), f"Findings of {source.name}")
        try:
            for row in source.rows():
                told = list(source.take(row))
                found.add(told)
                if source.says and not told and row.pid is None and _says(row.note):
                    problems[row.note] = None
        except DumpError as error:
            problems[f"{source.name}: {error}"] = None
        except Exception as error:  # nothing in a dump may end in a traceback
            problems[f"{source.name}: {fault_text(error)}"] = None
    yield from map(row_of, found.in_order())
    yield from map(failure_row, problems)


def _says(note: str) -> bool:
    """Whether a sentence about no process tells something new: a broken list of threads is its process's finding."""
    return bool(note) and THREAD_LIST not in note


def _sources(scene: CrashScene, asked: Asked) -> Iterator[Source]:
    """The target first, then what looks at processes."""
    who, scan = asked.who, asked.scan
    yield Source("the target", lambda: [scene.target], of_target)
    yield Source("the analysis", lambda: [analysis_of(scene)], of_analysis)
    directories = DirectoryFindings(scene.target.holds_all)
    yield Source("pagedirs", lambda: pagedirs_rows(scene, who, (), False, scan), directories.take)
    processes = ProcessFindings()
    yield Source("process", lambda: process_rows(scene, Processes(who, True, scan)), processes.take, says=True)
    stacks = StackFindings(ForeignDrivers(scene).why)
    yield Source("stacks", lambda: stacks_rows(scene, Stacks(who), asked.image_file, scan), stacks.take, says=True)
    if not who:
        yield Source("drivers", lambda: [io_view(scene, scan)], of_view)
        yield Source("irps", lambda: [io_requests(scene, scan).sources], lambda each: of_requests(each, scene.modules))
        yield Source("waits", lambda: [scene_waits(scene, scan).graph], of_waits)
    yield Source("lm", lambda: by_process(lm_rows(scene, Modules(who, scan=scan))), of_modules)
    yield Source("address", lambda: address_rows(scene, Regions(who, scan)), of_region, says=True)
