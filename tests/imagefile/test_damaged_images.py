"""Damaged images: named, nothing that is good is lost, no traceback, and no run without an end."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from volplugins.dumpfile.errors import DumpError
from volplugins.dumpfile.source import BytesSource, FileSource
from volplugins.imagefile.open_image import open_image
from volplugins.lab.damage.images import IMAGE_DEFECTS, write_damaged
from volplugins.lab.machines.catalogue import build
from volplugins.lab.writers import write
from volplugins.memory.reader import ReadError
from volplugins.target.of_image import target_of_image
from volplugins.vol.scene.crash_scene import scene_of

DAMAGED = [(name, kind) for name, defect in IMAGE_DEFECTS.items() for kind in defect.kinds]
SUFFIX = {"elf-core": "elf", "vmware": "vmem"}
# what a damaged file must say of itself; the others cost no page of the kernel
SAID = {
    "lime-overlap": "overlap", "lime-past-end": "past the file", "lime-bad-magic-later": "left out",
    "elf-hostile-headers": "PT_LOAD", "avml-bad-chunk": "",
}  # fmt: skip


@pytest.mark.parametrize(("name", "kind"), DAMAGED)
def test_damage_is_named_and_what_is_good_is_there(name: str, kind: str, tmp_path: Path) -> None:
    path = write_damaged(build("win10-x64"), kind, tmp_path / f"x.{SUFFIX.get(kind, kind)}", name)
    sidecar = path.with_suffix(".vmss")
    image = open_image(FileSource(path), FileSource(sidecar) if kind == "vmware" else None, str(path))
    assert image is not None
    texts = " ".join(note.text for note in image.notes)
    assert SAID.get(name, "") in texts
    try:
        target = target_of_image(image)
    except DumpError as error:
        # what was to hold the kernel is gone or elsewhere: then the reason says what is wrong with the container
        assert name not in ("image-smeared", "lime-past-end", "elf-hostile-headers"), f"{name} {kind}: {error}"
        assert SAID.get(name, "") in str(error)
        return
    scene = scene_of(target)
    assert scene.system_process is not None or scene.notes or target.notes


@pytest.mark.parametrize("kind", ["lime", "elf-core", "avml"])
def test_headers_of_noise_end_in_words(kind: str, tmp_path: Path) -> None:
    whole = bytearray(write(build("xp-x86"), kind, tmp_path / "x").read_bytes()[: 1 << 20])
    chance = random.Random(kind)
    for _ in range(60):
        data = bytearray(whole)
        for _ in range(12):
            data[chance.randrange(4, 0x400)] = chance.randrange(256)
        try:
            image = open_image(BytesSource(bytes(data)), None, "x")
        except DumpError:
            continue
        if image is None and kind == "elf-core":
            continue  # a core without a range of memory left: for volatility3's own layers
        assert image is not None
        for pfn in (0, 1, 0x39, 0x1000):
            try:
                assert len(image.memory.read(pfn << 12, 16)) == 16
            except ReadError as error:
                assert error.reason in ("truncated", "not-in-dump", "outside-memory")
