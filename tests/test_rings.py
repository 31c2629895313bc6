"""Dependencies point inwards only: each line of the table in docs/architecture.md."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1] / "volplugins"
CORE = (
    "memory", "paging", "image", "stack", "dumpfile", "dumpwriter", "imagefile", "loader", "kernel", "descriptors",
    "io", "processors", "waits", "kd", "wires", "target", "threads", "address", "bugcheck", "findings",
)  # fmt: skip
MAY_IMPORT = {
    "memory": (),
    "paging": ("memory",),
    "image": ("memory",),
    "stack": ("memory", "image"),
    "dumpfile": ("memory",),
    "dumpwriter": ("memory", "dumpfile"),
    "imagefile": ("memory", "dumpfile"),
    "loader": ("memory", "image"),
    "kernel": ("memory", "paging"),
    "descriptors": ("memory", "kernel"),
    "io": ("memory", "paging", "image", "loader", "kernel"),
    "processors": ("memory", "kernel", "io"),
    "waits": ("memory", "kernel", "loader", "io"),
    "kd": ("memory", "dumpfile"),
    "wires": ("dumpfile", "kd"),
    "target": ("memory", "paging", "image", "dumpfile", "dumpwriter", "imagefile", "kernel", "kd"),
    "threads": ("memory", "paging", "image", "stack", "dumpfile", "loader", "kernel"),
    "address": ("memory", "paging", "image", "loader", "kernel", "threads"),
    "bugcheck": CORE,
    "findings": CORE,
    "vol": (*CORE, "vol"),
    "plugins": (*CORE, "vol", "plugins"),
    "report": (),
    "corpus": ("report", "corpus"),
    "assistant": ("memory", "dumpfile", "report", "corpus", "triage", "api", "assistant"),
    "api": (*CORE, "vol", "packed", "report", "api"),
    "packed": ("dumpfile", "imagefile"),
    "triage": (*CORE, "vol", "plugins", "report", "packed", "triage"),
    "symbols_exchange": (*CORE, "vol", "packed", "symbols_exchange"),
    "batch": ("dumpfile", "vol", "report", "packed", "triage", "batch"),
    "cli": (
        *CORE,
        "vol",
        "cli",
        "lab",
        "plugins",
        "report",
        "packed",
        "triage",
        "symbols_exchange",
        "batch",
        "corpus",
        "assistant",
    ),
    "lab": (),
}
# rooms within a folder, from the ground up: each imports only those before it, and itself
FLOORS = {
    "bugcheck": ("words", "scene", "fault", "suspects", "devices", "hang", "culprit"),
    "vol": ("output", "layers", "symbols", "scene", "commands"),
    "lab": (
        "structures", "code", "machine", "kernel", "user", "devices", "world", "crashes", "waits", "machines",
        "writers", "damage", "serve",
    ),
}  # fmt: skip
THIRD_PARTY = {
    **{room: {"numpy", "pefile", "yara", "capstone", "cramjam", "dissect"} for room in CORE},
    "kd": set(),
    "wires": {"serial"},
    "lab": {"numpy"},
    "vol": {"numpy", "pefile", "yara", "volatility3"},
    "plugins": {"volatility3"},
    "report": {"jinja2"},
    "corpus": set(),
    "assistant": {"mcp"},
    "api": {"pandas", "pyarrow"},
    "packed": set(),
    "triage": {"numpy", "volatility3"},
    "symbols_exchange": {"volatility3"},
    "batch": {"volatility3", "rich", "distributed", "pyarrow"},
    "cli": {"volatility3", "rich", "shtab"},
}
KNOWN_THIRD_PARTY = {
    "numpy",
    "pefile",
    "yara",
    "volatility3",
    "rich",
    "jinja2",
    "dask",
    "distributed",
    "pyarrow",
    "capstone",
    "cramjam",
    "dissect",
    "serial",
    "pandas",
    "shtab",
    "mcp",
}


def imported(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative imports hide which room is meant"
            names.add(node.module or "")
    return names


def rooms() -> list[str]:
    return sorted(p.name for p in ROOT.iterdir() if p.is_dir() and not p.name.startswith("__"))


def test_every_room_is_in_the_table() -> None:
    assert set(rooms()) == set(MAY_IMPORT)


@pytest.mark.parametrize("room", rooms())
def test_imports_point_inwards(room: str) -> None:
    for path in (ROOT / room).rglob("*.py"):
        for name in imported(path):
            top, *rest = name.split(".")
            if top == "volplugins" and rest:
                assert rest[0] in (*MAY_IMPORT[room], room), f"{path} imports {name}"
            elif top in KNOWN_THIRD_PARTY:
                assert top in THIRD_PARTY[room], f"{path} imports {name}"


@pytest.mark.parametrize("folder", FLOORS)
def test_rooms_of_a_folder_stand_on_each_other(folder: str) -> None:
    floors = FLOORS[folder]
    assert {p.name for p in (ROOT / folder).iterdir() if p.is_dir() and not p.name.startswith("__")} == set(floors)
    for floor, room in enumerate(floors):
        for path in (ROOT / folder / room).rglob("*.py"):
            for name in imported(path):
                top, *rest = name.split(".")
                if (top, *rest[:1]) == ("volplugins", folder) and len(rest) > 1:
                    assert rest[1] in floors[: floor + 1], f"{path} imports {name}"


def test_every_room_says_what_it_is_for() -> None:
    for path in ROOT.rglob("__init__.py"):
        assert ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))), path


def test_no_file_is_named_for_nothing() -> None:
    assert not [p for p in ROOT.rglob("*.py") if p.stem in {"utils", "util", "helpers", "common", "misc", "stuff"}]
