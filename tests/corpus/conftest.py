"""A corpus of three dumps of the lab, made by batch with triage itself."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.report.conftest import browser  # noqa: F401
from volplugins.batch.options import BatchOptions
from volplugins.batch.run import run_batch
from volplugins.lab.damage.user import with_user_defect
from volplugins.lab.machines.catalogue import build
from volplugins.lab.writers import write

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The corpus; a test that changes it takes a copy."""
    folder = tmp_path_factory.mktemp("corpus")
    (folder / "in").mkdir()
    write(build("win10-x64"), "full", folder / "in" / "ten.dmp")
    odd = with_user_defect(build("win7-x64", "notmyfault", host=1), "module-in-no-list")
    write(odd, "full", folder / "in" / "seven.dmp")
    write(build("xp-x86", "notmyfault"), "triage", folder / "in" / "small.dmp")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(ROOT))
        run_batch(BatchOptions((folder / "in",), folder / "out", workers=2, quiet=True))
    return folder / "out"


@pytest.fixture
def corpus(made: Path, tmp_path: Path) -> Path:
    """A copy that may be changed."""
    return Path(shutil.copytree(made, tmp_path / "corpus"))
