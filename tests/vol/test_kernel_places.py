"""Where a kernel was found is remembered per image, and never believed without proof."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from volatility3.framework import constants, contexts

from volplugins.lab.machines.catalogue import build
from volplugins.lab.writers import write
from volplugins.target.target import Target
from volplugins.vol.layers import opened_targets
from volplugins.vol.layers.path_layer import file_layer

CACHE = "volplugins-images.cache"


def opened(path: Path, monkeypatch: pytest.MonkeyPatch) -> Target:
    monkeypatch.setattr(opened_targets, "_targets", {})
    context = contexts.Context()
    context.add_layer(file_layer(context, "test.file", "file", path))
    return opened_targets.open_target(context, "file")


@pytest.fixture
def image(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(constants, "CACHE_PATH", str(tmp_path / "cache"))
    return write(build("xp-x86"), "raw", tmp_path / "mem.raw")


def test_the_second_time_the_place_is_known(image: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = opened(image, monkeypatch)
    assert [fact.name for fact in first.facts].count("Tried")
    second = opened(image, monkeypatch)
    assert not [fact for fact in second.facts if fact.name == "Tried"], "nothing was searched"
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
    for entry in (["x86", 0x5000, 0x80400000, "x"], ["x64", 0, 0, "x"], [1], None, ["x86", True, -1, 7]):
        place.write_text(json.dumps({"form": 1, "images": {key: entry}}))
        assert opened(image, monkeypatch).kernel_base == first.kernel_base
    place.write_bytes(b"\0[")
    assert opened(image, monkeypatch).kernel_base == first.kernel_base


def test_another_content_is_another_image(image: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened(image, monkeypatch)
    with image.open("r+b") as file:
        file.write(b"changed")
    opened(image, monkeypatch)
    assert len(json.loads((tmp_path / "cache" / CACHE).read_text())["images"]) == 2
