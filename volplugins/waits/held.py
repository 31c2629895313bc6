"""What a thread waits for, with who holds it, as far as memory tells."""

from __future__ import annotations

from dataclasses import dataclass, replace

from volplugins.waits.words import Kind


@dataclass(frozen=True, slots=True)
class Held:
    """One thing that is waited for.

    Attributes:
        object: the lock, request or message where one is known, else the dispatcher object or the address waited for.
        kind: what it is.
        owners: ETHREADs of those who hold it, or who have to do what is waited for; none where nobody says.
        sure: whether what leads from the waiter to the owners was found at both ends; a deadlock needs that of each
            of its waits.
        name: its full name or symbol; empty for none.
        notes: how the lock and its owner are known, and what is odd.
        owner_pid: of the process that has to act, where no thread of it is known.
        idle: whether it is a worker's queue, or a server's port.
        driver: name of the driver that holds the request; remote: whether that is one that waits for other machines.
        self_blocks: whether its owner waits for ever who asks for it again (locks that do not count their owner's
            acquisitions).
        owner_gone: whether it is held by one of whom no thread is left.
    """

    object: int
    kind: Kind
    owners: tuple[int, ...] = ()
    sure: bool = False
    name: str = ""
    notes: tuple[str, ...] = ()
    owner_pid: int | None = None
    idle: bool = False
    driver: str = ""
    remote: bool = False
    self_blocks: bool = False
    owner_gone: bool = False

    @property
    def of_itself(self) -> str:
        """What that is for one of its owners who waits for it, in words."""
        return "its own end" if self.kind is Kind.THREAD else "what it holds itself"

    def noting(self, *texts: str) -> Held:
        """The same with further notes; empty ones are left out."""
        return replace(self, notes=tuple(dict.fromkeys((*self.notes, *(text for text in texts if text)))))
