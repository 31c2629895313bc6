"""Kernels by the time stamp and size of their image."""

from __future__ import annotations

import struct
from dataclasses import replace
from importlib import resources
from pathlib import Path

import pytest

from maintenance.revisions import table_of
from tests.io.views import scene_of_snapshot, snapshot_of
from volplugins.dumpfile.dump import open_dump
from volplugins.dumpfile.source import FileSource
from volplugins.kernel.revision import RECORD, kernel_revision
from volplugins.loader.module import ModuleTable
from volplugins.vol.scene.crash_scene import scene_of
from volplugins.vol.scene.kernel_revision import revision_of

_SHARED = Path(__file__).parents[2].parent / "shared"
_LIST = """<dyn>
<data arch="amd64" version="10.0.26100.3775" file="ntoskrnl.exe" timestamp="0x20" size="0x1000">1</data>
<data arch="amd64" version="10.0.26100.3775" file="ntkrla57.exe" timestamp="0x10" size="0x2000">1</data>
<data arch="amd64" version="10.0.19041.1" file="ntoskrnl.exe" timestamp="0x30" size="0x1000">1</data>
<data arch="amd64" version="10.0.19041.2" file="ntoskrnl.exe" timestamp="0x30" size="0x1000">1</data>
<data arch="arm64" version="10.0.22000.1" file="ntoskrnl.exe" timestamp="0x40" size="0x1000">1</data>
<data arch="amd64" version="10.0.22000.1" file="lxcore.sys" timestamp="0x50" size="0x1000">1</data>
</dyn>"""


def test_the_table_is_condensed_and_leaves_out_what_names_two_kernels() -> None:
    assert list(struct.iter_unpack(RECORD, table_of(_LIST))) == [
        (0x10, 0x2000, 26100, 3775, 1), (0x20, 0x1000, 26100, 3775, 0)
    ]  # fmt: skip


def test_the_table_of_the_package_is_what_the_maker_writes() -> None:
    source = _SHARED / "facts" / "kphdyn.xml"
    if not source.exists():
        pytest.skip("needs the list of kernels of ../shared")
    data = resources.files("volplugins.kernel.builds").joinpath("revisions.bin").read_bytes()
    assert data == table_of(source.read_text(encoding="utf-8")) and len(data) < 150 << 10


def test_a_kernel_that_is_in_no_table_has_none() -> None:
    assert kernel_revision(0x12345678, 0x1000) is None and kernel_revision(None, 0) is None
    assert revision_of(scene_of_snapshot(snapshot_of("win10-x64"))) is None


@pytest.mark.parametrize(("build", "fits"), [(19041, True), (22621, False)])
def test_a_kernel_that_is_there_by_its_entry_in_the_list(build: int, fits: bool) -> None:
    """19041.804, whose time stamp and size are those of the real small dump that rizin's tests have."""
    scene = scene_of_snapshot(snapshot_of("win10-x64"))
    kernel = scene.modules.kernel
    assert kernel is not None
    real = replace(kernel, timestamp=226702310, size=0x1046000)
    found = revision_of(replace(scene, modules=ModuleTable([real]), target=replace(scene.target, build=build)))
    assert found is not None and (found.text, found.fits) == ("19041.804", fits)
    assert ("but the target says build 22621" in found.how) is not fits


def test_the_kernel_of_a_real_dump() -> None:
    path = _SHARED / "data" / "triage" / "triage_x64.dmp"
    if not path.exists():
        pytest.skip("needs the real small dump of ../shared")
    found = revision_of(scene_of(open_dump(FileSource(path))))
    assert found is not None and found.text == "19041.804"
