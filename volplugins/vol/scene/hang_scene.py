"""What a hang is explained from, gathered once from the scene: its waits, requests and processors."""

from __future__ import annotations

from typing import TYPE_CHECKING

from volplugins.bugcheck.hang.cause import Hang
from volplugins.bugcheck.hang.find import explain_hang
from volplugins.bugcheck.hang.sources import HangSources
from volplugins.bugcheck.suspects.manual import LIVE_SYSTEM_DUMP, MANUALLY_INITIATED, NMI_HARDWARE_FAILURE, POWER_BUTTON
from volplugins.bugcheck.words.codes import base_code
from volplugins.vol.scene.process_selection import Progress
from volplugins.vol.scene.processor_scene import processor_scene
from volplugins.vol.scene.shared_work import once_of_scene
from volplugins.vol.scene.waits_scene import scene_waits

if TYPE_CHECKING:
    from volplugins.bugcheck.scene.crash_scene import CrashScene
    from volplugins.target.target import Target

# raised because a machine did not answer, or by somebody who wanted to know why it did not
_CODES = {
    MANUALLY_INITIATED: "somebody crashed the machine, as one does when it does not answer",
    NMI_HARDWARE_FAILURE: "an interrupt that somebody may have sent because the machine did not answer",
    POWER_BUTTON: "the power button was held down, as one does when the machine does not answer",
    LIVE_SYSTEM_DUMP: "a dump of a machine that runs on",
}


def why_hang(target: Target) -> str:
    """Why a hang is looked for without having been asked for; empty where it is not."""
    if not target.crashed:
        return "no bugcheck is recorded: the machine runs"
    code = base_code(target.bugcheck.code)
    if code in _CODES:
        return f"bugcheck {target.bugcheck.code:#x}: {_CODES[code]}"
    return "a live dump: the machine runs on" if _is_live(target) else ""


def _is_live(target: Target) -> bool:
    return target.dump is not None and "LiveDumpGeneratedDump" in target.dump.header.attribute_names()


def hang_of(scene: CrashScene, scan: bool | None = None, progress: Progress | None = None) -> Hang:
    """The explanation of the scene's hang.

    Args:
        scan: search all memory for processes, threads and requests that nothing leads to; None: where the target holds
            8 GiB at most.
    """
    return once_of_scene(scene, ("hang", scan), lambda: explain_hang(_sources(scene, scan, progress)))


def _sources(scene: CrashScene, scan: bool | None, progress: Progress | None) -> HangSources:
    waits, processors = scene_waits(scene, scan, progress), processor_scene(scene)
    ready, problems = processors.ready()
    notes = tuple(dict.fromkeys((*waits.notes, *problems)))
    requests = waits.requests
    return HangSources(scene, waits.graph, requests.sources, requests.devices, processors.blocks, ready, notes)
