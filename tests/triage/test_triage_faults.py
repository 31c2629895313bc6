"""What fails costs itself only: plugins, the disk, the input, the folder; one line each, and no half-written file."""

from __future__ import annotations

import errno
import io
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.triage.conftest import checked, silent
from volplugins.dumpfile.errors import DumpError
from volplugins.lab.machines.catalogue import build
from volplugins.lab.writers import write
from volplugins.triage import TriageOptions, TriageResult, output_folder, run_triage
from volplugins.triage.noted_threads import NotedThreads
from volplugins.triage.output_folder import OutputError, OutputFolder
from volplugins.triage.sections import SECTIONS
from volplugins.triage.time_bias import time_bias

Triage = Callable[..., TriageResult]


@pytest.fixture(scope="module")
def dump(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(build("win10-x64"), "bitmap-kernel", tmp_path_factory.mktemp("dump") / "a.dmp")


def test_a_plugin_that_raises_costs_its_section_only(
    dump: Path, triage: Triage, monkeypatch: pytest.MonkeyPatch
) -> None:
    from volplugins.plugins.windows.kd.peb import Peb

    def broken(self: Any) -> Iterator[Any]:
        yield from ()
        raise RuntimeError("two\nlines")

    monkeypatch.setattr(Peb, "_generator", broken)
    result = triage(dump)
    summary = checked(result)
    faults = {each["name"]: each["fault"] for each in summary["sections"] if each["fault"]}
    assert faults == {"peb": "RuntimeError: two lines"} and summary["fault_texts"] == ["peb: RuntimeError: two lines"]
    assert result.faults == 1
    text = (result.folder / "rows" / "peb.jsonl").read_text() if result.folder else ""
    assert '"error": {"type": "RuntimeError"' in text and text.count("\n") == 1


def test_what_a_shell_turns_into_a_row_is_a_fault_too(
    dump: Path, triage: Triage, monkeypatch: pytest.MonkeyPatch
) -> None:
    from volplugins.vol.commands.lm import typed

    monkeypatch.setattr(typed, "lm_rows", lambda *_: 1 // 0)
    summary = checked(triage(dump))
    faults = {each["name"]: each["fault"] for each in summary["sections"] if each["fault"]}
    assert set(faults) == {"lm", "kernel-modules"} and "ZeroDivisionError" in faults["lm"]
    assert summary["faults"] == 2


def test_a_plugin_that_cannot_be_imported(dump: Path, triage: Triage, monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "volplugins.plugins.windows.kd.stacks", None)
    summary = checked_but_rows(triage(dump))
    assert [each["name"] for each in summary["sections"] if each["fault"]] == ["stacks"]


def checked_but_rows(result: TriageResult) -> dict[str, Any]:
    assert result.folder is not None and result.faults == len(result.summary["fault_texts"])
    return result.summary


def test_without_a_scene_the_header_is_left(dump: Path, triage: Triage, monkeypatch: pytest.MonkeyPatch) -> None:
    from volplugins.vol.scene import crash_scene

    monkeypatch.setattr(crash_scene, "build_scene", lambda *_: 1 // 0)
    summary = checked(triage(dump))
    assert summary["crash"]["bugcheck_code"] == "0xd1" and summary["completeness"]["runs"]
    assert len([each for each in summary["sections"] if each["fault"]]) == len(SECTIONS)


def test_a_full_disk_in_the_middle(dump: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = output_folder.open if hasattr(output_folder, "open") else open

    class Full(io.TextIOWrapper):
        def write(self, text: str) -> int:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def opened(descriptor: int, *arguments: Any, **options: Any) -> Any:
        name = os.readlink(f"/proc/self/fd/{descriptor}")
        return Full(io.FileIO(descriptor, "w")) if "pagedirs" in name else real(descriptor, *arguments, **options)

    if not os.path.exists("/proc/self/fd"):
        pytest.skip("no /proc here")
    monkeypatch.setattr(output_folder, "open", opened, raising=False)
    with pytest.raises(OSError, match="No space left") as caught:
        run_triage(dump, tmp_path / "out", TriageOptions(), silent)
    assert caught.value.filename == str(tmp_path / "out" / "rows" / "pagedirs.jsonl")
    assert sorted(path.name for path in (tmp_path / "out").rglob("*") if path.is_file()) == [
        "analyze.jsonl", "dumpinfo.jsonl",
    ]  # fmt: skip


@pytest.fixture
def mounted(tmp_path: Path) -> Iterator[Callable[..., Path]]:
    """Mounts a tmpfs with options; skips where that is not allowed."""
    folder = tmp_path / "mounted"
    folder.mkdir()

    def mount(options: str) -> Path:
        command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
        if shutil.which("mount") is None or subprocess.run(command, capture_output=True, check=False).returncode:
            pytest.skip("no right to mount a tmpfs here")
        return folder

    yield mount
    subprocess.run(["umount", str(folder)], capture_output=True, check=False)


@pytest.mark.parametrize("kilobytes", [4, 16, 64, 128])
def test_a_small_tmpfs(dump: Path, mounted: Callable[..., Path], kilobytes: int) -> None:
    out = mounted(f"size={kilobytes}k") / "out"
    with pytest.raises(OSError, match="No space left"):
        run_triage(dump, out, TriageOptions(), silent)
    left = [path for path in out.rglob("*") if path.is_file()] if out.exists() else []
    assert not [path for path in left if path.name.endswith(".part") or path.name == "summary.json"]
    assert all(path.read_text().endswith("}\n") for path in left)


def test_a_read_only_file_system(dump: Path, mounted: Callable[..., Path]) -> None:
    with pytest.raises(OSError, match="Read-only file system"):
        run_triage(dump, mounted("ro") / "out", TriageOptions(), silent)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write everywhere")
def test_a_read_only_folder(dump: Path, tmp_path: Path) -> None:
    (tmp_path / "locked").mkdir(mode=0o555)
    with pytest.raises(PermissionError):
        run_triage(dump, tmp_path / "locked" / "out", TriageOptions(), silent)


def test_folders_that_are_refused(dump: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    with pytest.raises(OutputError, match="not a folder"):
        run_triage(dump, tmp_path / "file", TriageOptions(), silent)
    with pytest.raises(OutputError, match="beside a dump"):
        run_triage(dump, dump.parent, TriageOptions(), silent)
    assert (tmp_path / "file").read_text() == "mine" and [*dump.parent.iterdir()] == [dump]


@pytest.mark.parametrize("kind", ["garbage", "empty", "directory", "missing"])
def test_what_is_no_dump_makes_no_folder(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "input"
    if kind == "directory":
        path.mkdir()
    elif kind != "missing":
        path.write_bytes(os.urandom(100_000) if kind == "garbage" else b"")
    with pytest.raises(DumpError) as caught:
        run_triage(path, tmp_path / "out", TriageOptions(), silent)
    assert "\n" not in str(caught.value) and not (tmp_path / "out").exists()


def test_a_file_that_fails_keeps_the_old_one(tmp_path: Path) -> None:
    folder = OutputFolder(tmp_path / "out", tmp_path / "a.dmp")
    folder.write_json("summary.json", {"a": 1})
    with pytest.raises(ValueError), folder.file("summary.json") as out:
        out.write("half")
        raise ValueError
    assert (tmp_path / "out" / "summary.json").read_text() == '{\n "a": 1\n}\n'
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["rows", "summary.json"]


def test_a_hash_that_fails_is_a_fault(dump: Path, triage: Triage, monkeypatch: pytest.MonkeyPatch) -> None:
    from volplugins.triage import file_hash

    def unreadable(*_: Any, **__: Any) -> Any:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(file_hash, "open", unreadable, raising=False)
    summary = checked(triage(dump))
    assert summary["input"]["sha256"] is None and summary["fault_texts"] == ["SHA-256: Input/output error"]


def frame(**values: Any) -> dict[str, Any]:
    base = {"PID": 4, "Process": "System", "TID": 8, "ETHREAD": "0x1", "State": "Waiting", "Wait": "Executive",
            "Ring": "kernel", "Symbol": "nt!KeWaitForSingleObject+0x1", "Stop": ""}  # fmt: skip
    return base | values


def test_threads_worth_a_look() -> None:
    noted = NotedThreads("0x2", lambda name: "a driver of Acme" if name == "acme" else "")
    noted.take_frame(frame())
    noted.take_frame(frame(Symbol="acme+0x10"))
    noted.take_frame(frame(Symbol="acme+0x20"))
    noted.take_frame(frame(ETHREAD="0x2", TID=9, State="Running"))
    noted.take_frame(frame(ETHREAD="0x3", TID=10, Stop="loop"))
    noted.take_frame(frame(ETHREAD="0x4", TID=11, State="Running", Symbol="acme+0x10"))
    noted.take_frame(frame(ETHREAD=None))
    thread = {"PID": 4, "Name": "System", "TID": 12, "ETHREAD": "0x5", "Note": "hidden: not in the list"}
    noted.take_thread(thread)
    noted.take_thread({**thread, "TID": None})
    assert [(each["tid"], each["why"]) for each in noted.threads()] == [
        (9, "crashed"), (8, "waits (Executive) in acme+0x10: a driver of Acme"),
        (10, "its stack leads back to itself"), (12, "hidden: not in the list"),
    ]  # fmt: skip


@pytest.mark.parametrize(("minutes", "wanted"), [(-60, -60), (480, 480), (0, 0), (5000, None)])
def test_time_bias(minutes: int, wanted: int | None) -> None:
    ticks = minutes * 600_000_000
    data = (ticks & 0xFFFFFFFF).to_bytes(4, "little") + 2 * (ticks >> 32).to_bytes(4, "little", signed=True)
    memory: Any = SimpleNamespace(read=lambda address, size: data if address == 0xFFFFF78000000020 else b"")
    assert time_bias(memory, 64) == wanted
    memory = SimpleNamespace(read=lambda address, size: b"\x01" * size)
    assert time_bias(memory, 32) is None
