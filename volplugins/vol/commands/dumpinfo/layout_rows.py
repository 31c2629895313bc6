"""Rows of the layout group: for each structure of the kernel, where its layout is from and how sure it is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from volplugins.kernel.calibration.judgement import Judgement
from volplugins.kernel.calibration.processor_block import judge_processor_block
from volplugins.kernel.calibration.states import BLOCK, judgements, structure_states
from volplugins.kernel.layout_choice import first_links
from volplugins.vol.commands.dumpinfo.row import DumpinfoRow

if TYPE_CHECKING:
    from volplugins.bugcheck.scene.crash_scene import CrashScene


def layout_rows(scene: CrashScene) -> Iterator[DumpinfoRow]:
    """A row per structure that anything is known of, in the order of the rooms that read them."""
    target = scene.target
    head = target.anchors.active_processes if target.triage is None else 0
    links = first_links(scene.memory, head, scene.bits)
    judged = judgements(scene.memory, links, scene.layouts, scene.bits)
    if scene.processors:
        witness = f"the current threads of {len(scene.processors)} processors are threads"
        judged["processor"] = Judgement({"CurrentThread": witness}, frozenset())
        prcb = scene.processors[0].prcb
        judged[BLOCK] = judge_processor_block(scene.layouts, scene.memory, prcb, scene.bits)
    for state in structure_states(scene.layouts, judged, target.build, scene.bits):
        note = "; ".join(state.sources) + (f" (checked: {state.witness})" if state.witness else "")
        yield DumpinfoRow("layout", state.structure, state.word, note)
