"""batch finds images by how they start and by name; what holds no kernel, or is read by nothing, gets its line."""

from __future__ import annotations

import gzip
import struct
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.batch import contents
from tests.batch.made_corpus import tiny
from tests.packed.made_cabinets import cabinet
from tests.sampling import sampled
from volplugins.batch.finding import find
from volplugins.batch.options import TRIAGE
from volplugins.lab.machines.catalogue import build
from volplugins.lab.writers import IMAGE_KINDS, write

_MIB = 1 << 20
_ELF = b"\x7fELF\2\1\1" + bytes(9) + struct.pack("<H", 4)


def test_what_may_be_memory_is_found(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    found = {
        "a": b"EMiL", "b": b"AVML", "c": _ELF, "d": b"ZDMP", "e": b"PAGEDU64", "f.raw": bytes(_MIB),
        "g.vmem": bytes(_MIB), "h.dd": bytes(_MIB), "i.raw.gz": gzip.compress(bytes(10)), "hiberfil.sys": b"HIBR",
        "j.vmrs": b"x", "k.vmss": b"\xd2\xbe\xd2\xbe",
    }  # fmt: skip
    others = {"small.bin": bytes(100), "program": _ELF[:16] + b"\2\0", "pagefile.sys": bytes(_MIB), "x.txt": b"x"}
    for name, data in (found | others).items():
        (folder / name).write_bytes(data.ljust(600, b"\0") if not name.endswith(".gz") else data)
    result = find([str(folder)])
    assert sorted(Path(one.path).name for one in result.candidates) == sorted(found)
    assert result.others == len(others) and not result.problems
    refused = {Path(one.path).name: one.reason for one in result.candidates if one.reason}
    assert sorted(refused) == ["hiberfil.sys", "j.vmrs", "k.vmss"]
    assert "convert it first" in refused["hiberfil.sys"] and "give the .vmem" in refused["k.vmss"]


def test_images_are_triaged_and_the_rest_named(
    batch: Callable[..., int], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    image = write(build("win10-x64", "none"), "raw", folder / "mem.raw")
    (folder / "again.raw.gz").write_bytes(gzip.compress(image.read_bytes(), 1))
    (folder / "zeros.img").write_bytes(bytes(_MIB))
    (folder / "hiberfil.sys").write_bytes(b"HIBR" + bytes(600))
    assert batch(folder, work=TRIAGE) == 1
    rows = {Path(row["path"]).name: row for row in contents.tables(tmp_path / "out")["dumps"]}
    assert sorted(rows) == ["again.raw.gz", "hiberfil.sys", "zeros.img"]  # one image at two places
    done = rows["again.raw.gz"]
    assert (done["status"], done["dump_type"], done["bugcheck"], done["crash_time"]) == ("done", "raw", None, None)
    assert done["size"] == image.stat().st_size and done["build"] == "19041"
    assert rows["zeros.img"]["status"] == rows["hiberfil.sys"]["status"] == "cannot-open"
    assert "no Windows kernel was found" in rows["zeros.img"]["reason"]
    assert not contents.tables(tmp_path / "out")["failures"]
    assert (tmp_path / "out" / "index.html").is_file()
    assert "a hibernation file" in capsys.readouterr().out


def test_a_cabinets_page_file_is_left_out_and_named(
    batch: Callable[..., int], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "in").mkdir()
    dump = write(tiny(1), "full", tmp_path / "MEMORY.DMP").read_bytes()
    (tmp_path / "in" / "a.cab").write_bytes(cabinet(("pagefile.sys", bytes(70_000)), ("MEMORY.DMP", dump)))
    assert batch(tmp_path / "in") != 3
    (row,) = contents.tables(tmp_path / "out")["dumps"]
    assert row["path"].endswith("a.cab!MEMORY.DMP") and row["size"] == len(dump)
    assert "pagefile.sys is left out" in capsys.readouterr().out


@pytest.mark.parametrize("kind", sampled([kind for kind in IMAGE_KINDS if kind != "raw"], 5))
def test_every_kind_of_image_is_worked_on(kind: str, batch: Callable[..., int], tmp_path: Path) -> None:
    """The sidecar of a .vmem lies beside it, and is no image of its own."""
    folder = tmp_path / "in"
    folder.mkdir()
    snapshot = build("win7-x64", "notmyfault")
    image = write(snapshot, kind, folder / ("mem.vmem" if kind.startswith("vm") else f"mem.{kind}"))
    assert batch(folder, work=TRIAGE) in (0, 1)
    rows = contents.tables(tmp_path / "out")["dumps"]
    done = [row for row in rows if row["status"] == "done"]
    assert [Path(row["path"]).name for row in done] == [image.name]
    assert (done[0]["build"], done[0]["bugcheck"], done[0]["culprit"]) == ("7601", "0xd1", "myfault.sys")
    others = [row["reason"] for row in rows if row["status"] != "done"]
    assert all("give the .vmem" in reason for reason in others)
