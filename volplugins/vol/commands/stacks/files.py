"""Files made of stacks: folded lines for flamegraph.pl, and a profile for speedscope.

Formats: one line a stack, frames from the outermost in, joined by semicolons, then a count (Brendan Gregg's
stackcollapse scripts); speedscope's file format schema, type ``sampled``.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from typing import Any

from volplugins.vol.commands.stacks.shown import ThreadStack, function_of

SCHEMA = "https://www.speedscope.app/file-format-schema.json"


def folded(stacks: Sequence[ThreadStack]) -> str:
    """One line per kind of stack, with how many threads have it; the process is the outermost frame."""
    counts = Counter(";".join([_process(stack), *_calls(stack)]) for stack in stacks if stack.frames)
    return "".join(f"{line} {count}\n" for line, count in sorted(counts.items()))


def speedscope(stacks: Sequence[ThreadStack], name: str) -> str:
    """A profile whose samples are the threads, each of weight one."""
    frames: dict[str, int] = {}
    samples = []
    for stack in stacks:
        if stack.frames:
            calls = [_process(stack), *_calls(stack)]
            samples.append([frames.setdefault(call, len(frames)) for call in calls])
    profile: dict[str, Any] = {
        "$schema": SCHEMA,
        "shared": {"frames": [{"name": call} for call in frames]},
        "profiles": [
            {"type": "sampled", "name": name, "unit": "none", "startValue": 0, "endValue": len(samples),
             "samples": samples, "weights": [1] * len(samples)}
        ],
        "name": name,
        "exporter": "volplugins windows.kd.stacks",
    }  # fmt: skip
    return json.dumps(profile, indent=1) + "\n"


def _process(stack: ThreadStack) -> str:
    return _plain(f"{stack.process.name} ({stack.process.pid})")


def _calls(stack: ThreadStack) -> list[str]:
    """Functions from the outermost in, without displacements: equal calls fall together."""
    triples = zip(stack.names, stack.frames, stack.all_bounds(), strict=True)
    return [_plain(function_of(name, bounds) or f"{each.frame.ip:#x}") for name, each, bounds in triples][::-1]


def _plain(text: str) -> str:
    """Without what the formats use themselves."""
    return "".join("_" if c in ";\n\r" or not c.isprintable() else c for c in text)
