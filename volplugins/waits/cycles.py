"""Strongly connected components of a graph (Tarjan's algorithm, without recursion: chains may be of any length)."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping, Sequence


def components(edges: Mapping[int, Sequence[int]], nodes: Mapping[int, None]) -> Iterator[tuple[int, ...]]:
    """The components of the part of the graph that is made of ``nodes``; linear in it."""
    search = _Search(edges, nodes)
    for node in nodes:
        if node not in search.number:
            yield from search.run(node)


class _Search:
    """One search: ``number`` is the order in which nodes were met, ``low`` the earliest that each leads back to."""

    def __init__(self, edges: Mapping[int, Sequence[int]], nodes: Container[int]) -> None:
        self._edges, self._nodes = edges, nodes
        self.number: dict[int, int] = {}
        self._low: dict[int, int] = {}
        self._open: dict[int, None] = {}

    def run(self, start: int) -> Iterator[tuple[int, ...]]:
        """The components that are met from ``start`` on."""
        work = [(start, self._enter(start))]
        while work:
            node, following = work[-1]
            onward = next((each for each in following if self._meet(node, each)), None)
            if onward is not None:
                work.append((onward, self._enter(onward)))
                continue
            work.pop()
            if work:
                parent = work[-1][0]
                self._low[parent] = min(self._low[parent], self._low[node])
            if self._low[node] == self.number[node]:
                yield self._close(node)

    def _enter(self, node: int) -> Iterator[int]:
        self.number[node] = self._low[node] = len(self.number)
        self._open[node] = None
        return iter(self._edges[node])

    def _meet(self, node: int, other: int) -> bool:
        """Whether ``other`` is new; one that is open is led back to."""
        if other not in self._nodes:
            return False
        if other not in self.number:
            return True
        if other in self._open:
            self._low[node] = min(self._low[node], self.number[other])
        return False

    def _close(self, root: int) -> tuple[int, ...]:
        found = []
        while True:
            node, _ = self._open.popitem()
            found.append(node)
            if node == root:
                return tuple(reversed(found))
