"""A kernel that nobody has symbols of: the same code, and another GUID and age in its debug record.

The files of the symbol folder then fit no kernel of the machine, so that everything has to come from built-in layouts
and from memory itself.
"""

from __future__ import annotations

import hashlib
from copy import deepcopy
from dataclasses import replace

from volplugins.lab.machine.page_edit import PageEdit
from volplugins.lab.machine.snapshot import PAGE, Snapshot

_RECORD = b"RSDS"


def without_symbols(snapshot: Snapshot) -> Snapshot:
    """The same machine with another kernel by its identity; truth["modules"] has the new GUID.

    Raises:
        ValueError: the machine's kernel has no debug record.
    """
    edit, truth = PageEdit(snapshot), {**snapshot.truth, "modules": deepcopy(snapshot.truth["modules"])}
    kernel = next(each for each in truth["modules"] if each["name"] == "nt")
    old = bytes.fromhex(kernel["guid"])
    known = _RECORD + old[3::-1] + old[5:3:-1] + old[7:5:-1] + old[8:]
    new = hashlib.sha256(old + b" unknown").digest()[:16]
    for page in range(kernel["base"], kernel["base"] + kernel["size"], PAGE):
        if page in snapshot.virtual and (at := edit.read(page, PAGE).find(known)) >= 0:
            edit.write(page + at + len(_RECORD), new[3::-1] + new[5:3:-1] + new[7:5:-1] + new[8:])
            kernel["guid"] = new.hex().upper()
            return replace(snapshot, pages=edit.pages, truth=truth)
    raise ValueError(f"the kernel of {snapshot.machine} has no debug record")
