"""Where findings come from: the target and its views, and the rows of other commands with what takes them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from volplugins.findings.collection import Collection
from volplugins.findings.drivers import of_view
from volplugins.findings.finding import Finding
from volplugins.findings.foreign_drivers import ForeignDrivers
from volplugins.findings.kernel_modules import of_kernel_modules
from volplugins.findings.requests import of_requests
from volplugins.findings.waits import of_waits
from volplugins.threads.module_code import ImageFile
from volplugins.vol.commands.address.rows import Wanted as Regions
from volplugins.vol.commands.address.rows import address_rows
from volplugins.vol.commands.findings.directories import DirectoryFindings
from volplugins.vol.commands.findings.modules import by_process, of_modules, whose
from volplugins.vol.commands.findings.processes import THREAD_LIST, ProcessFindings
from volplugins.vol.commands.findings.regions import of_region
from volplugins.vol.commands.findings.segments import of_segment
from volplugins.vol.commands.findings.stacks import StackFindings
from volplugins.vol.commands.findings.target import of_analysis, of_module_list, of_target
from volplugins.vol.commands.lm.rows import Wanted as Modules
from volplugins.vol.commands.lm.rows import lm_rows
from volplugins.vol.commands.pagedirs.rows import pagedirs_rows
from volplugins.vol.commands.process.rows import Wanted as Processes
from volplugins.vol.commands.process.rows import process_rows
from volplugins.vol.commands.segments.rows import Wanted as Segments
from volplugins.vol.commands.segments.rows import segment_rows
from volplugins.vol.commands.stacks.rows import Wanted as Stacks
from volplugins.vol.commands.stacks.rows import stacks_rows
from volplugins.vol.scene.crash_scene import analysis_of
from volplugins.vol.scene.io_requests import io_requests
from volplugins.vol.scene.io_scene import io_view
from volplugins.vol.scene.waits_scene import scene_waits

if TYPE_CHECKING:
    from volplugins.bugcheck.scene.crash_scene import CrashScene

Take = Callable[[Any], Iterable[Finding]]


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked for: processes (all, where ``who`` is empty), the search for hidden ones, images for stacks."""

    who: Sequence[str] = ()
    scan: bool | None = None
    image_file: ImageFile | None = None

    @property
    def everything(self) -> bool:
        """Whether it is what the other commands show without options."""
        return not self.who and self.scan is None


@dataclass(frozen=True, slots=True)
class Source:
    """One command's rows, and what takes them.

    Attributes:
        says: whether its rows about no process, thread or range are told here too, as what could not be seen.
        together: what rows that are taken together have in common; None where each is taken by itself.
    """

    name: str
    rows: Callable[[], Iterable[Any]]
    take: Take
    says: bool = False
    together: Callable[[Any], object] | None = None

    def hand_on(self, row: Any, found: Collection, problems: dict[str, None]) -> None:
        """What a row tells: findings, or why something could not be looked at."""
        told = list(self.take(row))
        found.add(told)
        if self.says and not told and _is_of_nothing(row) and _says(row.note):
            problems[row.note] = None


def sources(scene: CrashScene, asked: Asked) -> Iterator[Source]:
    """The target first, then what looks at processes."""
    scan = asked.scan
    yield Source("the target", lambda: [scene.target], of_target)
    yield Source("the analysis", lambda: [analysis_of(scene)], of_analysis)
    *of_processes, modules, regions = of_rows(scene, asked)
    yield from of_processes
    if not asked.who:
        yield Source("the list of kernel modules", lambda: [scene], of_module_list)
        yield Source("kernel modules", lambda: [scene], of_kernel_modules)
        yield Source("drivers", lambda: [io_view(scene, scan)], of_view)
        yield Source("segments", lambda: segment_rows(scene, Segments()), of_segment)
        yield Source("irps", lambda: [io_requests(scene, scan).sources], lambda each: of_requests(each, scene.modules))
        yield Source("waits", lambda: [scene_waits(scene, scan).graph], of_waits)
    yield modules
    yield regions


def of_rows(scene: CrashScene, asked: Asked = Asked()) -> tuple[Source, ...]:
    """The sources that are other commands' rows, under their names."""
    who, scan = asked.who, asked.scan
    directories, processes = DirectoryFindings(scene.target.holds_all), ProcessFindings()
    stacks = StackFindings(ForeignDrivers(scene).why)
    return (
        Source("pagedirs", lambda: pagedirs_rows(scene, who, (), False, scan), directories.take),
        Source("process", lambda: process_rows(scene, Processes(who, True, scan)), processes.take, says=True),
        Source("stacks", lambda: stacks_rows(scene, Stacks(who), asked.image_file, scan), stacks.take, says=True),
        Source("lm", lambda: by_process(lm_rows(scene, Modules(who, scan=scan))), of_modules, together=whose),
        Source("address", lambda: address_rows(scene, Regions(who, scan)), of_region, says=True),
    )


def _is_of_nothing(row: Any) -> bool:
    """Whether a row is about nothing in the dump; a process or thread whose id is not known is one nevertheless."""
    return all(getattr(row, name, None) is None for name in ("pid", "eprocess", "ethread", "start"))


def _says(note: str) -> bool:
    """Whether a sentence about no process tells something new: a broken list of threads is its process's finding."""
    return bool(note) and THREAD_LIST not in note
