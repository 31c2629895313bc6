"""Works on one dump in a process of its own: ``python -m volplugins.batch.worker``, the order a line on standard input.

The last line of standard output is the answer: ``{"status": "ok"|"faults"|"failed", "reason": …}``. Standard input
stays open as long as whoever asked is alive; where it ends, so does the work.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from threading import Thread
from typing import Any

from volplugins.dumpfile.errors import DumpError
from volplugins.triage.engine import run_triage
from volplugins.triage.options import TriageOptions

try:
    import resource
except ImportError:  # not on Windows
    resource = None  # type: ignore[assignment]


def work(order: dict[str, Any]) -> dict[str, Any]:
    """Run triage as ordered; never raises."""
    options = TriageOptions(
        tuple(order["symbols"]), tuple(order["image_path"]), True, order["redact"], tuple(order["command_line"])
    )
    try:
        result = run_triage(Path(order["dump"]), Path(order["output"]), options, lambda *_: None)
    except DumpError as error:
        return {"status": "failed", "reason": " ".join(str(error).split())}
    except MemoryError:
        return {"status": "failed", "reason": "more memory than it was given"}
    except Exception as error:  # one dump is one line, whatever is wrong with it
        return {"status": "failed", "reason": " ".join(f"{type(error).__name__}: {error}".split())[:500]}
    return {"status": "faults" if result.faults else "ok", "reason": ""}


def main() -> int:
    """Read the order, keep to its memory, answer."""
    order = json.loads(sys.stdin.readline())
    Thread(target=_end_with_whoever_asked, daemon=True).start()
    if order.get("memory") and resource is not None:
        size = int(order["memory"])
        resource.setrlimit(resource.RLIMIT_AS, (size, size))
    answer = work(order)
    print(json.dumps(answer))
    return 0


def _end_with_whoever_asked() -> None:
    sys.stdin.read()
    os._exit(1)


if __name__ == "__main__":
    sys.exit(main())
