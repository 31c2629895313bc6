"""What a file's tests kept for each other goes when its last test has run: a worker runs many files."""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator

import pytest

from tests.kept_machines import keeping
from volplugins.lab.machines import catalogue

catalogue.build = keeping(catalogue.build)  # before any file of tests takes it


@pytest.fixture(autouse=True, scope="module")
def _nothing_is_kept_between_files() -> Iterator[None]:
    yield
    for name, module in list(sys.modules.items()):
        if name.startswith("tests."):
            for kept in list(vars(module).values()):
                clear = getattr(kept, "cache_clear", None)
                if callable(clear):
                    clear()
    gc.collect()
    gc.freeze()  # what is left (modules, the list of tests) is not looked through again for every file
