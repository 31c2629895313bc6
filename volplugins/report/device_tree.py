"""The device tree with its stacks as the page draws it, from the rows of windows.kd.devices ``--stacks``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from volplugins.report import caps
from volplugins.report.driver_names import DriverName, DriverNames
from volplugins.report.grids import Budget
from volplugins.report.pending_requests import Held, PendingRequests
from volplugins.report.row_file import Row
from volplugins.report.shown_text import shown

_STARTED = "DeviceNodeStarted"
_LOOSE = "belongs to no device node"
_JOINT = " > "
_ALL_OPEN = 40  # nodes of a tree that is shown unfolded
_FEW = 8  # stacks outside of the tree that are shown unfolded


@dataclass(slots=True)
class Layer:
    """One device of a stack: its driver, what is told of it, and the requests that it holds."""

    driver: DriverName
    name: str = ""
    told: str = ""
    held: Held = field(default_factory=Held)
    odd: str = ""


@dataclass(slots=True)
class Node:
    """A device node, or (``level`` None) a stack that belongs to none.

    Attributes:
        model, last: of its instance path; the last part tells it from others of its model.
        blamed: whether it is the device that the crash is blamed on.
        trouble: its problem, and its state where that is not started; empty where nothing is wrong.
        stack: top first. ``left``: devices of it for which there is no room.
        marks: how many of these there are in it and below it: nodes in trouble, drivers of others, requests.
        below: nodes below it, at any depth. ``deeper``: its true level, where it is set in less than that.
    """

    level: int | None
    model: str = ""
    last: str = ""
    service: str = ""
    blamed: bool = False
    trouble: list[str] = field(default_factory=list)
    note: str = ""
    told: str = ""
    stack: list[Layer] = field(default_factory=list)
    left: int = 0
    children: list[Node] = field(default_factory=list)
    marks: int = 0
    below: int = 0
    deeper: int | None = None
    open: bool = True

    @property
    def own_marks(self) -> int:
        """What is marked in the node itself."""
        foreign = sum(bool(layer.driver.why) for layer in self.stack)
        requests = sum(len(layer.held.tokens) for layer in self.stack)
        return self.blamed + bool(self.trouble) + foreign + requests + sum(bool(layer.odd) for layer in self.stack)


class DeviceTree:
    """The drawing.

    Attributes:
        roots: of the tree. ``loose``: stacks outside of it that have a mark. ``quiet``: the others.
        nodes: how many are drawn; ``left``: for how many nodes and stacks there was no room.
        notes: what the command says of what it could not follow.
    """

    def __init__(self, drivers: DriverNames, requests: PendingRequests, budget: Budget, blamed: str = "") -> None:
        """``blamed``: instance path of the device that the crash is blamed on."""
        self._drivers, self._requests, self._budget, self._blamed = drivers, requests, budget, blamed
        self.roots: list[Node] = []
        self.loose: list[Node] = []
        self.quiet: list[Node] = []
        self.nodes = self.left = self.troubled = 0
        self.notes: list[str] = []

    def read(self, rows: Iterable[Row]) -> None:
        """Take the rows of the file: a node or the head of a stack, then the devices of its stack."""
        path: list[Node] = []
        current: Node | None = None
        stacks: list[Node] = []
        for row in rows:
            if row.get("Device"):
                if current is not None:
                    self._layer(current, row)
            elif row.get("DeviceNode") or row.get("Stack"):
                current = self._node(row, len(stacks))
                if current is not None and current.level is None:
                    stacks.append(current)
                elif current is not None:
                    self._place(current, path)
            elif row.get("Note") and len(self.notes) < caps.LIST_ROWS:
                self.notes.append(shown(row["Note"], caps.TEXT))
        self._finish(stacks)

    def _node(self, row: Row, stacks: int) -> Node | None:
        cells = [shown(row.get(name)) for name in ("Instance", "Service", "State", "Problem", "Note", "Stack", "PDO")]
        instance, service, state, problem, note, stack, device = cells
        in_tree = bool(row.get("DeviceNode"))
        room = self.nodes < caps.NODES if in_tree else stacks < caps.LOOSE_STACKS
        if not room or not self._budget.takes(cells):
            self.left += 1
            return None
        self.nodes += in_tree
        level = _level(row.get("Depth")) if in_tree else None
        model, _, last = instance.rpartition("\\")
        strange = [state] if state and state.split(" ")[0] != _STARTED else []
        trouble = [problem] * bool(problem) + strange
        self.troubled += bool(trouble)
        notes = "; ".join(part for part in note.split("; ") if part != _LOOSE)
        facts = (
            instance,
            f"node {shown(row['DeviceNode'], 40)}" if in_tree else "",
            state,
            f"PDO {device}" if device else "",
        )
        node = Node(
            level, model, last, service.rpartition("\\")[2], bool(instance) and instance == self._blamed, trouble,
            notes, " · ".join(filter(None, facts)),
        )  # fmt: skip
        names = stack.split(_JOINT) if stack else []
        node.stack = [Layer(self._drivers.of(name)) for name in names[: caps.LAYERS]]
        node.left = max(0, len(names) - caps.LAYERS)
        return node

    def _layer(self, node: Node, row: Row) -> None:
        """A device of the node's stack, in the place of the first layer that is known by its driver's name alone."""
        at = next((number for number, layer in enumerate(node.stack) if not layer.told), len(node.stack))
        if at >= caps.LAYERS:
            return
        address, name = shown(row.get("Device"), 40), shown(row.get("Name"), 120)
        kind, note = shown(row.get("Type"), 60), shown(row.get("Note"))
        driver = self._drivers.of(row.get("Driver") or "?")
        told = " · ".join(filter(None, (driver.whole, driver.why, name, kind, f"device {address}", note)))
        held = self._requests.of(address)
        self._budget.takes([told, *(token.told for token in held.tokens)])
        layer = Layer(driver, name, told, held, note if note and not note.startswith("mounted: ") else "")
        node.stack[at : at + 1] = [layer]

    def _place(self, node: Node, path: list[Node]) -> None:
        """Below the last node of a lower level; ``path`` leads to the node that was placed last."""
        level = node.level or 0
        while path and (path[-1].level or 0) >= level:
            path.pop()
        if len(path) > caps.LEVELS:
            node.deeper = level
        (path[min(len(path), caps.LEVELS + 1) - 1].children if path else self.roots).append(node)
        path.append(node)

    def _finish(self, stacks: list[Node]) -> None:
        """Sums from the leaves up, what is unfolded, and which stacks outside of the tree are worth a look."""
        for node in reversed(list(_walk(self.roots))):
            node.below = sum(child.below + 1 for child in node.children)
            node.marks = node.own_marks + sum(child.marks for child in node.children)
            node.open = self.nodes <= _ALL_OPEN or any(child.marks for child in node.children)
        for stack in stacks:
            stack.marks = stack.own_marks
            (self.loose if stack.marks else self.quiet).append(stack)

    @property
    def quiet_open(self) -> bool:
        """Whether the stacks without a mark are unfolded."""
        return len(self.quiet) <= _FEW


def _walk(nodes: Iterable[Node]) -> Iterator[Node]:
    """Parents before their children; not by recursion, for a tree has as many levels as its rows say."""
    waiting = list(nodes)
    while waiting:
        node = waiting.pop()
        yield node
        waiting += node.children


def _level(depth: object) -> int:
    return depth if isinstance(depth, int) and not isinstance(depth, bool) and 0 <= depth < 1 << 20 else 0
