"""Prints one JSON object a line and figure: name, value, unit, against, ratio."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from tests.bench import bitmap_open, corpus, page_tables, process_memory, stacks, start_up, symbol_index, triage

BENCHES = {
    "bitmap-open": bitmap_open.run,
    "start-up": start_up.run,
    "page-tables": page_tables.run,
    "stacks": stacks.run,
    "process-memory": process_memory.run,
    "triage": triage.run,
    "corpus": corpus.run,
    "symbol-index": symbol_index.run,
}


def main(names: list[str]) -> int:
    """Run the named benches, or all."""
    with tempfile.TemporaryDirectory(prefix="volplugins-bench-") as folder:
        for name in names or BENCHES:
            BENCHES[name](Path(folder))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
