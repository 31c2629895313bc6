"""A debugger small enough to be seen through, for tests of the lab's target: no resends, no cleverness."""

from __future__ import annotations

import socket
import struct
import time
from dataclasses import dataclass

DATA, CONTROL = b"0000", b"iiii"
MANIPULATE, DEBUG_IO, ACK, RESEND, RESET, STATE_CHANGE, FILE_IO = 2, 3, 4, 5, 6, 7, 11


@dataclass
class Frame:
    """A packet as it came: leader, type, id, payload, checksum as stated."""

    leader: bytes
    kind: int
    id: int
    payload: bytes
    checksum: int


class Client:
    """One connection to a target; a context manager."""

    def __init__(self, address: str, timeout: float = 5.0) -> None:
        host, _, port = address.rpartition(":")
        self.socket = (
            socket.create_connection((host, int(port)))
            if port.isdigit()
            else socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        )
        if not port.isdigit():
            self.socket.connect(address)
        self.socket.settimeout(timeout)
        self.next_id = 0x80800000
        self.until = time.monotonic() + 30
        self.frames: list[Frame] = []

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def exactly(self, count: int) -> bytes:
        data = b""
        while len(data) < count:
            part = self.socket.recv(count - len(data))
            if not part:
                raise EOFError
            data += part
        return data

    def frame(self) -> Frame:
        """The next packet, unanswered."""
        leader, kind, length, packet_id, checksum = struct.unpack("<4sHHII", self.exactly(16))
        assert leader in (DATA, CONTROL)
        payload = self.exactly(length)
        if leader == DATA:
            assert self.exactly(1) == b"\xaa"
            assert sum(payload) == checksum
        self.frames.append(Frame(leader, kind, packet_id, payload, checksum))
        return self.frames[-1]

    def control(self, kind: int, packet_id: int = 0) -> None:
        self.socket.sendall(struct.pack("<4sHHII", CONTROL, kind, 0, packet_id, 0))

    def data(self, kind: int, payload: bytes, packet_id: int | None = None) -> None:
        packet_id = self.next_id if packet_id is None else packet_id
        self.socket.sendall(
            struct.pack("<4sHHII", DATA, kind, len(payload), packet_id, sum(payload)) + payload + b"\xaa"
        )

    def wait(self, kind: int) -> Frame:
        """The next data packet of a type, acknowledged; acknowledgements on the way are taken note of."""
        while time.monotonic() < self.until:
            frame = self.frame()
            if frame.leader == CONTROL:
                if frame.kind == ACK and frame.id == self.next_id:
                    self.next_id ^= 1
                continue
            if frame.id & 0x800:
                self.next_id = 0x80800000
            self.control(ACK, frame.id & ~0x800)
            if frame.kind == kind:
                return frame
        raise TimeoutError

    def break_in(self) -> bytes:
        """Stop the machine; gives the payload of its state change."""
        self.socket.sendall(b"b")
        return self.wait(STATE_CHANGE).payload

    def request(self, api: int, union: bytes = b"", data: bytes = b"", processor: int = 0) -> tuple[int, bytes, bytes]:
        """Status, the 40 bytes of the union, and the data of the reply."""
        head = struct.pack("<IHHII", api, 0, processor, 0, 0) + union.ljust(40, b"\0")
        self.data(MANIPULATE, head + data)
        reply = self.wait(MANIPULATE).payload
        assert reply[:4] == head[:4]
        return struct.unpack_from("<I", reply, 8)[0], reply[16:56], reply[56:]

    def read(self, address: int, count: int, api: int = 0x3130, processor: int = 0) -> tuple[int, bytes]:
        """Status and bytes of a read of memory (or of control space); the count that is stated must be right."""
        status, union, data = self.request(api, struct.pack("<QI", address, count), processor=processor)
        assert struct.unpack_from("<I", union, 12)[0] == len(data)
        return status, data

    def go(self, dr7: int = 0x400, wide: bool = True) -> None:
        """Let the machine run on, and wait for the acknowledgement."""
        control = struct.pack("<II", 0x10002, 0) + struct.pack("<Q" if wide else "<I", dr7)
        self.data(MANIPULATE, struct.pack("<IHHII", 0x313C, 0, 0, 0, 0) + control.ljust(40, b"\0"))
        expected = self.next_id
        while (frame := self.frame()).kind != ACK or frame.id != expected:
            pass
        self.next_id ^= 1
