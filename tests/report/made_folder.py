"""The folder of one dump as triage leaves it, made by running the plugins as ``vol -r jsonlines``, a run each.

The summary is put together here from the rows and from the lab's account, so that the page's tests need no engine.
"""

from __future__ import annotations

import json
import os
import subprocess
import sysconfig
from pathlib import Path
from typing import Any

PLUGINS = {
    "dumpinfo": ("windows.kd.dumpinfo",),
    "analyze": ("windows.kd.analyze",),
    "process": ("windows.kd.process", "--threads"),
    "pagedirs": ("windows.kd.pagedirs",),
    "stacks": ("windows.kd.stacks",),
    "peb": ("windows.kd.peb", "--teb"),
    "lm": ("windows.kd.lm",),
    "kernel-modules": ("windows.kd.lm", "--kernel-modules"),
    "address": ("windows.kd.address",),
    "address-summary": ("windows.kd.address", "--summary"),
}
SOUND = ("ok", "tables-paged-out")
Rows = list[dict[str, Any]]


def made_folder(dump: Path, folder: Path, home: Path) -> Path:
    """Run every plugin of the suite on the dump, and leave rows/ and summary.json in ``folder``."""
    rows = folder / "rows"
    rows.mkdir(parents=True, exist_ok=True)
    home.mkdir(parents=True, exist_ok=True)
    script = Path(sysconfig.get_path("scripts")) / ("vol.exe" if os.name == "nt" else "vol")
    environment = {**os.environ, "HOME": str(home), "USERPROFILE": str(home), "XDG_CACHE_HOME": str(home)}
    for name, command in PLUGINS.items():
        done = subprocess.run(
            [str(script), "-q", "--offline", "-r", "jsonlines", "-f", str(dump), *command],
            capture_output=True, cwd=folder, env=environment, timeout=300, check=True,
        )  # fmt: skip
        (rows / f"{name}.jsonl").write_bytes(done.stdout)
    (folder / "summary.json").write_text(json.dumps(summary_of(dump, rows), indent=1), encoding="utf-8")
    return folder


def read(rows: Path, name: str) -> Rows:
    """Rows of one file."""
    lines = (rows / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()
    return [record["row"] for record in map(json.loads, lines) if "row" in record]


def summary_of(dump: Path, rows: Path) -> dict[str, Any]:
    """A summary by the contract."""
    analysis = read(rows, "analyze")
    told = {row["Field"]: row["Value"] for row in analysis if row["Section"] not in ("stack", "modules")}
    culprit = next((row for row in analysis if row["Field"] == "IMAGE_NAME"), {})
    verdicts = [row for row in read(rows, "pagedirs") if row["Process"] != "error"]
    counted: dict[str, int] = {}
    for row in verdicts:
        counted[row["Verdict"]] = counted.get(row["Verdict"], 0) + 1
    number = int(told["PROCESS_ID"]) if told.get("PROCESS_ID") else None
    return {
        "schema": "volplugins.triage/1",
        "versions": {"volplugins": "0.1.0", "volatility3": "2.28.0", "python": "3.12.1"},
        "command_line": ["volplugins", "triage", str(dump), "-o", str(rows.parent)],
        "input": {"path": str(dump), "size": dump.stat().st_size, "modified": "2026-01-02T03:04:05+00:00",
                  "sha256": "ab" * 32},
        "symbols": {"kernel": {"pdb": "ntkrnlmp.pdb", "guid": "00" * 16, "age": 1}, "missing": []},
        "system": {name.lower(): told.get(name) for name in ("BUILD", "MACHINE", "PAGING", "PROCESSORS", "SYSTEM_TIME",
                                                             "SYSTEM_UPTIME")} | {"time_bias_minutes": -60},
        "crash": {
            "bugcheck_code": told.get("BUGCHECK_CODE"), "bugcheck_name": told.get("BUGCHECK_NAME"),
            "parameters": [told.get(f"BUGCHECK_P{number}") for number in range(1, 5)],
            "signature": told.get("FAILURE_SIGNATURE"), "manual_crash": told.get("MANUAL_CRASH"),
            "module": told.get("MODULE_NAME"), "image": told.get("IMAGE_NAME"), "symbol": told.get("SYMBOL_NAME"),
            "confidence": culprit.get("Confidence"), "evidence": culprit.get("Evidence"),
            "faulting_ip": told.get("FAULTING_IP"), "process": told.get("PROCESS_NAME"), "pid": number,
            "thread": told.get("THREAD"),
        },
        "stack": [_frame(row) for row in analysis if row["Section"] == "stack"],
        "completeness": {"score": int(told.get("Score") or 0), "described": int(told.get("PagesDescribed") or 0),
                         "present": int(told.get("PagesInFile") or 0), "truncated": False,
                         "runs": _runs(rows, int(told.get("Score") or 0))},
        "verdicts": counted,
        "directories": [
            {"pid": row["PID"], "process": row["Process"], "verdict": row["Verdict"], "evidence": row["Evidence"],
             "next": row["Next"]} for row in verdicts if row["Verdict"] not in SOUND
        ],
        "threads": [{"pid": number, "process": told.get("PROCESS_NAME"), "tid": 1776, "why": "it crashed"}],
        "sections": [
            {"name": name, "plugin": command[0], "options": list(command[1:]), "file": f"rows/{name}.jsonl",
             "rows": len(read(rows, name)), "seconds": 0.5, "fault": None} for name, command in PLUGINS.items()
        ],
        "faults": 0,
        "seconds": 5.0,
    }  # fmt: skip


def _frame(row: dict[str, Any]) -> dict[str, str]:
    words = f"{row['Value']} {row['Evidence']}".split(" ")
    parts = dict(word.split("=", 1) for word in words if "=" in word)
    return {"frame": row["Field"], "ip": parts["IP"], "symbol": parts["Symbol"], "trust": parts["Trust"]}


def _runs(rows: Path, score: int) -> list[list[int]]:
    """Runs of pages in the file; where the dump lacks pages, what lies between runs counts as missing."""
    runs: list[list[int]] = []
    for row in read(rows, "dumpinfo"):
        if row["Group"] == "runs" and row["Value"].startswith("0x"):
            start, end = (int(part, 16) // 4096 for part in row["Value"].split(" "))
            before = sum(runs[-1][:2]) if runs else start
            if start > before and score < 100:
                runs.append([before, start - before, 0])
            runs.append([start, end - start, end - start])
    return runs
