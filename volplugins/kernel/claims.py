"""Structures that only one process can own: whoever is met first has them, and the next one is told whose they are.

A dump in which many processes lead to one structure (one tree of VADs, one list of threads, one environment) would
otherwise give its contents once for each of them.
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Owner:
    """A process as an owner; ``label`` is its name and PID, ``ended`` whether it has exited."""

    eprocess: int
    label: str
    ended: bool = False


@dataclass(slots=True)
class Claims:
    """Who was met first as the owner of each structure of one kind, by address.

    What a process that has exited left behind may be a running one's by now: it takes nothing from those.
    """

    _running: dict[int, Owner] = field(default_factory=dict)
    _ended: dict[int, Owner] = field(default_factory=dict)

    def holder(self, address: int, owner: Owner) -> Owner | None:
        """Another process that has the structure at ``address``; None where ``owner`` may have it."""
        first = self._running.get(address) or (self._ended.get(address) if owner.ended else None)
        return first if first is not None and first.eprocess != owner.eprocess else None

    def claim(self, address: int, owner: Owner) -> Owner | None:
        """Give the structure to ``owner`` unless another has it, who is returned then."""
        other = self.holder(address, owner)
        if other is None:
            (self._ended if owner.ended else self._running).setdefault(address, owner)
        return other


@dataclass(frozen=True, slots=True)
class SharedStructures:
    """The claims of one look at a dump.

    Attributes:
        vads: nodes of VAD trees; threads: entries of lists of threads; environment: page frames of environment blocks;
            modules: page frames of PEBs and of the loader's lists.
    """

    vads: Claims = field(default_factory=Claims)
    threads: Claims = field(default_factory=Claims)
    environment: Claims = field(default_factory=Claims)
    modules: Claims = field(default_factory=Claims)
