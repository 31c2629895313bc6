"""Where a kernel was found is remembered per image, and never believed without proof."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from volatility3.framework import constants, contexts

from volplugins.lab.machines.catalogue import build
from volplugins.lab.writers import write
from volplugins.target import kernel_search
from volplugins.target.target import Target
from volplugins.vol.layers import opened_targets
from volplugins.vol.layers.path_layer import file_layer

CACHE = "volplugins-images.cache"
WRONG = (
    ["x86", 0x5000, 0x80400000, "x", "y", []], ["x64", 0, 0, "x", "y", []], [1], None, ["x86", True, -1, 7, "", []],
    ["x86", 0x39000, 0x80400000, "x", "y", [["z"]]], ["x86", 0x39000, 0x80400000, "x", "y", [["z", ["w"]]]],
    ["x86", 0x39000, 0x80400000, "x", None, 5],
)  # fmt: skip


def opened(path: Path, monkeypatch: pytest.MonkeyPatch) -> Target:
    monkeypatch.setattr(opened_targets, "_targets", {})
    context = contexts.Context()
    context.add_layer(file_layer(context, "test.file", "file", path))
    return opened_targets.open_target(context, "file")


@pytest.fixture
def image(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(constants, "CACHE_PATH", str(tmp_path / "cache"))
    return write(build(getattr(request, "param", "xp-x86")), "raw", tmp_path / "mem.raw")


@pytest.mark.parametrize("image", ["xp-x86", "win7-x86-pae", "win10-x64"], indirect=True)
def test_the_second_time_the_place_is_known(image: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = opened(image, monkeypatch)
    assert [fact.name for fact in first.facts].count("Tried")

    def searched(*_: object) -> None:
        raise AssertionError("nothing is searched")

    monkeypatch.setattr(kernel_search, "_searched", searched)
    second = opened(image, monkeypatch)
    assert second.facts == first.facts, "and all is said as it was"
    assert (second.kernel_base, second.anchors) == (first.kernel_base, first.anchors)
    assert second.directory_table_base == first.directory_table_base
    assert sorted(each.name for each in tmp_path.iterdir()) == ["cache", "mem.raw"]


def test_what_is_remembered_wrongly_costs_a_search(
    image: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = opened(image, monkeypatch)
    place = tmp_path / "cache" / CACHE
    said = json.loads(place.read_text())
    (key,) = said["images"]
    for entry in WRONG:
        place.write_text(json.dumps({"form": 1, "images": {key: entry}}))
        again = opened(image, monkeypatch)
        assert (again.kernel_base, again.facts) == (first.kernel_base, first.facts)
    mode, directory, base, *told = said["images"][key]
    for entry in ([mode, directory, base], [mode, directory, base, told[0]], [mode, directory, base + 0x1000, *told]):
        place.write_text(json.dumps({"form": 1, "images": {key: entry}}))
        assert opened(image, monkeypatch).facts == first.facts
    place.write_bytes(b"\0[")
    assert opened(image, monkeypatch).kernel_base == first.kernel_base


def test_another_content_is_another_image(image: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened(image, monkeypatch)
    with image.open("r+b") as file:
        file.write(b"changed")
    opened(image, monkeypatch)
    assert len(json.loads((tmp_path / "cache" / CACHE).read_text())["images"]) == 2
