"""Names of a guest or a dump reach the terminal without what a terminal acts on."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

import volplugins.kernel.process
import volplugins.vol.scene.crash_scene
from volplugins.cli import live, main
from volplugins.kd.errors import LiveError

HOSTILE = "\x1b]0;own\x07\x1b[2J\u202e"


def scene() -> Any:
    place = SimpleNamespace(module=1, text=lambda: f"{HOSTILE}!{HOSTILE}")
    cpu = SimpleNamespace(number=0, context=SimpleNamespace(ip=0x1000))
    target = SimpleNamespace(
        format=HOSTILE, build=7601, bits=64, mode=None, number_processors=1, kernel_base=0, memory=None, crashed=False,
        processors=[cpu], notes=[SimpleNamespace(text=HOSTILE)],
    )  # fmt: skip
    thread = SimpleNamespace(ethread=0x10, process=0x20)
    return SimpleNamespace(
        target=target, memory=None, layouts=SimpleNamespace(process=None),
        processors=[SimpleNamespace(index=0, current_thread=thread)],
        symbolizer=SimpleNamespace(locate=lambda ip: place),
    )  # fmt: skip


def test_live(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(volplugins.vol.scene.crash_scene, "scene_below", lambda *_: scene())
    monkeypatch.setattr(volplugins.kernel.process, "read_process", lambda *_: SimpleNamespace(name=HOSTILE, pid=4))
    assert live._told(None, "layer", False) == 0
    said = capsys.readouterr().out
    lines = said.splitlines()
    assert len(lines) == 4 and all(line.isprintable() for line in lines)
    assert said.count(r"\x1b]0;own\x07\x1b[2J\u202e") == 5


def test_what_main_says(capsys: pytest.CaptureFixture[str]) -> None:
    assert main._tell(LiveError(f"x {HOSTILE}")) == main.CANNOT_OPEN
    assert r"\x1b]0" in capsys.readouterr().err
