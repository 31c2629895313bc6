"""MemProcFS lists the user pages of every process, as JSON: ``DUMP``; exit code 3: no MemProcFS.

A program of its own, because the library stays in the process and cannot be opened twice.
"""

from __future__ import annotations

import json
import sys

try:
    import memprocfs
except ImportError as fault:
    print(fault, file=sys.stderr)
    sys.exit(3)

machine = memprocfs.Vmm(["-device", sys.argv[1], "-disable-python", "-disable-symbolserver", "-waitinitialize"])
found = {}
for process in machine.process_list():
    entries = [entry for entry in process.maps.pte() if entry["va"] < 1 << 47]
    found[process.pid] = [entry["va"] + 0x1000 * page for entry in entries for page in range(entry["pages"])]
print(json.dumps(found))
