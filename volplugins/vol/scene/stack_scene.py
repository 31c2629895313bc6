"""What the stacks of a scene's threads are walked with: images, address spaces, names; each found once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import TYPE_CHECKING

from volplugins.address.section_files import SectionFiles
from volplugins.bugcheck.scene.crash_walk import begun_stacks, stack_tops
from volplugins.bugcheck.scene.task_state import left_task
from volplugins.image.debug_record import read_debug_record
from volplugins.image.exports import read_exports
from volplugins.image.headers import read_headers
from volplugins.kernel.process import Process
from volplugins.kernel.thread import Thread
from volplugins.kernel.vads import Vad
from volplugins.loader.module import Module, ModuleTable
from volplugins.loader.symbolizer import Symbolizer, SymbolTable
from volplugins.memory.reader import MemoryReader, ReadError
from volplugins.paging.address_space import AddressSpace
from volplugins.stack.frame import RETURNS
from volplugins.stack.functions import Bounds, bounds_at
from volplugins.stack.registers import Registers, from_names
from volplugins.stack.segmented import SegmentedRegisters
from volplugins.stack.segmented_walk import segmented_text
from volplugins.stack.unwind_x64 import CodeMap
from volplugins.threads.module_code import ImageFile, ModuleCode
from volplugins.threads.named_functions import function_at
from volplugins.threads.running import running_registers, segmented_registers
from volplugins.threads.thread_walk import USER, WOW64, ThreadFrame, ThreadWalk, UserSide
from volplugins.threads.user_modules import MOST_IMAGES, unnamed, user_modules
from volplugins.threads.wow64 import peb32_of
from volplugins.vol.scene.descriptor_scene import segments_of
from volplugins.vol.scene.directory_verdicts import USABLE, WALKABLE, DirectoryJudge, process_space
from volplugins.vol.scene.mapped_files import mapped_files
from volplugins.vol.scene.owned_structures import lists_reader, vads_of
from volplugins.vol.symbols import symbol_files

if TYPE_CHECKING:
    from volplugins.bugcheck.scene.crash_scene import CrashScene

_HIGHEST_32 = 1 << 32
IN_NO_MODULE = "in no module"


@dataclass(slots=True)
class _Side:
    """User space of one process: its side for walking, and names for its addresses."""

    side: UserSide
    names: Symbolizer
    names32: Symbolizer | None
    cut: str

    def cuts(self) -> Iterator[str]:
        """What was left out, in words."""
        yield from (self.cut,) if self.cut else ()
        for code, names in ((self.side.code, self.names), (self.side.code32, self.names32)):
            yield from names.cuts() if names is not None else ()
            yield from code.cuts() if isinstance(code, ModuleCode) else ()


@dataclass(slots=True)
class StackScene:
    """Walks threads of one scene.

    Args:
        image_file: looks for a user image's file where memory lacks its pages.
    """

    scene: CrashScene
    court: DirectoryJudge | None
    image_file: ImageFile | None = None
    code: ModuleCode = field(init=False)
    running: dict[int, Registers] = field(init=False)
    _files: SectionFiles = field(init=False)
    _segmented: dict[int, SegmentedRegisters] = field(init=False)
    _sides: dict[int, _Side | str] = field(default_factory=dict)
    _tables: dict[tuple[str, int, int | None], SymbolTable | None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        scene = self.scene
        self.code, self._files = scene.code, mapped_files(scene)
        crashed = scene.thread.ethread if scene.thread is not None else None
        self.running = running_registers(
            scene.memory, scene.processors, scene.layouts, scene.bits, crashed, scene.target.context,
            scene.target.standing, scene.target.stopped,
        )  # fmt: skip
        self._segmented = segmented_registers(
            scene.memory, scene.processors, scene.layouts, scene.bits, crashed, scene.target.context,
            scene.target.stopped,
        )  # fmt: skip
        reported = _report_in_small_dump(scene, self.code)
        if crashed is not None and reported is not None:
            self.running[crashed] = reported

    def walk(
        self, process: Process | None, thread: Thread, given: Registers | None = None, wow64: bool = False,
        segmented: SegmentedRegisters | None = None,
    ) -> ThreadWalk:  # fmt: skip
        """The walk of one thread of ``process``.

        Args:
            given: registers to begin with in place of its own; ``wow64``: of 32-bit code on x64; ``segmented``: the
                same with selectors, of code that is not flat.
        """
        scene, running = self.scene, given or self.running.get(thread.ethread)
        anchor = self._anchor(thread) if given is None else None
        stacks = [(stack.low, stack.high) for stack in scene.processor_stacks] if running is not None else []
        return ThreadWalk(
            self._kernel_memory(process), self.code, thread, scene.bits, self._user_of(process),
            running, stacks, function_at(scene.symbolizer), anchor,
            stack_tops(scene, running.sp) if running is not None else (), wow64,
            left_task(scene, running.sp) if running is not None else None,
            self._segmented.get(thread.ethread) if given is None else segmented,
            begun_stacks(scene),
            scene.layouts.thread if given is None else None, scene.user_end,
        )  # fmt: skip

    def _anchor(self, thread: Thread) -> Registers | None:
        """The header's context, where the walk of the crashing thread begins below it."""
        scene, start = self.scene, self.running.get(thread.ethread)
        context = scene.target.context
        if start is None or context is None or scene.thread is None or scene.thread.ethread != thread.ethread:
            return None
        above = thread.holds(context.sp) and context.sp > start.sp
        return from_names(scene.bits, context.registers) if above else None

    def name(self, process: Process | None, found: ThreadFrame) -> str:
        """``module!symbol+0x…`` or ``module+0x…``; empty outside of modules."""
        if found.segmented is not None:
            return segmented_text(found.segmented)
        names = self.scene.symbolizer
        if found.ring in (USER, WOW64):
            side = self._sides.get(process.eprocess) if process is not None else None
            if not isinstance(side, _Side):
                return ""
            names = side.names if found.ring == USER or side.names32 is None else side.names32
        location = names.locate(found.frame.ip)
        return location.text() if location.module is not None else ""

    def bounds(self, process: Process | None, found: ThreadFrame, innermost: bool) -> Bounds | None:
        """The function that a frame is in by unwind data; None where there is none, and for 32-bit code."""
        if found.ring == WOW64:
            return None
        code: CodeMap = self.code
        if found.ring == USER:
            side = self._sides.get(process.eprocess) if process is not None else None
            if not isinstance(side, _Side):
                return None
            code = side.side.code
        return bounds_at(code, found.frame.ip, not innermost and found.frame.trust in RETURNS)

    def name_of(self, process: Process, address: int) -> tuple[str, str]:
        """Name of an address of the kernel or of the process, as ``name`` writes it, and why there is none."""
        if address >= self.scene.user_end:
            tables = [self.scene.symbolizer]
        else:
            side = self._side_of(process)
            if isinstance(side, str):
                return "", side
            low = [side.names32] if side.names32 is not None and address < _HIGHEST_32 else []
            tables = [*low, side.names]
        for names in tables:
            location = names.locate(address)
            if location.module is not None:
                return location.text(), ""
        return "", IN_NO_MODULE

    def address_of(self, process: Process | None, text: str) -> int | str:
        """The address that ``module!symbol+0x…`` names in the kernel or in the process; in words why there is none."""
        found = self.scene.symbolizer.find(text)
        if isinstance(found, int) or process is None:
            return found
        side = self._side_of(process)
        if isinstance(side, str):
            return f"{found}; of the process's own modules nothing is known ({side})"
        tables = [side.names, *([side.names32] if side.names32 is not None else [])]
        tried = [names.find(text) for names in tables]
        said = [each for each in tried if isinstance(each, str) and not each.startswith("no module is called")]
        return next((each for each in tried if isinstance(each, int)), (said or [found])[0])

    def cuts(self) -> list[str]:
        """What was left out of the images that were looked at so far because it is too much, in words; each once."""
        sides = (side.cuts() for side in self._sides.values() if isinstance(side, _Side))
        return list(dict.fromkeys(chain(self.scene.symbolizer.cuts(), self.code.cuts(), *sides)))

    def _kernel_memory(self, process: Process | None) -> MemoryReader:
        """Through the process's own directory where it is sound (session space needs it), else the kernel's."""
        if process is None or self.court is None or self.court.word(process) not in USABLE:
            return self.scene.memory
        return process_space(self.scene, process)

    def _user_of(self, process: Process | None) -> Callable[[], UserSide | str]:
        def side() -> UserSide | str:
            if process is None:
                return "the thread's process is not known"
            found = self._side_of(process)
            return found if isinstance(found, str) else found.side

        return side

    def _side_of(self, process: Process) -> _Side | str:
        if process.eprocess not in self._sides:
            self._sides[process.eprocess] = self._make_side(process)
        return self._sides[process.eprocess]

    def _make_side(self, process: Process) -> _Side | str:
        if self.court is None:
            return "user memory is not in this kind of dump"
        word = self.court.word(process)
        if word not in WALKABLE:
            return f"page-directory:{word}"
        scene, bits = self.scene, self.scene.bits
        memory = process_space(scene, process)
        vads = vads_of(scene, process).ranges
        path_of = self._files.path_of
        modules = user_modules(memory, process.peb, vads, bits, path_of, lists=lists_reader(scene, process, memory))
        left_out = unnamed(modules, vads)
        cut = f"{process.name} {process.pid}: {left_out} images are not looked at, there are more than {MOST_IMAGES}"
        code, cut = ModuleCode(memory, modules, self.image_file, room=self.code.room), cut if left_out else ""
        names = Symbolizer(modules, lambda module: self._table(code, memory, module))
        if not process.wow64:
            segments = segments_of(scene, process) if bits == 32 else None
            return _Side(UserSide(memory, code, None, function_at(names), None, segments), names, None, cut)
        low = ModuleTable(self._low_modules(memory, process, modules, vads))
        code32 = ModuleCode(memory, low, self.image_file, room=self.code.room)
        names32 = Symbolizer(low, lambda module: self._table(code32, memory, module))
        side = UserSide(memory, code, code32, function_at(names), function_at(names32))
        return _Side(side, names, names32, cut)

    def _low_modules(
        self, memory: AddressSpace, process: Process, modules: ModuleTable, vads: Sequence[Vad]
    ) -> Iterator[Module]:
        """The 32-bit images: those of the 32-bit loader's list, and what is mapped below 4 GiB and not of 64 bits."""
        peb = peb32_of(self.scene.memory, process.wow64)
        lists = lists_reader(self.scene, process, memory)
        found = user_modules(memory, peb, vads, 32, self._files.path_of, lists=lists)
        listed = [module for module in found if module.source != "vad"]
        bases = {module.base for module in listed}
        yield from listed
        for module in modules:
            if module.base < _HIGHEST_32 and module.base not in bases:
                headers = read_headers(memory, module.base)
                if headers is None or headers.bits == 32:
                    yield module

    def _table(self, code: ModuleCode, memory: MemoryReader, module: Module) -> SymbolTable | None:
        """Names of a user module: its PDB's table where one is at hand, else its exports; one for all processes."""
        headers = read_headers(memory, module.base)
        if headers is None:  # a kernel dump has no user image's pages: its file may be at hand
            memory = code.reader_of(module)
            headers = read_headers(memory, module.base)
        if headers is None:
            return None
        identity = (module.image_name.lower(), headers.size_of_image, headers.timestamp)
        if identity not in self._tables:
            record = read_debug_record(memory, headers)
            symbols = symbol_files.load(record) if record is not None else None
            self._tables[identity] = symbols if symbols is not None else read_exports(memory, headers)
        return self._tables[identity]


