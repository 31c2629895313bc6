"""Dispatcher objects: what kind each is, and what it is called."""

from __future__ import annotations

from dataclasses import dataclass, field

from volplugins.io.object_directories import ObjectNamespace
from volplugins.memory.reader import ReadError
from volplugins.waits.system import WaitSystem
from volplugins.waits.words import KIND_OF_TYPE, Kind

_MOST_KEPT = 1 << 16
_TYPE = 0x7F  # the top bit is a lock of its own since Windows 8


@dataclass(frozen=True, slots=True)
class Dispatcher:
    """What a DISPATCHER_HEADER says. ``type`` is the kernel's number; ``signal`` is signed."""

    address: int
    type: int
    signal: int

    @property
    def kind(self) -> Kind:
        """In the words of the contract."""
        return KIND_OF_TYPE.get(self.type, Kind.UNKNOWN)


@dataclass(slots=True)
class DispatcherObjects:
    """Reads objects, each once, and names them.

    Attributes:
        names: what the object directories hold.
    """

    system: WaitSystem
    names: ObjectNamespace
    _known: dict[int, Dispatcher | None] = field(default_factory=dict)

    def at(self, address: int) -> Dispatcher | None:
        """The object at ``address``; None where it cannot be read."""
        if address not in self._known:
            if len(self._known) >= _MOST_KEPT:
                self._known.clear()
            self._known[address] = self._read(address)
        return self._known[address]

    def name(self, address: int) -> str:
        """Its full name in the object directories, else the symbol of a global; empty for neither."""
        return self.names.names.get(address) or self.symbol(address)

    def symbol(self, address: int) -> str:
        """``module!name``, else ``module+0x…``, of a lock or object in a module's own data; empty elsewhere."""
        if not address or self.system.io.modules.at(address) is None:
            return ""
        return self.system.io.symbolizer.locate_variable(address).text()

    def _read(self, address: int) -> Dispatcher | None:
        layout = self.system.layouts.dispatcher
        if not layout.has("Type"):
            return None
        try:
            header = self.system.structure(address, layout)
        except ReadError:
            return None
        signal = int.from_bytes(header.raw("SignalState"), "little", signed=True)
        return Dispatcher(address, header.unsigned("Type") & _TYPE, signal)
