"""What holds the machine up, for summary.json: the causes that memory shows, and who is at fault by the first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from volplugins.vol.scene.hang_scene import hang_of, why_hang

if TYPE_CHECKING:
    from volplugins.bugcheck.scene.crash_scene import CrashScene

MOST_CAUSES = 20


def hang_facts(scene: CrashScene) -> dict[str, Any]:
    """Causes, the most telling first; what is found by the waits and requests that the sections have gathered."""
    hang = hang_of(scene)
    culprit = hang.blame.culprit
    causes = [
        {
            "kind": each.kind.name.lower(), "text": each.text, "confidence": each.confidence.value,
            "held_up": each.held_up, "seconds": each.seconds,
        }
        for each in hang.causes[:MOST_CAUSES]
    ]  # fmt: skip
    return {
        "chosen": why_hang(scene.target) or None, "causes": causes, "more": len(hang.causes) - len(causes),
        "image": culprit.image_name if culprit is not None else None,
        "confidence": culprit.confidence.value if culprit is not None else None,
        "evidence": culprit.reason if culprit is not None else "; ".join(hang.blame.notes),
    }  # fmt: skip
