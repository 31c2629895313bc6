"""MemProcFS lists the VADs, and modules of every process, as JSON: ``DUMP``; exit code 3: no MemProcFS.

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
SCHEDULING = (
    "tid", "va-ethread", "state", "waitreason", "priority", "basepriority", "va-stackbase-kernel",
    "va-stacklimit-kernel",
)  # fmt: skip


def listed(ask):  # type: ignore[no-untyped-def]
    """What ``ask`` gives; nothing where MemProcFS has no such list for a process."""
    try:
        return ask()
    except RuntimeError:
        return []


for process in machine.process_list():
    vads = [[each["start"], each["end"] + 1, each["protection"], each["type"]] for each in listed(process.maps.vad)]
    modules = [[each.base, each.image_size, each.name] for each in listed(process.module_list)]
    found[process.pid] = {
        "vads": vads,
        "modules": modules,
        "process": [process.ppid, process.eprocess, process.dtb, process.peb, process.is_wow64],
        "threads": [
            [each["tid"], each["va-ethread"], each["state"], each["va-win32start"], each["time-create"]]
            for each in listed(process.maps.thread)
        ],
        "scheduling": [[each[name] for name in SCHEDULING] for each in listed(process.maps.thread)],
    }
print(json.dumps(found))
