"""The parts of a summary that come from the analysis of the crash, by the rows of windows.kd.analyze."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from volplugins.bugcheck.fault.exceptions import meaning
from volplugins.bugcheck.words.bugcheck_meanings import bugcheck_meaning
from volplugins.bugcheck.words.recipe import RECIPE
from volplugins.bugcheck.words.status import status_name
from volplugins.dumpfile.dump_type import DumpType
from volplugins.triage.memory_map import memory_map
from volplugins.triage.symbol_facts import symbols_of
from volplugins.triage.time_bias import time_bias
from volplugins.vol.commands.analyze.rows import NO_BUGCHECK_TEXT, AnalyzeRow, bugcheck_rows, later_rows

if TYPE_CHECKING:
    from volplugins.bugcheck.analysis import Analysis
    from volplugins.target.target import Target

# kernel dumps: their score is low on purpose
_KERNEL_ONLY = (DumpType.KERNEL_SUMMARY, DumpType.BITMAP_KERNEL, DumpType.KERNEL_MEMORY)
_MOST_FRAMES = 512  # as many as a walk has at most
_CRASH = {
    "bugcheck_code": ("bugcheck", "BUGCHECK_CODE"),
    "bugcheck_name": ("bugcheck", "BUGCHECK_NAME"),
    "signature": ("signature", "FAILURE_SIGNATURE"),
    "manual_crash": ("signature", "MANUAL_CRASH"),
    "module": ("culprit", "MODULE_NAME"),
    "image": ("culprit", "IMAGE_NAME"),
    "symbol": ("culprit", "SYMBOL_NAME"),
    "module_version": ("culprit", "MODULE_VERSION"),
    "module_company": ("culprit", "MODULE_COMPANY"),
    "module_date": ("culprit", "MODULE_DATE"),
    "module_path": ("culprit", "MODULE_PATH"),
    "device_stack": ("culprit", "DEVICE_STACK"),
    "device_instance": ("culprit", "DEVICE_INSTANCE"),
    "memory_error": ("culprit", "MEMORY_ERROR"),
    "faulting_ip": ("context", "FAULTING_IP"),
    "faulting_operand": ("context", "FAULTING_OPERAND"),
    "process": ("process", "PROCESS_NAME"),
    "thread": ("process", "THREAD"),
    "exception_code": ("context", "EXCEPTION_CODE"),
    "exception_parameters": ("context", "EXCEPTION_PARAMETERS"),
    "read_address": ("context", "READ_ADDRESS"),
    "write_address": ("context", "WRITE_ADDRESS"),
    "execute_address": ("context", "EXECUTE_ADDRESS"),
}


class CrashFacts:
    """Facts about one crash; without an analysis, those that the target itself records."""

    def __init__(self, target: Target, analysis: Analysis | None) -> None:
        self._target = target
        self._analysis = analysis
        rows = [*bugcheck_rows(target), *(later_rows(analysis) if analysis is not None else ())]
        self._rows = {(row.section, row.field): row for row in rows if row.section not in ("stack", "modules")}

    def of_header(self) -> CrashFacts:
        """The facts of the header alone."""
        return CrashFacts(self._target, None)

    @property
    def _dump_type(self) -> int | None:
        return self._target.dump.header.dump_type if self._target.dump is not None else None

    def target(self) -> dict[str, Any]:
        """What was looked at, and whether a bugcheck is recorded in it."""
        modules = self._analysis.scene.modules if self._analysis is not None else None
        listed = modules.kernel.base if modules is not None and modules.kernel is not None else 0
        base = self._target.kernel_base or listed
        return {
            "kind": self._target.kind.value, "format": self._target.format, "crashed": self._target.crashed,
            "kernel_base": f"0x{base:0{self._target.bits // 4}x}" if base else None,
            "kernel_found": self._target.how("KernelBase") if self._target.kernel_base else None,
        }  # fmt: skip

    def _value(self, section: str, field: str) -> str | None:
        row = self._rows.get((section, field))
        return row.value if row is not None and isinstance(row.value, str) else None

    def system(self) -> dict[str, Any]:
        """Fields of the section ``system`` by lower-case name, and the machine's bias from UTC."""
        found: dict[str, Any] = {
            field.lower(): self._value(section, field) for section, field in self._rows if section == "system"
        }
        scene = self._analysis.scene if self._analysis is not None else None
        return found | {"time_bias_minutes": time_bias(scene.memory, scene.bits) if scene is not None else None}

    def crash(self) -> dict[str, Any]:
        """What crashed, who is to blame, how sure."""
        nothing = AnalyzeRow("", "", "")
        blamed = self._rows.get(("culprit", "IMAGE_NAME")) or nothing
        device = self._rows.get(("culprit", "DEVICE_STACK")) or nothing
        damaged = self._rows.get(("culprit", "MEMORY_ERROR")) or nothing
        found: dict[str, Any] = {name: self._value(*where) for name, where in _CRASH.items()}
        pid = self._value("process", "PROCESS_ID")
        manual = self._rows.get(("signature", "MANUAL_CRASH")) or nothing
        return found | {
            **self._parameters(),
            "bugcheck_meaning": bugcheck_meaning(self._target.bugcheck.code) if self._target.crashed else None,
            "exception_name": self._exception_name(),
            "faulting_instruction": self._instruction(),
            "exception_meaning": self._exception_meaning(),
            "confidence": blamed.confidence or None,
            "evidence": blamed.evidence if self._target.crashed else NO_BUGCHECK_TEXT,
            "signature_recipe": RECIPE if found["signature"] else None,
            "device_confidence": device.confidence or None,
            "device_evidence": device.evidence,
            "memory_error_confidence": damaged.confidence or None,
            "memory_error_evidence": damaged.evidence,
            "manual_evidence": manual.evidence if found["manual_crash"] else "",
            "pid": int(pid) if pid is not None and pid.isdecimal() else None,
        }

    def _parameters(self) -> dict[str, list[str | None] | list[str] | None]:
        """The four parameters and what they mean; null where no bugcheck is recorded."""
        if not self._target.crashed:
            return {"parameters": None, "parameter_meanings": None}
        fields = [("bugcheck", f"BUGCHECK_P{number}") for number in range(1, 5)]
        meanings = [self._rows[field].evidence for field in fields]
        return {"parameters": [self._value(*field) for field in fields], "parameter_meanings": meanings}

    def _instruction(self) -> str | None:
        """The failing instruction, or the call that left all code, as it was taken apart for its operand."""
        row = self._rows.get(("context", "FAULTING_OPERAND"))
        return row.evidence.partition("; ")[0] if row is not None else None

    def _exception_name(self) -> str | None:
        code = self._analysis.fault.exception_code if self._analysis is not None else None
        return status_name(code) if code is not None else None

    def _exception_meaning(self) -> str | None:
        found = self._analysis.fault.exception if self._analysis is not None else None
        return (meaning(found.code, found.information) or None) if found is not None else None

    def stack(self) -> list[dict[str, Any]]:
        """The frames from the failure on."""
        if self._analysis is None or not self._target.crashed:
            return []
        digits = self._analysis.scene.bits // 4
        locate = self._analysis.scene.symbolizer.locate
        frames = []
        for number, frame in enumerate(self._analysis.fault_stack.frames[:_MOST_FRAMES]):
            location = locate(frame.ip)
            symbol = location.text() if location.module else ""
            ip = f"0x{frame.ip:0{digits}x}"
            frames.append({"frame": number, "ip": ip, "symbol": symbol, "trust": frame.trust.value})
        return frames

    def completeness(self) -> dict[str, Any]:
        """How much of the memory is in the file, and where."""
        found = self._target.completeness
        return {
            "score": found.score, "described": found.pages_described, "present": found.pages_in_file,
            "truncated": found.truncated, "note": found.note or self._left_out(),
            "runs": memory_map(self._target.memory) if self._target.memory is not None else [],
        }  # fmt: skip

    def _left_out(self) -> str:
        """Why the score of a sound dump is low."""
        return "this type of dump leaves user memory out" if self._dump_type in _KERNEL_ONLY else ""

    def missing(self) -> list[str]:
        """What could not be had, in words."""
        return list(self._analysis.scene.notes) if self._analysis is not None else []

    def symbols(self) -> dict[str, Any]:
        """What is known of PDBs and images."""
        return symbols_of(self._analysis.scene if self._analysis is not None else None)

    def thread(self) -> str:
        """The crashing thread as rows write it; empty where it is not known."""
        scene = self._analysis.scene if self._analysis is not None else None
        if scene is None or not self._target.crashed or scene.thread is None or not scene.thread.ethread:
            return ""
        return f"0x{scene.thread.ethread:0{scene.bits // 4}x}"
