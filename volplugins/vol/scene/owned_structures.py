"""What belongs to one process alone: ranges, threads, lists of modules; walked for the first that leads there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from volplugins.kernel.claims import Claims, Owner
from volplugins.kernel.process import Process
from volplugins.kernel.thread import ListOwner, Thread, walk_threads
from volplugins.kernel.vads import Vads, walk_vads
from volplugins.loader.loader_lists import ListsReader, LoaderLists, read_loader_lists
from volplugins.vol.scene.shared_work import once_of_scene

if TYPE_CHECKING:
    from volplugins.bugcheck.scene.crash_scene import CrashScene
    from volplugins.paging.address_space import AddressSpace


def owner_of(process: Process) -> Owner:
    """The process as an owner of structures."""
    return Owner(process.eprocess, f"{process.name} {process.pid}", bool(process.exit_time))


def vads_of(scene: CrashScene, process: Process) -> Vads:
    """The ranges of a process; a tree that another process was met with before is that one's."""
    root = process.vad_root or 0

    def walk() -> Vads:
        return walk_vads(scene.memory, root, scene.layouts.vad, scene.bits, scene.shared.vads, owner_of(process))

    return once_of_scene(scene, ("vads", process.eprocess, root), walk, lambda vads: len(vads.ranges))


def threads_in_list(scene: CrashScene, process: Process, problems: list[str] | None = None) -> Iterator[Thread]:
    """The threads of a process by its list; those of another process's list are not given again.

    Args:
        problems: takes why the list could not be followed to its end.
    """
    if lists_threads(scene):
        layouts, whose = scene.layouts, ListOwner(scene.shared.threads, owner_of(process))
        yield from walk_threads(scene.memory, process.eprocess, layouts.process, layouts.thread, problems, whose)


def lists_threads(scene: CrashScene) -> bool:
    """Whether this build's lists of threads can be followed."""
    return scene.layouts.process.has("ThreadListHead") and scene.layouts.thread.has("ThreadListEntry")


def environment_owner(scene: CrashScene, process: Process, space: AddressSpace) -> Callable[[int], str]:
    """Says whose a page of an environment block is, where it is another process's; empty where it may be read."""
    return _page_owner(scene.shared.environment, process, space, "whose environment that is")


def modules_owner(scene: CrashScene, process: Process, space: AddressSpace) -> Callable[[int], str]:
    """The same of a page of a PEB or of the loader's lists."""
    return _page_owner(scene.shared.modules, process, space, "whose modules those are")


def lists_reader(scene: CrashScene, process: Process, space: AddressSpace) -> ListsReader:
    """Reads the loader's lists of a process; where work is shared, once for all commands while there is room."""
    taken = modules_owner(scene, process, space)

    def read(ldr: int, bits: int) -> LoaderLists:
        key = ("loader lists", process.eprocess, space.directory_table_base, ldr, bits)
        return once_of_scene(scene, key, lambda: read_loader_lists(space, ldr, bits, taken), _entries)

    return read


def _entries(lists: LoaderLists) -> int:
    """As ranges are counted, which are half as large."""
    return 2 * len(lists.entries)


def _page_owner(claims: Claims, process: Process, space: AddressSpace, text: str) -> Callable[[int], str]:
    owner = owner_of(process)

    def taken(address: int) -> str:
        page = space.page_in_memory(address & -0x1000)
        other = claims.claim(page, owner) if page is not None else None
        return f"a page of {other.label}, {text}" if other is not None else ""

    return taken
