"""A run in a process of its own, for tests that kill it: ``python -m tests.batch.run_corpus '{"paths": …}'``."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from volplugins.batch.options import BatchOptions
from volplugins.batch.run import run_batch

if __name__ == "__main__":
    values = json.loads(sys.argv[1])
    values["paths"] = tuple(Path(path) for path in values["paths"])
    values["output"] = Path(values["output"])
    sys.exit(run_batch(BatchOptions(**values)))
