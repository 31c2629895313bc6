"""What came over the wire and what was made of it, for tests and for counting."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

# requests by number (windbgkd.h), those that change the machine among them
NAMES = {
    0x3130: "read virtual", 0x3131: "write virtual", 0x3132: "get context", 0x3133: "set context",
    0x3134: "write breakpoint", 0x3135: "restore breakpoint", 0x3136: "continue", 0x3137: "read control space",
    0x3138: "write control space", 0x3139: "read port", 0x313A: "write port", 0x313B: "reboot", 0x313C: "continue 2",
    0x313D: "read physical", 0x313E: "write physical", 0x3144: "read port extended", 0x3145: "write port extended",
    0x3146: "get version", 0x3147: "write breakpoints", 0x3148: "restore breakpoints", 0x3149: "cause bugcheck",
    0x3150: "switch processor", 0x3152: "read msr", 0x3153: "write msr", 0x3156: "search memory",
    0x3157: "get bus data", 0x3158: "set bus data", 0x315B: "fill memory", 0x315C: "query memory",
    0x315F: "get context ex", 0x3160: "set context ex",
}  # fmt: skip
WRITES = frozenset(
    {
        0x3131,
        0x3133,
        0x3134,
        0x3135,
        0x3138,
        0x313A,
        0x313B,
        0x313E,
        0x3145,
        0x3147,
        0x3148,
        0x3149,
        0x3153,
        0x3158,
        0x315B,
        0x3160,
    }
)


@dataclass(frozen=True, slots=True)
class Asked:
    """A request that was answered: its number, processor, two first operands, the status and size of the answer.

    Attributes:
        operand: what stands at offset 16: an address, an MSR's number, flags.
        count: what stands behind it: bytes that were asked for.
        actual: bytes of data that the answer had.
    """

    api: int
    processor: int
    operand: int
    count: int
    status: int
    actual: int

    @property
    def name(self) -> str:
        """The request in words."""
        return NAMES.get(self.api, f"{self.api:#x}")


@dataclass(slots=True)
class WireLog:
    """Everything of one served machine, over all connections.

    Attributes:
        asked: requests in their order.
        writes: those of them that would have changed the machine; none is carried out.
        continues: (status, Dr7) of each continue; Dr7 is None where the request has none.
        bytes_in, bytes_out: on the line, framing and repetitions included.
        break_ins, resets, connections: how many there were.
        prompts: what the debugger answered to prompts.
        gave_up: announcements that nobody acknowledged.
    """

    asked: list[Asked] = field(default_factory=list)
    writes: list[Asked] = field(default_factory=list)
    continues: list[tuple[int, int | None]] = field(default_factory=list)
    prompts: list[bytes] = field(default_factory=list)
    bytes_in: int = 0
    bytes_out: int = 0
    break_ins: int = 0
    resets: int = 0
    connections: int = 0
    gave_up: int = 0

    def record(self, asked: Asked) -> None:
        """Keep a request."""
        self.asked.append(asked)
        if asked.api in WRITES:
            self.writes.append(asked)

    def seconds(self, round_trip: float = 0.002, byte: float = 0.000005) -> float:
        """How long it all would take on a line with these costs of a request and of a byte (those of QEMU's)."""
        return len(self.asked) * round_trip + (self.bytes_in + self.bytes_out) * byte

    def summary(self) -> str:
        """The figures on one line."""
        kinds = Counter(each.name for each in self.asked)
        parts = ", ".join(f"{count} {name}" for name, count in kinds.most_common())
        return (
            f"{len(self.asked)} requests ({parts or 'none'}), {self.bytes_in} bytes in, {self.bytes_out} out, "
            f"{len(self.writes)} writes, {len(self.continues)} continues"
        )
