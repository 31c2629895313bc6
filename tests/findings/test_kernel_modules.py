"""The list of kernel modules against the images that memory holds."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from volplugins.bugcheck.scene.crash_scene import CrashScene
from volplugins.dumpfile.dump import open_dump
from volplugins.dumpfile.source import FileSource
from volplugins.findings.kernel_modules import of_kernel_modules
from volplugins.lab.machines.catalogue import MACHINES, build
from volplugins.lab.writers import write
from volplugins.loader.module import ModuleTable
from volplugins.memory.reader import MemoryReader, ReadError
from volplugins.vol.commands.findings.target import of_module_list
from volplugins.vol.commands.lm.rows import Wanted, lm_rows
from volplugins.vol.scene.crash_scene import scene_of


class Patched:
    """Memory in which some bytes are others, or absent."""

    def __init__(self, memory: MemoryReader, at: int, data: bytes | None) -> None:
        self._memory, self._at, self._data = memory, at, data

    def read(self, address: int, size: int) -> bytes:
        data = bytearray(self._memory.read(address, size))
        for place in range(max(address, self._at), min(address + size, self._at + len(self._data or bytes(4096)))):
            if self._data is None:
                raise ReadError(place)
            data[place - address] = self._data[place - self._at]
        return bytes(data)


def made(machine: str, folder: Path, kind: str = "full") -> CrashScene:
    return scene_of(open_dump(FileSource(write(build(machine), kind, folder / "a.dmp"))))


@pytest.mark.parametrize("machine", MACHINES)
def test_sound_machines_have_none(machine: str, tmp_path: Path) -> None:
    for kind in ("full", "triage"):
        assert list(of_kernel_modules(made(machine, tmp_path, kind))) == []


def test_what_the_list_says_wrongly(tmp_path: Path) -> None:
    scene = made("win10-x64", tmp_path)
    module = next(each for each in scene.modules if each.image_name == "acmedrv.sys")
    for data, said in ((bytes(4096), "nothing but zeros"), (b"XX", "no image")):
        patched = replace(scene, memory=Patched(scene.memory, module.base, data))
        (found,) = of_kernel_modules(patched)
        assert (found.kind.name, found.about.module) == ("kernel-module-mismatch", "acmedrv.sys")
        assert said in found.evidence and found.next.endswith(f"--addr {module.base:#x}")
    assert list(of_kernel_modules(replace(scene, memory=Patched(scene.memory, module.base, None)))) == []
    longer = [replace(each, size=each.size + 0x1000) if each is module else each for each in scene.modules]
    (found,) = of_kernel_modules(replace(scene, modules=ModuleTable(longer)))
    assert f"{module.size + 0x1000:#x} bytes" in found.evidence and f"header {module.size:#x}" in found.evidence


def test_modules_that_overlap(tmp_path: Path) -> None:
    scene = made("win10-x64", tmp_path)
    first = next(each for each in scene.modules if each.image_name == "acmedrv.sys")
    other = replace(first, base=first.base + 0x1000, image_name="other.sys")
    found = list(of_kernel_modules(replace(scene, modules=ModuleTable([*scene.modules, other]))))
    assert [each.kind.name for each in found] == ["kernel-module-mismatch", "list-broken"]
    assert "acmedrv.sys" in found[1].evidence and "other.sys" in found[1].evidence


def test_bad_entries_of_the_list_are_told_and_hide_nobody(tmp_path: Path) -> None:
    path = write(build("win10-x64"), "full", tmp_path / "a.dmp")
    sound = scene_of(open_dump(FileSource(path)))
    modules = list(sound.modules)
    bad = [modules[3], modules[-3]]
    data = bytearray(path.read_bytes())
    for module in bad:
        assert sound.space is not None and module.entry is not None
        physical = sound.space.space.translate(module.entry + 0x40).physical  # SizeOfImage
        at = sound.target.memory.file_offset(physical)
        data[at : at + 4] = bytes(4)
    path.write_bytes(data)
    scene = scene_of(open_dump(FileSource(path)))
    assert [each.base for each in scene.modules] == [each.base for each in modules if each not in bad]
    wanted = [f"list entry {each.entry:#x} is no module (base or size makes no sense)" for each in bad]
    assert list(scene.module_notes) == wanted
    rows = list(lm_rows(scene, Wanted(kernel=True)))
    assert [row.note for row in rows if row.process == "error"] == wanted
    assert [each.evidence for each in of_module_list(scene)] == wanted
    assert list(of_module_list(sound)) == [] and not sound.module_notes
