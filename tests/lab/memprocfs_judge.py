"""Lets MemProcFS open a dump, prints build, processes and kernel modules as JSON: ``DUMP``; exit code 3: no MemProcFS.

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
processes = [
    {"pid": each.pid, "ppid": each.ppid, "name": each.name, "eprocess": each.eprocess, "dtb": each.dtb}
    for each in machine.process_list()
]
modules = [{"name": each.name, "base": each.base, "size": each.image_size} for each in machine.process(4).module_list()]
print(json.dumps({"build": machine.kernel.build, "processes": processes, "modules": modules}))
