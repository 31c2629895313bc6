"""``volplugins mcp``, asked by the SDK's own client: answers, bounds, what is refused, hostile texts."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from volatility3.framework import constants

from tests.report.hostile_dump import hostile_dump
from volplugins.assistant.answers import MOST_CHARACTERS, NOTICE, answer
from volplugins.assistant.questions import Questions
from volplugins.assistant.results import Results
from volplugins.assistant.server import made_server
from volplugins.cli.main import main
from volplugins.lab.damage.user import with_user_defect
from volplugins.lab.machines.catalogue import build
from volplugins.lab.writers import write

anyio = pytest.importorskip("anyio", reason="the protocol's SDK is not installed (extra mcp)")
mcp = pytest.importorskip("mcp", reason="the protocol's SDK is not installed (extra mcp)")
if not hasattr(mcp, "Client"):
    pytest.skip("this SDK has no client of the second version", allow_module_level=True)

Ask = Callable[..., dict[str, Any]]


def asked(server: Any, calls: list[tuple[str, dict[str, Any]]]) -> tuple[list[str], list[dict[str, Any]]]:
    """Names of the tools, and what each call gave, through the SDK's client."""

    async def talk() -> tuple[list[str], list[dict[str, Any]]]:
        async with mcp.Client(server) as client:
            names = [tool.name for tool in (await client.list_tools()).tools]
            found = []
            for name, arguments in calls:
                result = await client.call_tool(name, arguments)
                found.append(json.loads(result.content[0].text))
            return names, found

    found: tuple[list[str], list[dict[str, Any]]] = anyio.run(talk)
    return found


@pytest.fixture(scope="module")
def evidence(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a dump that has a finding, a hostile one, a text and a link that leads out."""
    constants.CACHE_PATH = str(tmp_path_factory.mktemp("cache"))
    folder = tmp_path_factory.mktemp("evidence")
    (folder / "a").mkdir()
    write(with_user_defect(build("win10-x64"), "module-in-no-list"), "full", folder / "a" / "odd.dmp")
    hostile_dump(folder / "evil.dmp", build("win7-x64"))
    (folder / "notes.txt").write_text("no dump")
    outside = tmp_path_factory.mktemp("outside")
    shutil.copy(folder / "a" / "odd.dmp", outside / "secret.dmp")
    (folder / "link.dmp").symlink_to(outside / "secret.dmp")
    (folder / "linked").symlink_to(outside)
    return folder


@pytest.fixture(scope="module")
def server(evidence: Path) -> Any:
    results = Results(evidence)
    yield made_server(Questions(results))
    results.close()
    assert not Path(results._scratch).exists()


@pytest.fixture
def ask(server: Any) -> Ask:
    return lambda tool, **arguments: asked(server, [(tool, arguments)])[1][0]


def test_the_tools_and_their_answers(server: Any, evidence: Path) -> None:
    dump = "a/odd.dmp"
    names, (files, told, found, stack, rows, place) = asked(
        server,
        [
            ("list_files", {}), ("triage", {"file": dump}), ("findings", {"file": dump, "severity": "odd"}),
            ("stack", {"file": dump, "pid": 4}),
            ("rows", {"file": dump, "section": "process", "filters": {"Name": "LSASS"}, "columns": ["PID", "Name"]}),
            ("translate", {"file": dump, "address": "0x10", "process": "explorer.exe"}),
        ],
    )  # fmt: skip
    assert names == ["list_files", "triage", "findings", "stack", "rows", "translate"]
    assert [each["file"] for each in files["data"]] == ["evil.dmp", dump]
    assert told["data"]["crash"]["image"] == "acmedrv.sys" and told["data"]["stack"][0].startswith("acmedrv")
    assert [each["kind"] for each in found["data"]] == ["module-not-listed"] and found["all"] == 1
    assert stack["data"] and {row["PID"] for row in stack["data"]} == {4}
    assert [row["Name"] for row in rows["data"] if row["Name"]] and set(rows["data"][0]) == {"PID", "Name"}
    assert place["data"]["state"] == "not-mapped" and place["data"]["steps"]
    assert all(each["notice"] == NOTICE for each in (files, told, found, stack, rows, place))
    assert sorted(path.name for path in evidence.iterdir()) == ["a", "evil.dmp", "link.dmp", "linked", "notes.txt"]


@pytest.mark.parametrize(
    "name", ["../outside/secret.dmp", "/etc/passwd", "link.dmp", "linked/secret.dmp", "", "a", "none.dmp", "a\0b"]
)
def test_nothing_else_is_reached(ask: Ask, name: str) -> None:
    for tool, more in (("triage", {}), ("rows", {"section": "process"}), ("translate", {"address": "0"})):
        said = ask(tool, file=name, **more)
        assert set(said) == {"error"} and "/tmp" not in said["error"] and "outside" not in said["error"]


def test_what_cannot_be_answered(ask: Ask) -> None:
    assert "no dump" not in ask("triage", file="notes.txt").get("data", "")
    assert "there are: " in ask("rows", file="a/odd.dmp", section="../../x")["error"]
    assert "none" in ask("translate", file="a/odd.dmp", address="zz")["error"]
    assert "fits no PID" in ask("translate", file="a/odd.dmp", address="10", process="nobody")["error"]
    assert ask("stack", file="a/odd.dmp") == {"error": "say which: a tid, or a pid"}


def test_answers_are_bounded(ask: Ask) -> None:
    said = ask("rows", file="a/odd.dmp", section="peb", limit=100_000)
    assert len(said["data"]) <= 200 and len(json.dumps(said)) <= MOST_CHARACTERS
    more = ask("rows", file="a/odd.dmp", section="peb", offset=len(said["data"]), limit=1)
    assert more["data"] and more["data"][0] != said["data"][0]
    long = answer([{"text": "x" * 1000}] * 5000)
    assert len(json.dumps(long)) <= MOST_CHARACTERS and "cut" in long
    assert len(json.dumps(answer({"a": {str(n): "y" * 400 for n in range(200)}}))) <= MOST_CHARACTERS


def test_hostile_texts_stay_below_data(ask: Ask) -> None:
    for tool, more in (
        ("triage", {}), ("findings", {}), ("rows", {"section": "process"}), ("rows", {"section": "lm"}),
        ("rows", {"section": "peb", "limit": 200}),
    ):  # fmt: skip
        said = ask(tool, file="evil.dmp", **more)
        assert set(said) <= {"notice", "file", "section", "offset", "all", "cut", "data"} and said["notice"] == NOTICE
        text = json.dumps(said, ensure_ascii=False)
        assert text.isprintable() and "\u202e" not in text


def test_over_standard_input_and_output(evidence: Path) -> None:
    from mcp import StdioServerParameters

    root = str(Path(__file__).parents[2])
    command = ["-m", "volplugins.cli.main", "mcp", str(evidence)]
    server = StdioServerParameters(command=sys.executable, args=command, env={"PYTHONPATH": root}, cwd=root)
    _, (files,) = asked(server, [("list_files", {})])
    assert [each["file"] for each in files["data"]] == ["evil.dmp", "a/odd.dmp"]


def test_what_is_said_where_it_cannot_serve(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["mcp", str(tmp_path / "none")]) == 3
    monkeypatch.setitem(sys.modules, "mcp", None)
    for name in [name for name in sys.modules if name.startswith("mcp.server")]:
        monkeypatch.setitem(sys.modules, name, None)
    assert main(["mcp", str(tmp_path)]) == 1
    assert "pip install 'volplugins[mcp]'" in capsys.readouterr().err