def _report_in_small_dump(scene: CrashScene, code: ModuleCode) -> Registers | None:
    """Where a small dump's stack begins: KeBugCheckEx's first instruction, its return address at TopOfStack.

    The header's context may be that of the fault, some frames up (seen in dumps of bugcheck 0x1000007e).
    """
    triage, context, kernel = scene.target.triage, scene.target.context, scene.modules.kernel
    if triage is None or triage.call_stack is None or context is None or kernel is None or scene.bits != 64:
        return None
    top = triage.call_stack.virtual or 0
    ip = scene.symbolizer.address_of(kernel, "KeBugCheckEx")
    if ip is None or not 0 < top < context.sp:
        return None
    if not code.holds(int.from_bytes(triage.call_stack.data[:8], "little")):
        return None
    return Registers(64, ip, top, (None,) * 16, {})


def arguments(memory: MemoryReader, frames: Sequence[ThreadFrame], index: int, bits: int) -> str:
    """The words where a frame's arguments are, as kv shows them: above its return address.

    Args:
        bits: of the kernel; 32-bit code on x64 has words of 32 bits all the same.
    """
    if index + 1 >= len(frames) or frames[index + 1].ring != frames[index].ring:
        return ""
    width, count = (8, 4) if bits == 64 and frames[index].ring != WOW64 else (4, 3)
    at = frames[index + 1].frame.sp
    try:
        data = memory.read(at, width * count)
    except ReadError:
        return ""
    words = (int.from_bytes(data[n * width : (n + 1) * width], "little") for n in range(count))
    return " ".join(f"{word:0{2 * width}x}" for word in words)
