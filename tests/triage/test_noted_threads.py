"""A thread is noted for waiting in a foreign driver only by a frame that is proved."""

from __future__ import annotations

from typing import Any

import pytest

from volplugins.findings.trusted_frames import TrustedFrames
from volplugins.triage.noted_threads import NotedThreads


def frame(symbol: str, trust: str, note: str = "", thread: str = "0x1") -> dict[str, Any]:
    return {"PID": 8, "Process": "a.exe", "TID": 12, "ETHREAD": thread, "State": "Waiting", "Wait": "Executive",
            "Ring": "kernel", "Symbol": symbol, "Trust": trust, "Stop": "", "Note": note}  # fmt: skip


UNKNOWN = "the code before it is not in memory"


@pytest.mark.parametrize(
    ("below", "trust", "note", "noted"),
    [
        ("switch-frame", "unwind-info", "", True),
        ("switch-frame", "leaf", "", True),
        ("switch-frame", "frame-pointer", "", True),
        ("switch-frame", "frame-pointer", UNKNOWN, False),
        ("switch-frame", "frame-pointer", "no call ends there", False),
        ("switch-frame", "scan", "a call ends there", False),
        ("scan", "unwind-info", "", False),
        ("scan", "trap-frame", "", True),
    ],
)
def test_only_a_proved_frame_counts(below: str, trust: str, note: str, noted: bool) -> None:
    threads = NotedThreads("", lambda name: "a driver of Acme" if name == "acmedrv" else "")
    threads.take_frame(frame("nt!KiSwapThread", "switch-frame"))
    threads.take_frame(frame("nt!KeWaitForSingleObject", below))
    threads.take_frame(frame("acmedrv+0x1000", trust, note))
    assert bool(threads.threads()) is noted


def test_the_next_thread_begins_anew() -> None:
    trusted = TrustedFrames()
    assert not trusted.take("0x1", "scan", "")
    assert trusted.take("0x2", "unwind-info", "")
