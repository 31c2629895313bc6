"""The processors of a scene, read once for all commands that need them, and whose thread a thread is."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from volplugins.kernel.process import Process, read_process
from volplugins.kernel.thread import Thread
from volplugins.memory.reader import MemoryReader, ReadError, SegmentReader
from volplugins.memory.structure import Layout
from volplugins.processors.accounts import fitting_layout
from volplugins.processors.block import ProcessorBlock, read_block, thread_at
from volplugins.processors.ready_queues import ReadyThread, ready_threads
from volplugins.processors.source import ProcessorSource
from volplugins.vol.scene.record_details import clock_of
from volplugins.vol.scene.shared_work import once_of_scene

if TYPE_CHECKING:
    from volplugins.bugcheck.scene.crash_scene import CrashScene

_MOST_PROCESSES = 1 << 12  # that are remembered


@dataclass(slots=True)
class ProcessorScene:
    """The processors of one scene.

    Attributes:
        layout: of KPRCB, as the counters fit it; ``found`` says what was found out about it.
        blocks: one of each processor, by number.
    """

    source: ProcessorSource
    layout: Layout
    found: str
    blocks: tuple[ProcessorBlock, ...]
    _scene: CrashScene
    _processes: dict[int, Process | None] = field(default_factory=dict)
    _ready: tuple[tuple[ReadyThread, ...], tuple[str, ...]] | None = None

    def thread(self, address: int | None) -> Thread | None:
        """The thread at an address; None where there is none."""
        if not address:
            return None
        current = (block.processor.current_thread for block in self.blocks)
        known = next((each for each in current if each is not None and each.ethread == address), None)
        return known or thread_at(self.source, address)

    def process_of(self, thread: Thread | None) -> Process | None:
        """The process that a thread belongs to."""
        address = (thread.owner or thread.process or 0) if thread is not None else 0
        crashed = self._scene.process
        if crashed is not None and crashed.eprocess == address:
            return crashed
        if address not in self._processes:
            if len(self._processes) >= _MOST_PROCESSES:
                self._processes.clear()
            self._processes[address] = self._process_at(address)
        return self._processes[address]

    def _process_at(self, address: int) -> Process | None:
        if address >> (self.source.bits - 1) != 1:
            return None
        try:
            return read_process(self.source.memory, address, self.source.layouts.process)
        except ReadError:
            return None

    def ready(self) -> tuple[tuple[ReadyThread, ...], tuple[str, ...]]:
        """Threads that are ready, and what is wrong with their queues."""
        if self._ready is None:
            problems: list[str] = []
            threads = () if self.source.small else tuple(ready_threads(self.source, self.layout, problems))
            self._ready = threads, tuple(dict.fromkeys(problems))
        return self._ready


def processor_scene(scene: CrashScene) -> ProcessorScene:
    """The processors of ``scene``."""
    return once_of_scene(scene, ("processors",), lambda: _made(scene))


def _made(scene: CrashScene) -> ProcessorScene:
    source = ProcessorSource(
        _memory(scene), scene.layouts, scene.bits, scene.target.build, scene.processors,
        clock_of(scene), lambda name: _variable(scene, name), scene.target.stopped,
        scene.target.triage is not None,
    )  # fmt: skip
    layout, found = fitting_layout(source)
    blocks = tuple(read_block(source, processor, layout) for processor in scene.processors)
    return ProcessorScene(source, layout, found, blocks, scene)


def _variable(scene: CrashScene, name: str) -> int | None:
    kernel = scene.modules.kernel
    return scene.symbolizer.address_of(kernel, name) if kernel is not None else None


def _memory(scene: CrashScene) -> MemoryReader:
    """Kernel memory; a small dump's block of the processor lies apart from it."""
    triage = scene.target.triage
    if triage is None or triage.prcb is None or scene.crashed is None:
        return scene.memory
    return SegmentReader({scene.crashed.processor.prcb: triage.prcb.data})
