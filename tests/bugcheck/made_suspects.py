"""Frames and modules for the strategies of blame, without a dump."""

from __future__ import annotations

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

from volplugins.bugcheck.fault.fault import Fault
from volplugins.bugcheck.suspects.suspects import Suspects
from volplugins.loader.module import Module, ModuleTable
from volplugins.memory.reader import SegmentReader
from volplugins.stack.frame import Frame, Trust
from volplugins.target.target import Bugcheck

BASES = {"ntoskrnl.exe": 0xFFFFF80000000000, "cdrom.sys": 0xFFFFF80100000000, "disk.sys": 0xFFFFF80200000000,
         "ndis.sys": 0xFFFFF80300000000, "acmedrv.sys": 0xFFFFF80400000000}  # fmt: skip


def frame(image: str, trust: Trust, checked: bool | None = None) -> Frame:
    return Frame(0xFFFF800000001000, BASES[image] + 0x1234, trust, checked)


def made_scene(code: int = 0x139, segments: dict[int, bytes] | None = None, **more: Any) -> Any:
    modules = ModuleTable(Module(base, 0x10000, name, "", 0, 0, "triage") for name, base in BASES.items())
    memory = SegmentReader(segments or {})
    target = SimpleNamespace(bugcheck=Bugcheck(code, more.pop("parameters", (0, 0, 0, 0)), "made"))
    symbols = SimpleNamespace(locate=lambda _: SimpleNamespace(module=None, symbol="", kind="", displacement=0))
    code_of = SimpleNamespace(reader_of=lambda _: memory, file_of=more.pop("file_of", lambda _: None))
    values = {"modules": modules, "unloaded": ModuleTable(()), "memory": memory, "bits": 64, "space": None,
              "thread": None, "process": None}  # fmt: skip
    return SimpleNamespace(target=target, symbolizer=symbols, code=code_of, **{**values, **more})


def suspects(frames: Sequence[Frame]) -> Suspects:
    return Suspects(made_scene(), Fault(), frames)
