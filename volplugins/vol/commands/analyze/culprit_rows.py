"""The sections ``culprit`` and ``signature`` of windows.kd.analyze."""

from __future__ import annotations

from collections.abc import Iterator

from volplugins.bugcheck.analysis import Analysis
from volplugins.bugcheck.suspects.suspects import Confidence, Culprit
from volplugins.bugcheck.words.recipe import RECIPE
from volplugins.vol.commands.analyze.device_rows import device_rows
from volplugins.vol.commands.analyze.module_rows import module_rows
from volplugins.vol.commands.analyze.row import AnalyzeRow
from volplugins.vol.output.rows import NOT_APPLICABLE, NOT_AVAILABLE


def culprit_rows(analysis: Analysis) -> Iterator[AnalyzeRow]:
    """Who is to blame, or why nobody is; and the memory error that may be the cause instead."""
    if analysis.culprit is not None:
        yield from blamed_rows(analysis, analysis.culprit)
    else:
        asked = analysis.manual is not None and analysis.manual.asked_for
        why = _nobody(analysis)
        for field in ("MODULE_NAME", "IMAGE_NAME"):
            yield AnalyzeRow("culprit", field, NOT_APPLICABLE if asked else NOT_AVAILABLE, "", why)
    yield from device_rows(analysis)
    error = analysis.bit_error
    if error is not None:
        yield AnalyzeRow("culprit", "MEMORY_ERROR", error.kind, error.confidence.value, error.evidence)


def _nobody(analysis: Analysis) -> str:
    manual = analysis.manual
    if manual is not None and manual.asked_for:
        return f"this crash was asked for ({manual.kind}): {manual.reason}"
    return "; ".join(analysis.scene.notes) or "no module is known"


def blamed_rows(analysis: Analysis, culprit: Culprit, section: str = "culprit") -> Iterator[AnalyzeRow]:
    """MODULE_NAME, IMAGE_NAME, SYMBOL_NAME of one who is to blame, and what its image says of itself."""
    confidence = culprit.confidence.value
    name = culprit.module.name if culprit.module else culprit.image_name.rsplit(".", 1)[0]
    yield AnalyzeRow(section, "MODULE_NAME", name, confidence, culprit.reason)
    yield AnalyzeRow(section, "IMAGE_NAME", culprit.image_name, confidence, culprit.reason)
    if culprit.address is not None and culprit.module is not None:
        location = analysis.scene.symbolizer.locate(culprit.address)
        text = (
            location.text() if location.module else f"{culprit.module.name}+{culprit.address - culprit.module.base:#x}"
        )
        from_what = {"pdb": "PDB symbols", "export": "nearest export"}.get(
            location.kind, "no symbols: offset in the module"
        )
        yield AnalyzeRow(section, "SYMBOL_NAME", text, confidence, from_what)
    yield from module_rows(analysis, section, culprit.module)


def signature_rows(analysis: Analysis) -> Iterator[AnalyzeRow]:
    """FAILURE_SIGNATURE and MANUAL_CRASH."""
    manual = analysis.manual
    basis = manual if manual is not None and manual.asked_for else analysis.culprit
    confidence = basis.confidence.value if basis else Confidence.LOW.value
    recipe = f"recipe {RECIPE}: docs/output.md"
    yield AnalyzeRow("signature", "FAILURE_SIGNATURE", analysis.signature, confidence, recipe)
    if manual is None:
        yield AnalyzeRow("signature", "MANUAL_CRASH", NOT_APPLICABLE, "", "nothing says that this crash was asked for")
    else:
        yield AnalyzeRow("signature", "MANUAL_CRASH", manual.kind, manual.confidence.value, manual.reason)
