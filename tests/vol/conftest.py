"""Plain ``vol`` with the installed wheel, and dumps of the lab's machines."""

from __future__ import annotations

import json
import os
import subprocess
import sysconfig
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from volatility3.framework import constants

from tests.warm import WarmVol
from volplugins.lab.machine.snapshot import Snapshot
from volplugins.lab.machines.catalogue import build
from volplugins.lab.machines.five_levels import with_five_levels
from volplugins.lab.writers import write
from volplugins.vol.symbols.symbol_path import add_own_symbols

SHARED = Path(__file__).parents[2].parent / "shared" / "data"
Rows = list[dict[str, Any]]
Vol = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="session", autouse=True)
def own_tables(tmp_path_factory: pytest.TempPathFactory) -> None:
    """What tests read in this process: the checkout's own symbol tables, whatever the user's cache points to."""
    constants.CACHE_PATH = str(tmp_path_factory.mktemp("cache"))
    add_own_symbols()


@pytest.fixture(scope="session")
def dumps(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., tuple[Path, Snapshot]]:
    """``dumps(machine, fault, kind, host, wow64, user_memory)``: the dump's path and what is in it, made once."""
    folder = tmp_path_factory.mktemp("dumps")
    made: dict[tuple[str, str, str, int, bool, int], tuple[Path, Snapshot]] = {}

    def make(
        machine: str,
        fault: str = "driver-read",
        kind: str = "bitmap-kernel",
        host: int = 0,
        wow64: bool = False,
        user_memory: int = 0,
    ) -> tuple[Path, Snapshot]:
        key = (machine, fault, kind, host, wow64, user_memory)
        if key not in made:
            name, five_levels = machine.removesuffix("-la57"), machine.endswith("-la57")
            built = build(name, fault, host=host, wow64=wow64, user_memory=user_memory)
            snapshot = with_five_levels(built) if five_levels else built
            path = folder / f"{machine}-{fault}-{kind}-{host}{'-wow64' * wow64}-{user_memory}.dmp"
            made[key] = (write(snapshot, kind, path), snapshot)
        return made[key]

    return make


@pytest.fixture(scope="session")
def vol_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One home for all runs, so that volatility3 builds its cache of symbol files once."""
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="session")
def vol(vol_home: Path) -> Iterator[Vol]:
    """Runs plain ``vol --offline ARGUMENTS…`` away from the checkout, with the wheel that is installed.

    Keyword arguments are environment variables: with any, it is the script itself that is run. Without, it is a process
    that has imported volatility3 before it forked, which takes a quarter of the time (``test_warm`` holds them equal).
    """
    script = Path(sysconfig.get_path("scripts")) / ("vol.exe" if os.name == "nt" else "vol")
    if not script.exists() or find_spec("volatility3.plugins.windows.kd") is None:
        pytest.skip("the wheel is not installed in this Python (make test installs it)")
    environment = {**os.environ, "HOME": str(vol_home), "USERPROFILE": str(vol_home), "XDG_CACHE_HOME": str(vol_home)}
    warm = WarmVol(vol_home, environment) if hasattr(os, "fork") else None

    def run(*arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
        if warm and not more:
            return warm.run(["-q", "--offline", *arguments], timeout=300)
        return subprocess.run(
            [str(script), "-q", "--offline", *arguments], capture_output=True, text=True, encoding="utf-8",
            cwd=vol_home, env={**environment, **more}, timeout=300, check=False,
        )  # fmt: skip

    yield run
    if warm:
        warm.close()


@pytest.fixture(scope="session")
def rows(vol: Vol) -> Callable[..., Rows]:
    """Rows of a plugin, through the suite's own JSON lines; ``rows(dump, plugin, options…, plugin_options=…)``."""

    def ask(dump: Path, plugin: str, *options: str, plugin_options: tuple[str, ...] = ()) -> Rows:
        done = vol("-r", "jsonlines", *options, "-f", str(dump), plugin, *plugin_options)
        assert done.returncode == 0, done.stderr
        lines = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
        assert not [line for line in lines if "error" in line]
        return [line["row"] for line in lines]

    return ask
