"""Folders with made-up rows of devices and requests."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.report.made_folder import Rows

FOREIGN = [{"driver": "\\Driver\\acme", "object": "0x1", "module": "acme.sys", "why": "a driver of Acme"}]


def node(level: Any, instance: str, *drivers: str, **more: Any) -> Rows:
    """A node's row and those of its stack, top first; a driver is ``name@device`` where the device matters."""
    names = [f"\\Driver\\{each.partition('@')[0]}" for each in drivers]
    head = {"Depth": level, "DeviceNode": "0xffff", "Instance": instance, "Service": "svc",
            "State": "DeviceNodeStarted (0x308)", "Problem": None, "PDO": "0xd",
            "Stack": " > ".join(names)}  # fmt: skip
    return [head | {"Note": ""} | more, *_devices(names, drivers)]


def loose(*drivers: str) -> Rows:
    """A stack that belongs to no node."""
    names = [f"\\Driver\\{each.partition('@')[0]}" for each in drivers]
    return [{"Stack": " > ".join(names), "Note": "belongs to no device node"}, *_devices(names, drivers)]


def _devices(names: list[str], drivers: tuple[str, ...]) -> Rows:
    addresses = [each.partition("@")[2] or "0x9" for each in drivers]
    return [{"Device": address, "Driver": name, "Name": f"\\Device\\of {name}", "Type": "FILE_DEVICE_DISK", "Note": ""}
            for name, address in zip(names, addresses, strict=True)]  # fmt: skip


def irp(number: int, device: str, age: float | None = None, **more: Any) -> dict[str, Any]:
    """A request under way."""
    return {"PID": 8, "Process": "a.exe", "TID": 12, "IRP": f"{number:#x}", "Source": "thread", "Major": "IRP_MJ_READ",
            "Minor": None, "Driver": "\\Driver\\acme", "Device": device, "File": None, "State": "pending", "Age": age,
            "Location": "1/1", "Note": "length 5"} | more  # fmt: skip


def made_devices(folder: Path, devices: Rows, irps: Rows | None = None, **summary: Any) -> Path:
    """The folder; without ``irps`` there is no such file, and the run had no such section."""
    (folder / "rows").mkdir(parents=True, exist_ok=True)
    files = {"devices": devices} if irps is None else {"devices": devices, "irps": irps}
    for name, rows in files.items():
        lines = [json.dumps({"row": row}) for row in rows]
        (folder / "rows" / f"{name}.jsonl").write_text("\n".join(lines), encoding="utf-8")
    told = {"sections": [{"name": name} for name in files], "foreign_drivers": FOREIGN} | summary
    (folder / "summary.json").write_text(json.dumps(told), encoding="utf-8")
    return folder
