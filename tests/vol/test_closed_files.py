"""Nothing stays open: layers of our own sessions, and files that turned out to be no dumps."""

import gc
import warnings
from pathlib import Path

import pytest
from volatility3.framework import contexts

from volplugins.dumpfile.errors import DumpError
from volplugins.vol.layers import opened_dumps
from volplugins.vol.layers.opened_dumps import open_layer
from volplugins.vol.layers.path_layer import PathLayer, file_layer
from volplugins.vol.scene.session import open_file


@pytest.fixture
def no_dump(tmp_path: Path) -> Path:
    path = tmp_path / "no.dmp"
    path.write_bytes(b"PAGEDU64" + bytes(0x100))
    return path


@pytest.mark.parametrize("kind", ["url", "path"])
def test_a_layer_and_its_copy_are_closed(no_dump: Path, kind: str) -> None:
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        context = contexts.Context()
        layer = (
            file_layer(context, "a", "FileLayer", no_dump)
            if kind == "url"
            else PathLayer(context, "a", "FileLayer", no_dump)
        )
        context.add_layer(layer)
        copy = context.clone()
        assert copy.layers["FileLayer"].read(0, 4) == layer.read(0, 4) == b"PAGE"
        del context, layer, copy
        gc.collect()
    assert [str(warning.message) for warning in said if str(no_dump) in str(warning.message)] == []


def test_a_session_and_a_file_that_is_no_dump_are_closed(no_dump: Path) -> None:
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        context, name = open_file(no_dump)
        with pytest.raises(DumpError):
            open_layer(context.layers[name])
        assert not [key for key in opened_dumps._dumps if key[0] == str(no_dump)]
        del context
        gc.collect()
    assert [str(warning.message) for warning in said if str(no_dump) in str(warning.message)] == []
