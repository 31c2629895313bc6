"""Folders with made-up rows of windows.kd.waits."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.report.made_folder import Rows


def waits(waiter: int, owner: int = 0, verdict: str = "blocked", **more: Any) -> dict[str, Any]:
    """A thread that waits for a mutant of another one; their ids are four times their numbers."""
    return {
        "PID": 100 + waiter % 3, "Process": f"p{100 + waiter % 3}.exe", "TID": 4 * waiter,
        "ETHREAD": f"0xffff{waiter:012x}", "Reason": "UserRequest", "Waited": 40.0 + waiter, "Object": f"0x{waiter:x}",
        "ObjectType": "Mutant", "ObjectName": None, "OwnerPID": 100 + owner % 3 if owner else None,
        "OwnerTID": 4 * owner if owner else None, "OwnerThread": f"0xffff{owner:012x}" if owner else None,
        "Verdict": verdict, "Note": "",
    } | more  # fmt: skip


def held(waiter: int, driver: str = "\\Driver\\acme") -> dict[str, Any]:
    """A thread that waits for a request."""
    return waits(waiter, 0, "driver", ObjectType="Irp", Note=f"IRP_MJ_READ; held by {driver}; the only request")


def stack(tid: int, *symbols: str) -> Rows:
    """Rows of windows.kd.stacks."""
    head = {"PID": 100 + tid // 4 % 3, "Process": f"p{100 + tid // 4 % 3}.exe", "TID": tid, "ETHREAD": f"0x{tid:x}",
            "State": "Waiting", "Wait": "UserRequest"}  # fmt: skip
    return [head | {"Frame": number, "Ring": "kernel", "Symbol": symbol, "Trust": "unwind-info", "Stop": None}
            for number, symbol in enumerate(symbols)]  # fmt: skip


def made_waits(folder: Path, rows: Rows, stacks: Rows | None = None, **summary: Any) -> Path:
    """The folder."""
    (folder / "rows").mkdir(parents=True, exist_ok=True)
    for name, those in (("waits", rows), ("stacks", stacks or [])):
        lines = [json.dumps({"row": row}) for row in those]
        (folder / "rows" / f"{name}.jsonl").write_text("\n".join(lines), encoding="utf-8")
    told = {"sections": [{"name": "waits"}]} | summary
    (folder / "summary.json").write_text(json.dumps(told), encoding="utf-8")
    return folder
