"""An open target from Python: the same facts as the commands give, on dumps and images, and what is raised."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

import volplugins
from tests.live.serving import serving
from tests.report.hostile import RUN
from tests.report.hostile_dump import hostile_dump
from volplugins.lab.damage.user import with_user_defect
from volplugins.lab.machines.catalogue import build
from volplugins.lab.writers import write

CHEAP = (
    "import sys, volplugins; print([m for m in sys.modules if m.startswith(('volatility3', 'numpy', 'volplugins.'))])"
)


def test_the_import_alone_is_cheap() -> None:
    done = subprocess.run([sys.executable, "-c", CHEAP], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == "[]"


def test_what_is_public_is_listed_in_both_places() -> None:
    from volplugins import api

    assert sorted(api.__all__) == sorted(set(volplugins.__all__) - {"__version__"})
    assert volplugins.__all__ == sorted(volplugins.__all__, key=lambda name: (not name[0].isupper(), name))
    for name in volplugins.__all__:
        assert getattr(volplugins, name) is not None
    assert set(volplugins.__all__) <= set(dir(volplugins))
    with pytest.raises(AttributeError, match="no attribute"):
        volplugins.nothing_of_the_sort  # noqa: B018


def test_an_image_gives_the_same_as_the_dump(dumps: Path) -> None:
    told = []
    for name in ("MEMORY.DMP", "image.raw"):
        with volplugins.open(dumps / name) as target:
            told.append((target.info.build, target.info.kernel_base, [each.image_name for each in target.modules()]))
            crash = target.analysis()
            assert crash.culprit is not None and crash.culprit.image_name == "acmedrv.sys"
    assert told[0] == told[1]


def test_threads_lead_to_stacks_and_their_processes(dumps: Path) -> None:
    with volplugins.open(dumps / "image.raw") as target:
        for process in target.processes():
            threads = target.threads(process)
            assert {thread.pid for thread in threads} <= {process.pid}
            for thread in threads[:1]:
                stack = target.stack(thread)
                assert stack.process == process and stack.stop and len(stack) == len(list(stack))
        wow64 = next(each for each in target.processes() if each.wow64)
        rings = {frame.ring for thread in target.threads(wow64) for frame in target.stack(thread)}
        assert rings == {"kernel", "user", "wow64"}
        names = {each.image_name.lower() for each in target.modules(wow64)}
        assert any("wow64" in name for name in names), names


def test_memory_is_read_through_a_process(dumps: Path) -> None:
    with volplugins.open(dumps / "MEMORY.DMP") as target:
        module = target.modules("explorer.exe")[0]
        assert target.read(module.base, 2, "explorer.exe") == b"MZ"
        assert target.translate(module.base, "explorer.exe").physical is not None
        assert target.translate(module.base).physical is None
        with pytest.raises(volplugins.UnreadableMemory, match="cannot be read"):
            target.read(module.base, 2)
        with pytest.raises(ValueError, match="at once"):
            target.read(0, 1 << 40)
        assert sum(each.size for each in target.regions("explorer.exe")) == target.regions("explorer.exe")[-1].end


def test_a_small_dump_says_what_it_lacks(dumps: Path) -> None:
    with volplugins.open(dumps / "small.dmp") as target:
        assert len(target.processes()) == len(target.threads()) == 1
        assert target.stack(target.threads()[0])[0].symbol.startswith("nt!")
        assert (
            target.regions("x").problems == target.modules("x").problems == ("user memory is not in this kind of dump",)
        )
        with pytest.raises(volplugins.UnsupportedDumpType):
            target.translate(0x1000)


def test_what_is_raised(dumps: Path, tmp_path: Path) -> None:
    (tmp_path / "text").write_text("no dump")
    for place, kind in (
        ("none", volplugins.DumpNotFound),
        (".", volplugins.IsADirectory),
        ("text", volplugins.NotADump),
    ):
        with pytest.raises(volplugins.DumpError) as caught, volplugins.open(tmp_path / place):
            pass
        assert isinstance(caught.value, kind) and "\n" not in str(caught.value)
    with pytest.raises(volplugins.DumpError), volplugins.open("kd+unix:///nowhere/kd.sock"):
        pass
    with pytest.raises(NotADirectoryError, match="symbols"), volplugins.open(dumps / "MEMORY.DMP", ["/none"]):
        pass
    with pytest.raises(TypeError, match="sequence"), volplugins.open(dumps / "MEMORY.DMP", "/tmp"):
        pass
    with volplugins.open(dumps / "MEMORY.DMP") as target:
        with pytest.raises(volplugins.NoSuchProcess, match="fits no"):
            target.threads("nobody.exe")
        with pytest.raises(LookupError, match="fits 2 processes"):
            target.regions("svchost.exe")
    with pytest.raises(ValueError, match="closed"):
        target.processes()


def test_a_live_machine_gives_what_its_image_gives(dumps: Path) -> None:
    with volplugins.open(dumps / "MEMORY.DMP") as target:
        expected = [(each.pid, each.eprocess) for each in target.processes(scan=False)]
        modules = list(target.modules())
    with serving("--fault", "driver-read") as served:
        with volplugins.open(served.url) as target:
            assert target.info.kind == "live" and list(target.modules()) == modules
            assert [(each.pid, each.eprocess) for each in target.processes(scan=False)] == expected
            assert target.stack(target.threads("lsass.exe")[0])[0].symbol.startswith("nt!")
        with volplugins.open(served.url) as again:
            assert again.read(again.info.kernel_base, 2) == b"MZ"
    assert "0 writes" in served.said and "the machine runs" in served.said


def test_two_targets_are_open_at_once(dumps: Path) -> None:
    with volplugins.open(dumps / "MEMORY.DMP") as one, volplugins.open(dumps / "BEFORE.DMP") as two:
        first, second = one.processes(), two.processes()
        assert one.info.kernel_base != two.info.kernel_base
        assert [each.eprocess for each in first] != [each.eprocess for each in second]
        assert one.processes() == first


def test_findings_are_those_of_the_command(tmp_path: Path) -> None:
    dump = write(with_user_defect(build("win10-x64"), "module-in-no-list"), "full", tmp_path / "a.dmp")
    with volplugins.open(dump) as target:
        found = target.findings()
        kinds = {each.kind.name for each in found if each.severity.value != "info"}
        assert kinds == {"module-not-listed"}
        (one,) = (each for each in found if each.kind.name == "module-not-listed")
        assert one.about.pid is not None and one in list(target.findings(one.about.pid))


def test_frames_and_tables_have_declared_types(dumps: Path) -> None:
    pyarrow = pytest.importorskip("pyarrow")
    with volplugins.open(dumps / "MEMORY.DMP") as target:
        processes = target.processes()
        table = processes.to_arrow()
        assert table.schema.field("pid").type == pyarrow.int64()
        assert table.schema.field("eprocess").type == pyarrow.uint64()
        assert table.schema.field("create_time").type == pyarrow.timestamp("us", "UTC")
        assert table.column("eprocess").to_pylist() == [each.eprocess for each in processes]
        first = processes[0]
        made = [replace(first, name="\ud800", pid=1 << 70, exit_time=-1)]
        odd = volplugins.Listing(volplugins.Process, made).to_arrow().to_pylist()[0]
        assert (odd["pid"], odd["exit_time"]) == (None, None) and odd["name"].isprintable()
        assert target.stack(target.threads()[0]).to_arrow().num_rows == len(target.stack(target.threads()[0]))
        pytest.importorskip("pandas")
        frame = target.findings().to_pandas()
        assert str(frame["pid"].dtype) == "Int64" and len(frame) == len(target.findings())
        assert str(processes.to_pandas()["create_time"].dtype) == "datetime64[us, UTC]"


def test_notebooks_show_text_as_text(tmp_path: Path) -> None:
    dump = hostile_dump(tmp_path / "a.dmp", build("win10-x64"))
    with volplugins.open(dump) as target:
        shown = [target.processes()._repr_html_(), target.findings()._repr_html_(), target.modules()._repr_html_()]
        shown += [target.stack(thread)._repr_html_() for thread in target.threads()[:5]]
        shown += [target.regions(each)._repr_html_() for each in target.processes()[:4]]
    everything = "".join(shown)
    assert "<script" not in everything and RUN not in everything and "<img" not in everything
    assert "&lt;" in everything and "<table>" in shown[0]


def test_no_records_more_than_a_million(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("volplugins.api.listing._MOST", 3)
    listing = volplugins.Listing(int, range(5), ["one", "one"])
    assert (len(listing), listing.problems) == (3, ("one", "there are more than 3: the rest is left out"))
    assert repr(listing) == "<Listing of 3 int, 2 problems>" and list(listing[1:]) == [1, 2]
