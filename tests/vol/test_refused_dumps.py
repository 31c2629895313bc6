"""Crash dumps that volatility3's own stacker never comes back from: they must not reach it, whatever plugin is run."""

import json
import struct
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from volatility3.framework import contexts, exceptions
from volatility3.framework.interfaces import configuration
from volatility3.framework.layers import physical

from volplugins.vol.layers.dump_layer import KernelDump64Layer
from volplugins.vol.layers.refused_layer import RefusedDumpLayer
from volplugins.vol.layers.stacker import KernelDumpStacker

Vol = Callable[..., subprocess.CompletedProcess[str]]
SECONDS = 60.0  # volatility3 itself takes one or two, its stacker hours
NO_RUN = "the header describes no run of memory: where pages lie in the file cannot be known"
NO_PAGE = "no page of memory is in the file"


def head(dump_type: int) -> bytearray:
    """A header of zeros with what tells a dump: 8 KiB."""
    data = bytearray(0x2000)
    data[:8] = b"PAGEDU64"
    struct.pack_into("<IIQ", data, 0x8, 15, 19041, 0x1AD000)
    struct.pack_into("<II", data, 0x30, 0x8664, 4)
    struct.pack_into("<I", data, 0x38, 0xD1)
    struct.pack_into("<I", data, 0xF98, dump_type)
    return data


def runs_without_end(path: Path) -> Path:
    """Type 1, 8 KiB: 2**32 - 1 runs are claimed, and none of them makes sense."""
    data = head(1)
    struct.pack_into("<I", data, 0x88, 0xFFFFFFFF)
    path.write_bytes(data)
    return path


def bitmap_without_a_page(path: Path) -> Path:
    """Type 5: a bitmap of 2**32 bits, none of them set; a few kilobytes on disk."""
    first = -(-(0x2038 + (1 << 29)) // 0x1000) * 0x1000
    with path.open("wb") as file:
        file.write(head(5) + struct.pack("<4s4s24xQQQ", b"FDMP", b"DUMP", first, 0, 1 << 32))
        file.truncate(first)
    return path


MAKERS = {"runs": runs_without_end, "bitmap": bitmap_without_a_page}


@pytest.fixture(params=sorted(MAKERS))
def dump(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Path]:
    path = MAKERS[request.param](tmp_path / f"{request.param}.dmp")
    assert path.stat().st_blocks * 512 < 1 << 20
    yield path
    path.unlink()


@pytest.mark.parametrize("plugin", ["dumpinfo", "analyze", "process", "lm", "address", "pagedirs", "stacks", "peb"])
def test_ours_give_the_reason(vol: Vol, dump: Path, plugin: str) -> None:
    start = time.monotonic()
    done = vol("-r", "jsonlines", "-f", str(dump), f"windows.kd.{plugin}")
    assert time.monotonic() - start < SECONDS
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    rows = [json.loads(line)["row"] for line in done.stdout.splitlines() if line.startswith("{")]
    text = json.dumps(rows)
    assert "error" in text or plugin in ("dumpinfo", "analyze")
    if dump.stem == "runs":
        assert len(rows) == 1
        assert NO_RUN in text
    elif plugin == "dumpinfo":
        assert NO_PAGE in text
        assert "0xd1" in text  # the header is whole: it is shown


@pytest.mark.parametrize("plugin", ["windows.info", "windows.pslist", "linux.pslist"])
def test_volatilitys_own_end_with_its_own_words(vol: Vol, dump: Path, plugin: str) -> None:
    start = time.monotonic()
    done = vol("-f", str(dump), plugin)
    assert time.monotonic() - start < SECONDS
    assert done.returncode != 0
    assert "translation layer requirement was not fulfilled" in done.stdout + done.stderr
    assert "Traceback" not in done.stderr


def stacked(path: Path) -> object:
    """What our stacker makes of the file; None where it leaves it to others."""
    context = contexts.Context()
    context.config[configuration.path_join("base", "location")] = path.as_uri()
    layer = physical.FileLayer(context, "base", "FileLayer")
    context.add_layer(layer)
    try:
        return KernelDumpStacker.stack(context, "FileLayer")
    finally:
        layer.destroy()


def test_every_file_with_the_signature_is_taken(tmp_path: Path) -> None:
    data = head(1)
    for name, content in {
        "cut": data[:0x100], "header-only": head(3), "triage-cut": head(4), "unknown": head(0x77),
        "encrypted": data[:0x1050] + struct.pack("<I", 0x100) + data[0x1054:], "32": b"PAGEDUMP" + data[8:],
    }.items():  # fmt: skip
        path = tmp_path / name
        path.write_bytes(content)
        assert isinstance(stacked(path), RefusedDumpLayer), name
    other = tmp_path / "other"
    other.write_bytes(b"PAGEDUxx" + data[8:])
    assert stacked(other) is None
    struct.pack_into("<IxxxxQQQ", data, 0x88, 1, 1, 1, 1)
    whole = tmp_path / "whole"
    whole.write_bytes(data + bytes(0x1000))
    assert isinstance(stacked(whole), KernelDump64Layer)


def test_an_unforeseen_error_does_not_hand_the_file_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object) -> None:
        raise RuntimeError("not foreseen")

    monkeypatch.setattr("volplugins.vol.layers.opened_dumps.open_layer", fails)
    assert isinstance(stacked(runs_without_end(tmp_path / "a.dmp")), RefusedDumpLayer)


def test_the_layer_holds_nothing(tmp_path: Path) -> None:
    layer = stacked(runs_without_end(tmp_path / "a.dmp"))
    assert isinstance(layer, RefusedDumpLayer)
    assert (layer.minimum_address, layer.maximum_address, layer.is_valid(0)) == (0, 0, False)
    assert list(layer.mapping(0, 1 << 40, ignore_errors=True)) == []
    assert layer.read(0, 8, pad=True) == bytes(8)
    for ask in (lambda: layer.read(0, 8), lambda: list(layer.mapping(0, 8))):
        with pytest.raises(exceptions.InvalidAddressException):
            ask()
