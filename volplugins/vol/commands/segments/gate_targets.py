"""Where a gate leads: through its segment or its task to an instruction, the name of that, and what is odd about it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from volplugins.descriptors.descriptor import CODE, TASK_GATE, Descriptor
from volplugins.descriptors.lookup import VALID, Found, look_up
from volplugins.descriptors.processor_tables import ProcessorTables
from volplugins.descriptors.selector import Selector
from volplugins.descriptors.table import TableRegister
from volplugins.descriptors.task_state import SIZE_64, TaskState, decode_task_16, decode_task_32, decode_task_64
from volplugins.descriptors.tasks import Task, links
from volplugins.loader.module import HAL_IMAGES
from volplugins.memory.reader import ReadError
from volplugins.vol.scene.descriptor_scene import virtual_bits

if TYPE_CHECKING:
    from volplugins.bugcheck.scene.crash_scene import CrashScene
    from volplugins.loader.symbolizer import Location

OUTSIDE = "outside the kernel"
CALL_GATE = "a call gate from ring"
_DECODERS = {16: decode_task_16, 32: decode_task_32, 64: decode_task_64}


class GateTargets:
    """Follows the gates of one scene; ``first`` is the processor whose GDT counts where none is given."""

    def __init__(self, scene: CrashScene, first: ProcessorTables | None) -> None:
        self._scene, self._first, self._width = scene, first, virtual_bits(scene)

    def leads(self, tables: ProcessorTables | None, found: Descriptor) -> tuple[int | None, str, list[str]]:
        """Where a gate leads, the name of it, and what is odd about that."""
        gate = found.gate
        assert gate is not None
        segment = self._look_up(tables, gate.selector)
        if found.kind == TASK_GATE:
            return self._leads_to_task(tables, segment, gate.selector)
        notes, base = [], 0
        if segment.state != VALID or segment.descriptor is None:
            notes.append(f"its selector {gate.selector:#x} is no segment: {segment.note or segment.state}")
        elif segment.descriptor.kind != CODE:
            notes.append(f"its selector {gate.selector:#x} is no code segment but {segment.descriptor.type_word}")
        else:
            base = segment.descriptor.base if segment.descriptor.width < 64 else 0
            if found.kind == "call-gate" and segment.descriptor.dpl < found.dpl:
                notes.append(f"{CALL_GATE} {found.dpl} to ring {segment.descriptor.dpl}")
        target = (base + gate.offset) & ((1 << 64) - 1 if found.width == 64 else 0xFFFF_FFFF)
        where = self._scene.symbolizer.locate(target)
        outside = self.outside(where)
        return target, where.text() if where.module is not None else "", [*notes, *([outside] if outside else [])]

    def _leads_to_task(
        self, tables: ProcessorTables | None, segment: Found, selector: int
    ) -> tuple[int | None, str, list[str]]:
        """A task gate leads to where its TSS says that the task goes on."""
        found = segment.descriptor
        if segment.state != VALID or found is None:
            return None, "", [f"its TSS selector {selector:#x} leads nowhere: {segment.note or segment.state}"]
        if found.kind != "tss":
            return None, "", [f"its selector {selector:#x} is no TSS but {found.type_word}: a task switch faults (#GP)"]
        state = self.task(found.base, found.width)
        if isinstance(state, str):
            return None, "", [f"its TSS at {found.base:#x} cannot be read: {state}"]
        where = self._scene.symbolizer.locate(state.ip)
        notes = [f"task of TSS {selector:#x} at {found.base:#x}"]
        before, wrong = links(self._scene.memory, self._gdt(tables), Task(selector, found.base, state))
        if state.link:
            notes.append(f"previous task {', '.join(f'{each:#x}' for each in before) or f'{state.link:#x}'}")
        if wrong:
            notes.append(wrong)
        outside = self.outside(where) if state.ip else "its TSS has no instruction pointer"
        text = where.text() if where.module is not None else ""
        return state.ip, text, [*notes, *([outside] if outside else [])]

    def task(self, address: int, width: int) -> TaskState | str:
        """The task state segment at an address; in words why it cannot be read."""
        try:
            return _DECODERS[width](self._scene.memory.read(address, SIZE_64))
        except ReadError as error:
            return error.reason

    def _look_up(self, tables: ProcessorTables | None, selector: int) -> Found:
        return look_up(self._scene.memory, Selector(selector), self._gdt(tables), None, self._width)

    def outside(self, where: Location) -> str:
        """What is said of a place that is in neither kernel nor HAL; nothing where no module is known."""
        if not len(self._scene.modules):
            return ""
        module = where.module
        if module is None:
            return f"{OUTSIDE}: in no module"
        if module.is_kernel or module.image_name.lower() in HAL_IMAGES:
            return ""
        return f"{OUTSIDE}: in {module.image_name}"

    def _gdt(self, tables: ProcessorTables | None) -> TableRegister | None:
        known = tables or self._first
        return known.gdt if known is not None else None
