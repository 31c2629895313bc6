"""What ``volplugins lab make`` is to make: the name of its file, and the truth beside it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from volplugins.lab.machine.snapshot import Snapshot
from volplugins.lab.writers import IMAGE_SUFFIXES

#: What build() takes beside machine, fault, addresses, computer and sections.
VARIANTS = ("wow64", "litter", "sparse", "processor", "vdm", "user_memory")


@dataclass(frozen=True, slots=True)
class Order:
    """One dump or image to be made."""

    machine: str
    fault: str
    kind: str
    base: int
    host: int
    defect: str | None
    directory: str | None = None
    populous: int | None = None
    user: str | None = None
    io: str | None = None
    gates: str | None = None
    shadow: str | None = None
    pfn: str | None = None
    no_symbols: bool = False
    wow64: bool = False
    litter: bool = False
    sparse: bool = False
    processor: int = 0
    vdm: bool = False
    user_memory: int = 0
    clear_kdbg: bool = False

    @property
    def suffix(self) -> str:
        """The extension that such a file bears."""
        return IMAGE_SUFFIXES.get(self.kind, ".dmp")

    @property
    def name(self) -> str:
        """The file's name without its extension: whatever is not usual is in it."""
        parts = [self.machine, self.fault, self.kind]
        parts += [f"base{self.base}"] * (self.base != 0) + [f"host{self.host}"] * (self.host != 0)
        parts += [f"populous{self.populous}"] * (self.populous is not None) + ["wow64"] * self.wow64
        parts += ["vdm"] * self.vdm + [f"user{self.user_memory}"] * (self.user_memory != 0)
        parts += ["litter"] * self.litter + ["sparse"] * self.sparse
        parts += [f"processor{self.processor}"] * (self.processor != 0) + ["clear"] * self.clear_kdbg
        parts += ["nosymbols"] * self.no_symbols
        damage = (self.directory, self.user, self.io, self.gates, self.shadow, self.pfn, self.defect)
        return "-".join([*parts, *(name for name in damage if name)])


def truth_of(snapshot: Snapshot, order: Order) -> str:
    """The record of what was built, as JSON."""
    record = {
        "machine": order.machine,
        "fault": order.fault,
        "kind": order.kind,
        "base": order.base,
        "host": order.host,
        "defect": order.defect,
        "directory": order.directory,
        "populous": order.populous,
        "user": order.user,
        "io": order.io,
        "gates": order.gates,
        "shadow": order.shadow,
        "pfn": order.pfn,
        "no_symbols": order.no_symbols,
        "clear_kdbg": order.clear_kdbg,
        **{name: getattr(order, name) for name in VARIANTS},
        "header": snapshot.header,
        "truth": snapshot.truth,
    }
    return json.dumps(record, indent=1, sort_keys=True, default=_plain) + "\n"


def _plain(value: Any) -> Any:
    if isinstance(value, (set, frozenset)):
        return sorted(value)
    if isinstance(value, (bytes, bytearray)):
        return value.hex()
    raise TypeError(f"no JSON for {type(value).__name__}")
