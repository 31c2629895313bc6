"""summary.json: what the rows of a run say on the whole. docs/schema/triage.schema.json."""

from __future__ import annotations

import platform
from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timezone
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

import volplugins
from volplugins.triage.memory_map import memory_map
from volplugins.triage.options import TriageOptions
from volplugins.vol.crash_scene import debug_record

if TYPE_CHECKING:
    from volplugins.bugcheck.scene import CrashScene

SCHEMA = "volplugins.triage/1"
_PARTS = ("volatility3", "pefile", "yara-python", "numpy")
_SOUND = frozenset({"ok", "tables-paged-out"})
_MOST = 1000  # of what is listed one by one
Rows = Sequence[dict[str, Any]]


def summary_of(
    scene: CrashScene, dump: Path, options: TriageOptions, sections: list[dict[str, Any]],
    kept: dict[str, list[dict[str, Any]]], watch: Rows,
) -> dict[str, Any]:  # fmt: skip
    """The summary, but for the hash and the time that all of it took.

    Args:
        kept: rows of dumpinfo, analyze and pagedirs.
        watch: rows of stacks that end in a way worth a look.
    """
    analysis = _Analysis(kept.get("analyze", ()))
    status = dump.stat()
    modified = datetime.fromtimestamp(status.st_mtime, timezone.utc).isoformat()
    verdicts = [row for row in kept.get("pagedirs", ()) if row.get("Verdict") and row.get("PID") is not None]
    return {
        "schema": SCHEMA,
        "versions": _versions(),
        "command_line": list(options.command_line),
        "input": {"path": str(dump), "size": status.st_size, "modified": modified, "sha256": None},
        "symbols": analysis.symbols(scene),
        "system": analysis.system(),
        "crash": analysis.crash(),
        "stack": analysis.stack(),
        "completeness": {**analysis.completeness(), "runs": memory_map(scene.dump.memory)},
        "verdicts": dict(Counter(row["Verdict"] for row in verdicts)),
        "directories": [
            {"pid": row["PID"], "process": row["Process"], "verdict": row["Verdict"], "evidence": row["Evidence"],
             "next": row["Next"]}
            for row in verdicts if row["Verdict"] not in _SOUND and not _gone(row)
        ][:_MOST],
        "threads": _threads(scene, analysis, watch),
        "sections": sections,
        "faults": sum(each["fault"] is not None for each in sections),
        "seconds": 0.0,
    }  # fmt: skip


def _gone(row: dict[str, Any]) -> bool:
    """A process that has exited has no directory any more: nothing is wrong with that."""
    return bool(row["Verdict"] == "no-directory" and row.get("Life") == "exited")


def _versions() -> dict[str, str]:
    found = {"volplugins": volplugins.__version__, "python": platform.python_version()}
    for name in _PARTS:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            found[name] = "not known"
    return found


def _threads(scene: CrashScene, analysis: _Analysis, watch: Rows) -> list[dict[str, Any]]:
    crash = analysis.crash()
    found: list[dict[str, Any]] = []
    if scene.thread is not None:
        pid, process = crash["pid"], crash["process"]
        found.append({"pid": pid, "process": process, "tid": scene.thread.tid, "why": "it crashed"})
    for row in watch[:_MOST]:
        why = f"its stack ends in {row['Stop']}"
        found.append({"pid": row["PID"], "process": row["Process"], "tid": row["TID"], "why": why})
    return found


class _Analysis:
    """The rows of windows.kd.analyze by section and field."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows
        self._fields = {(row["Section"], row["Field"]): row for row in reversed(rows)}

    def value(self, section: str, field: str, column: str = "Value") -> Any:
        """One cell; None where it is absent."""
        return self._fields.get((section, field), {}).get(column)

    def system(self) -> dict[str, Any]:
        found = {row["Field"].lower(): row["Value"] for row in self._rows if row["Section"] == "system"}
        return {**found, "time_bias_minutes": found.get("time_bias_minutes")}

    def crash(self) -> dict[str, Any]:
        number = self.value("process", "PROCESS_ID")
        blamed = "IMAGE_NAME" if self.value("culprit", "IMAGE_NAME") else "MODULE_NAME"
        return {
            "bugcheck_code": self.value("bugcheck", "BUGCHECK_CODE"),
            "bugcheck_name": self.value("bugcheck", "BUGCHECK_NAME"),
            "parameters": [self.value("bugcheck", f"BUGCHECK_P{place}") for place in range(1, 5)],
            "signature": self.value("signature", "FAILURE_SIGNATURE"),
            "manual_crash": self.value("signature", "MANUAL_CRASH"),
            "module": self.value("culprit", "MODULE_NAME"),
            "image": self.value("culprit", "IMAGE_NAME"),
            "symbol": self.value("culprit", "SYMBOL_NAME"),
            "confidence": self.value("culprit", blamed, "Confidence"),
            "evidence": self.value("culprit", blamed, "Evidence"),
            "faulting_ip": self.value("context", "FAULTING_IP"),
            "process": self.value("process", "PROCESS_NAME"),
            "pid": int(number, 0) if isinstance(number, str) and number.isdigit() else None,
            "thread": self.value("process", "THREAD"),
        }

    def stack(self) -> list[dict[str, Any]]:
        return [_frame(row) for row in self._rows if row["Section"] == "stack" and row["Value"]]

    def symbols(self, scene: CrashScene) -> dict[str, Any]:
        kernel = scene.modules.kernel
        record = debug_record(scene.memory, kernel) if kernel is not None else None
        named = {"pdb": record.pdb_name, "guid": record.guid, "age": record.age} if record is not None else None
        missing = [
            {"pdb": row["Field"], "path": row["Value"], "evidence": row["Evidence"]}
            for row in self._rows if row["Section"] == "symbols"
        ]  # fmt: skip
        return {"kernel": named, "missing": missing[:_MOST]}

    def completeness(self) -> dict[str, Any]:
        def number(field: str) -> int | None:
            value = self.value("completeness", field)
            return int(value) if isinstance(value, str) and value.isdigit() else None

        truncated = self.value("completeness", "Truncated")
        return {
            "score": number("Score"), "described": number("PagesDescribed"), "present": number("PagesInFile"),
            "truncated": str(truncated).lower() in ("true", "yes", "1"),
        }  # fmt: skip


def _frame(row: dict[str, Any]) -> dict[str, Any]:
    words = f"{row['Value']} {row['Evidence'] or ''}".split(" ")
    parts = dict(word.split("=", 1) for word in words if "=" in word)
    return {"frame": row["Field"], "ip": parts.get("IP"), "symbol": parts.get("Symbol"), "trust": parts.get("Trust")}
