"""The I/O system of a finished snapshot, and hands that reach its objects by virtual address."""

from __future__ import annotations

from typing import Any

from volplugins.lab.damage.directory_subject import LA57
from volplugins.lab.machine.profiles import PROFILES
from volplugins.lab.machine.snapshot import PAGE, Snapshot

_TAIL = "Tail.Overlay."


class IoPatient:
    """A snapshot whose I/O objects are to be damaged; its truth is a copy that may be changed with them.

    Attributes:
        io: truth["io"].
        known: the structures of the build.
        spare: pool that nobody uses.
    """

    def __init__(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot
        self.io: dict[str, Any] = snapshot.truth["io"]
        self.known = PROFILES[snapshot.machine.removesuffix(LA57)].structures
        self.width = snapshot.bits // 8
        self.spare = int(snapshot.truth["spare_pool"])

    def read(self, address: int, size: int) -> bytes:
        """Bytes at a kernel address, within one page."""
        page = self.snapshot.pages.get(self.snapshot.virtual[address & ~0xFFF], bytes(PAGE))
        return page[address & 0xFFF : (address & 0xFFF) + size]

    def write(self, address: int, data: bytes) -> None:
        """Store bytes at a kernel address, over the ends of pages if need be."""
        while data:
            frame, at = self.snapshot.virtual[address & ~0xFFF], address & 0xFFF
            page = bytearray(self.snapshot.pages.get(frame, bytes(PAGE)))
            part = data[: PAGE - at]
            page[at : at + len(part)] = part
            self.snapshot.pages[frame] = bytes(page)
            address, data = address + len(part), data[len(part) :]

    def pointer(self, address: int) -> int:
        return int.from_bytes(self.read(address, self.width), "little")

    def set_pointer(self, address: int, value: int) -> None:
        self.write(address, (value & ((1 << 8 * self.width) - 1)).to_bytes(self.width, "little"))

    def member(self, structure: str, path: str, at: int) -> int:
        """Address of a member."""
        return at + self.known.offset(structure, path)

    def get(self, structure: str, path: str, at: int) -> int:
        """A member that is a pointer."""
        return self.pointer(self.member(structure, path, at))

    def put(self, structure: str, path: str, at: int, value: int) -> None:
        """Store a member, cut to its size."""
        place = self.known.locate(structure, path)
        size = self.known.size_of(place.type)
        self.write(at + place.offset, (value & ((1 << 8 * size) - 1)).to_bytes(size, "little"))

    def driver(self, name: str) -> dict[str, Any]:
        """The truth about a driver, by the last part of its name."""
        return self._one("drivers", lambda each: each["name"].rpartition("\\")[2] == name)

    def device(self, address: int = 0, name: str = "") -> dict[str, Any]:
        """The truth about a device, by address or by whole name."""
        return self._one("devices", lambda each: each["object"] == address or (bool(name) and each["name"] == name))

    def node(self, instance: str) -> dict[str, Any]:
        """The truth about a node, by the beginning of its instance path."""
        return self._one("nodes", lambda each: each["instance"].startswith(instance))

    def request(self, what: str) -> dict[str, Any]:
        """The truth about a request."""
        return self._one("requests", lambda each: each["what"] == what)

    def _one(self, kind: str, wanted: Any) -> dict[str, Any]:
        found: dict[str, Any] = next(each for each in self.io[kind] if wanted(each))
        return found

    def location(self, request: dict[str, Any]) -> int:
        """Address of a request's current stack location."""
        return self.get("_IRP", _TAIL + "CurrentStackLocation", request["irp"])

    def header(self, body: int) -> int:
        """Address of an object's header."""
        return body - self.known.offset("_OBJECT_HEADER", "Body")

    def name_info(self, body: int) -> int:
        """Address of a named object's _OBJECT_HEADER_NAME_INFO: right before its header in all objects of the lab."""
        return self.header(body) - self.known.size("_OBJECT_HEADER_NAME_INFO")

    def directory(self, body: int) -> int:
        """The directory that a named object is in."""
        return self.get("_OBJECT_HEADER_NAME_INFO", "Directory", self.name_info(body))

    def chains(self, directory: int) -> list[list[int]]:
        """Addresses of the pointers of every chain of a directory: that of the bucket, then those of its entries."""
        found = []
        for bucket in range(37):
            link = self.member("_OBJECT_DIRECTORY", f"HashBuckets[{bucket}]", directory)
            chain = [link]
            while self.pointer(link):
                link = self.member("_OBJECT_DIRECTORY_ENTRY", "ChainLink", self.pointer(link))
                chain.append(link)
            found.append(chain)
        return found

    def take_out(self, body: int) -> None:
        """Remove an object from its directory; its header still names that."""
        for chain in self.chains(self.directory(body)):
            for link in chain[:-1]:
                entry = self.pointer(link)
                if self.get("_OBJECT_DIRECTORY_ENTRY", "Object", entry) == body:
                    self.set_pointer(link, self.get("_OBJECT_DIRECTORY_ENTRY", "ChainLink", entry))
                    return

    def detour(self, to: int) -> int:
        """Code in spare pool that jumps to a routine; gives its address."""
        load = b"\x48\xb8" if self.width == 8 else b"\xb8"  # mov rax or eax, to; jmp rax or eax
        self.write(self.spare, load + to.to_bytes(self.width, "little") + b"\xff\xe0")
        return self.spare

    def hook(self, kind: str, owner: int, slot: str, place: int) -> int:
        """Let the routine pointer at ``place`` lead to spare pool, and note it in the truth; gives the new address."""
        address = self.detour(self.pointer(place))
        self.set_pointer(place, address)
        self.io["hooks"].append({"kind": kind, "object": owner, "slot": slot, "address": address})
        return address
