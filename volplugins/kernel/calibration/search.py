"""Members found in live objects, where no row of a table fits: each at the one offset that passes its test.

A member that cannot be tested is taken from a row only where the members on both sides of it were found and moved by
one distance. What is neither is left out: a layout without a member says less, and nothing wrong.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from volplugins.kernel.calibration.facts import PROCESS_FACTS, THREAD_FACTS, Objects, process_ids_in_threads
from volplugins.kernel.calibration.judgement import thread_lists, with_threads
from volplugins.memory.structure import Layout

_REACH = 0x1000
# how the source of a calibrated layout begins
FOUND = "found in"


def found_process(objects: Objects, base: Layout, row: Layout) -> tuple[Layout, dict[str, str]]:
    """The members of EPROCESS that its objects show, and the witness of each.

    Args:
        base: what is known already (id, links, name, and what KDBG states).
        row: the nearest of a table, for what lies between members that are known.
    """
    places, witnesses = dict(base.members), dict[str, str]()
    finders = {"ThreadListHead": _thread_list_head, "ObjectTable": _handle_table}
    if "VadCount" in row.members:  # since 8.1: a tree of its own, with nodes of one form
        finders["VadRoot"] = _tree_root
    for name, find in finders.items():
        at = find(objects)
        places.pop(name, None)
        if at is not None and not objects.cut:  # the first of several may be all that was seen
            places[name] = (at, row.members.get(name, (0, objects.width))[1])
            witnesses[name] = PROCESS_FACTS[name].witness
    return _layout(base, places, row, "System and the processes behind it"), witnesses


def found_thread(objects: Objects, base: Layout, row: Layout, process: Layout) -> tuple[Layout, dict[str, str]]:
    """As ``found_process``, of ETHREAD; ``base`` holds what KDBG states."""
    places, witnesses = dict(base.members), dict[str, str]()
    lists = thread_lists(objects, process.offset("ThreadListHead")) if process.has("ThreadListHead") else ()
    objects = with_threads(objects, lists)
    if lists:
        places["ThreadListEntry"] = (lists[0].distance, 2 * objects.width)
        witnesses["ThreadListEntry"] = "the lists of the processes lead there"
    cids = [at for at in _offsets(objects) if process_ids_in_threads(objects, at, process)]
    if len(cids) == 1:
        places["Cid"] = (cids[0], 2 * objects.width)
        witnesses["Cid"] = "ids of the processes that the threads belong to"
    owners = [at for at in _offsets(objects) if THREAD_FACTS["Process"].test(objects, at)]
    apc = places.get("ApcProcess", (None,))[0]
    others = [at for at in owners if at != apc]
    if apc in owners and len(others) == 1:
        places["Process"] = (others[0], objects.width)
        witnesses["Process"] = THREAD_FACTS["Process"].witness
    return _layout(base, places, row, "threads of the first processes"), witnesses


def _thread_list_head(objects: Objects) -> int | None:
    """That of EPROCESS: KPROCESS has one as well, whose entries lie nearer to the thread's start."""
    test = PROCESS_FACTS["ThreadListHead"].test
    heads = [at for at in _offsets(objects) if test(objects, at)]
    distances = {at: lists[0].distance for at in heads if (lists := thread_lists(objects, at))}
    return max(distances, key=lambda at: distances[at], default=None)


def _tree_root(objects: Objects) -> int | None:
    """The first of all: the hint behind it may lead to the root as well."""
    return next((at for at in _offsets(objects) if PROCESS_FACTS["VadRoot"].test(objects, at)), None)


def _handle_table(objects: Objects) -> int | None:
    """The one offset that passes; None where none or several do."""
    found = [at for at in _offsets(objects) if PROCESS_FACTS["ObjectTable"].test(objects, at)]
    return found[0] if len(found) == 1 else None


def _offsets(objects: Objects) -> Iterator[int]:
    yield from range(0x10, _REACH, objects.width)


def moved_alike(layout: Layout, found: Layout, row: Layout) -> Layout:
    """Members of another layout of the same structure, each moved as those around it that were found.

    Args:
        layout: by the table, as ``row``; ``found``: what the row became.
    """
    shifts = _shifts(found.members, row)
    members = {
        name: (at + delta, size)
        for name, (at, size) in layout.members.items()
        if (delta := _between(shifts, at)) is not None
    }
    bits = {
        name: (place[0] + delta, *place[1:])
        for name, place in layout.bits.items()
        if (delta := _between(shifts, place[0])) is not None
    }
    ends = [at + size for at, size, *_ in (*members.values(), *bits.values())]
    return Layout(layout.name, max(ends, default=0), members, f"{FOUND} live objects; {layout.source}, moved", bits)


def _layout(base: Layout, places: Mapping[str, tuple[int, int]], row: Layout, where: str) -> Layout:
    """The layout of found members, and of those of a row that lie between two that moved by one distance."""
    known = Layout(base.name, 0, places, base.source)
    between = moved_alike(row, known, row)
    members = {**between.members, **places}
    ends = [at + size for at, size, *_ in (*members.values(), *between.bits.values())]
    source = f"{FOUND} {where}; {row.source} between members that moved alike"
    return Layout(base.name, max(ends, default=0), members, source, between.bits)


def _shifts(places: Mapping[str, tuple[int, int]], row: Layout) -> list[tuple[int, int]]:
    """Offsets in the row of members that were found, ascending, and how far each moved."""
    return sorted((row.offset(name), at - row.offset(name)) for name, (at, _) in places.items() if name in row.members)


def _between(moved: list[tuple[int, int]], at: int) -> int | None:
    """How far a member moved: as the nearest known ones on both sides, where they agree."""
    before = [delta for known, delta in moved if known <= at]
    after = [delta for known, delta in moved if known >= at]
    return before[-1] if before and after and before[-1] == after[0] else None
