"""Rows are those of plain ``vol``, line by line; nothing is made twice; nothing is left behind."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sysconfig
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.sampling import sampled
from tests.triage.conftest import checked, silent
from volplugins.lab.machines.catalogue import build
from volplugins.lab.writers import write
from volplugins.triage import TriageOptions, run_triage
from volplugins.triage.sections import SECTIONS
from volplugins.vol.scene import shared_work

CASES = [
    ("win10-x64", "driver-read", "full"),
    ("win7-x64", "notmyfault", "bitmap-kernel"),
    ("win7-x86-pae", "driver-read", "triage"),
    ("xp-x86", "driver-read", "full"),
]


@pytest.mark.parametrize("every", [pytest.param(3, id="some"), pytest.param(1, id="all", marks=pytest.mark.slow)])
@pytest.mark.parametrize(("machine", "fault", "kind"), sampled(CASES, 4))
def test_rows_are_those_of_vol(machine: str, fault: str, kind: str, every: int, tmp_path: Path) -> None:
    script = Path(sysconfig.get_path("scripts")) / ("vol.exe" if os.name == "nt" else "vol")
    if not script.exists() or find_spec("volatility3.plugins.windows.kd") is None:
        pytest.skip("the wheel is not installed in this Python (make test installs it)")
    dump = write(build(machine, fault, wow64=machine == "win10-x64"), kind, tmp_path / "a.dmp")
    result = run_triage(dump, tmp_path / "out", TriageOptions(), silent)
    assert result.summary["fault_texts"] == []
    (tmp_path / "home").mkdir()
    home = {name: str(tmp_path / "home") for name in ("HOME", "USERPROFILE", "XDG_CACHE_HOME")}
    for section in SECTIONS[::every]:
        done = subprocess.run(
            [script, "-q", "--offline", "-r", "jsonlines", "-f", dump, section.typed, *section.options],
            capture_output=True, text=True, encoding="utf-8", cwd=tmp_path, env={**os.environ, **home}, check=True,
        )  # fmt: skip
        theirs = [line for line in done.stdout.splitlines() if line.startswith("{")]
        ours = (tmp_path / "out" / "rows" / f"{section.name}.jsonl").read_text(encoding="utf-8").splitlines()
        assert ours == theirs, section.name
        assert theirs or section.name == "findings", f"{section.name}: only a sound machine has no findings"


def test_image_path_goes_to_the_plugins_that_take_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from volplugins.image import image_files

    dump = write(build("win10-x64"), "bitmap-kernel", tmp_path / "a.dmp")
    asked: list[str] = []
    found = image_files.ImageFiles.find
    monkeypatch.setattr(
        image_files.ImageFiles, "find", lambda self, name, *a: asked.append(name) or found(self, name, *a)
    )
    checked(run_triage(dump, tmp_path / "out", TriageOptions(image_path=(str(tmp_path),)), silent))
    assert asked


def test_what_plugins_share_is_made_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from volplugins.vol.scene import address_maps, crash_scene, owned_structures, process_selection
    from volplugins.vol.scene import directory_verdicts as directory_judge

    dump = write(build("win10-x64"), "full", tmp_path / "a.dmp")
    made: list[str] = []

    def counted(module: object, name: str) -> None:
        original = getattr(module, name)
        monkeypatch.setattr(module, name, lambda *a, **k: made.append(name) or original(*a, **k))

    counted(crash_scene, "build_scene")
    counted(crash_scene, "analyse")
    counted(process_selection, "scan_processes")
    counted(directory_judge, "_reference_of")
    judged: list[int] = []
    judge = directory_judge.DirectoryJudge._judge
    monkeypatch.setattr(
        directory_judge.DirectoryJudge,
        "_judge",
        lambda self, p, base: judged.append(p.eprocess) or judge(self, p, base),
    )
    walked: list[tuple[int, int]] = []
    read = owned_structures.read_loader_lists
    monkeypatch.setattr(
        owned_structures,
        "read_loader_lists",
        lambda space, ldr, *a: walked.append((space.directory_table_base, ldr)) or read(space, ldr, *a),
    )
    mapped: list[int] = []
    map_of = address_maps.AddressMaps.of
    monkeypatch.setattr(
        address_maps.AddressMaps, "of", lambda self, process: mapped.append(process.eprocess) or map_of(self, process)
    )
    checked(run_triage(dump, tmp_path / "out", TriageOptions(), silent))
    assert len(walked) == len(set(walked)) > 5, "the lists of modules, of four commands"
    assert len(mapped) == len(set(mapped)) > 5, "the sums are of the regions that were shown"
    assert (tmp_path / "out" / "rows" / "address-summary.jsonl").stat().st_size > 10_000
    assert sorted(made) == ["_reference_of", "analyse", "build_scene", "scan_processes"]
    assert len(judged) == len(set(judged)) > 5
    assert shared_work._active == []


def test_nothing_is_shared_outside_of_a_run() -> None:
    context, other = object(), object()
    made = iter(range(9))
    with shared_work.sharing(context) as work:
        assert shared_work.once_in_context(context, ("a",), lambda: next(made)) == 0
        assert shared_work.once_in_context(context, ("a",), lambda: next(made)) == 0
        assert shared_work.once_in_context(other, ("a",), lambda: next(made)) == 1
        scene = shared_work.once_in_context(context, ("scene",), object)
        assert work.holds(scene) and not work.holds(object())
        assert [shared_work.once_of_scene(scene, ("b",), lambda: next(made)) for _ in "ab"] == [2, 2]
        assert [shared_work.once_of_scene(object(), ("b",), lambda: next(made)) for _ in "ab"] == [3, 4]
    assert shared_work.once_in_context(context, ("a",), lambda: next(made)) == 5


def test_what_fails_is_tried_again() -> None:
    context = object()
    with shared_work.sharing(context):
        with pytest.raises(ZeroDivisionError):
            shared_work.once_in_context(context, ("a",), lambda: 1 // 0)
        assert shared_work.once_in_context(context, ("a",), lambda: 7) == 7


def test_the_summary_alone_writes_nothing(tmp_path: Path) -> None:
    dump = write(build("win10-x64"), "full", tmp_path / "a.dmp")
    before = dump.read_bytes(), dump.stat().st_mtime_ns
    result = run_triage(dump, None, TriageOptions(), silent)
    summary = checked(result)
    assert result.folder is None and {each["file"] for each in summary["sections"]} == {None}
    assert (dump.read_bytes(), dump.stat().st_mtime_ns) == before and [*tmp_path.iterdir()] == [dump]
    assert summary["input"]["sha256"] == hashlib.sha256(before[0]).hexdigest()
    assert summary["input"]["size"] == len(before[0]) and summary["input"]["path"] == str(dump)


def test_without_the_hash(tmp_path: Path) -> None:
    dump = write(build("xp-x86"), "triage", tmp_path / "a.dmp")
    assert checked(run_triage(dump, None, TriageOptions(hash=False), silent))["input"]["sha256"] is None


def test_a_second_run_gives_the_same_and_leaves_no_old_file(tmp_path: Path) -> None:
    dump = write(build("win7-x64"), "bitmap-kernel", tmp_path / "a.dmp")
    out = tmp_path / "out"
    (out / "rows").mkdir(parents=True)
    (out / "rows" / "peb.jsonl").write_text("old")
    (out / "rows" / ".peb.jsonl.abc.part").write_text("left by a run that was killed")
    (out / "rows" / "mine.jsonl").write_text("the user's own")
    found = []
    for _ in "ab":
        summary = checked(run_triage(dump, out, TriageOptions(), silent))
        for each in (summary, *summary["sections"]):
            each["seconds"] = 0
        found.append((summary, {path.name: path.read_bytes() for path in (out / "rows").iterdir()}))
    assert found[0] == found[1]
    assert found[0][1].keys() == {f"{each.name}.jsonl" for each in SECTIONS} | {"mine.jsonl"}


def test_progress_goes_forward(tmp_path: Path) -> None:
    dump = write(build("win10-x64"), "bitmap-kernel", tmp_path / "a.dmp")
    seen: list[tuple[str, float]] = []
    run_triage(dump, tmp_path / "out", TriageOptions(), lambda text, percent: seen.append((text, percent)))
    percents = [percent for _, percent in seen]
    assert percents == sorted(percents) and percents[0] == 0 and percents[-1] == 100
    assert {each.name for each in SECTIONS} <= {text.partition(":")[0] for text, _ in seen}
