"""Results of slow rivals, kept from run to run: by rival and its version, what is read, and the machine."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

SLOW = 20.0  # seconds: a rival that takes longer is run once, and what it gave is kept


_measured = 0.0


@dataclass(frozen=True, slots=True)
class Rival:
    """What a rival gave: the seconds of each of its runs, and its results, for the comparison."""

    seconds: list[float]
    results: Any
    kept: bool = False


def rival(figure: str, package: str, dump: Path, run: Callable[[], tuple[float, Any]], runs: int) -> Rival:
    """The rival's times: of an earlier run of this version on this file and machine, else measured now.

    Args:
        figure: what is measured; package: whose version counts; run: gives seconds and results, once.
        runs: how often it is run where it is quick; its results are those of the first run.
    """
    place = folder() / f"{_key(figure, package, dump)}.json"
    known = _read(place)
    if known is not None:
        return Rival([known["seconds"]], known["results"], True)
    global _measured  # noqa: PLW0603 - one run, one sum
    seconds, results = run()
    if seconds > SLOW:
        _measured += seconds
        _write(
            place, {"figure": figure, "rival": f"{package} {_version(package)}", "seconds": seconds, "results": results}
        )
        return Rival([seconds], json.loads(json.dumps(results)))
    return Rival([seconds, *(run()[0] for _ in range(runs - 1))], json.loads(json.dumps(results)))


def measured() -> float:
    """Seconds of this run that went to rivals whose times are kept from now on."""
    return _measured


def durations() -> dict[str, float]:
    """Seconds that units took on this machine without the rivals whose times are kept, by their first figure."""
    found = _read(folder() / f"durations-{_digest(_machine())}.json") or {}
    return {str(name): float(seconds) for name, seconds in found.items()}


def keep_duration(name: str, seconds: float) -> None:
    """Note how long a unit took."""
    _write(folder() / f"durations-{_digest(_machine())}.json", {**durations(), name: round(seconds, 1)})


def folder() -> Path:
    """Where results are kept: in the user's cache folder."""
    base = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    return Path(base, "volplugins", "bench")


def _key(figure: str, package: str, dump: Path) -> str:
    with dump.open("rb") as file:
        content = hashlib.sha256()
        while chunk := file.read(1 << 20):
            content.update(chunk)
    return _digest(figure, package, _version(package), content.hexdigest(), _machine())


def _digest(*parts: str) -> str:
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:32]


def _version(package: str) -> str:
    return metadata.version(package)


def _machine() -> str:
    """Name, processor and interpreter: what a time depends on besides other work."""
    model = platform.processor()
    info = Path("/proc/cpuinfo")
    if info.exists():
        model = next((line for line in info.read_text().splitlines() if line.startswith("model name")), model)
    return f"{platform.node()} {model} {os.cpu_count()} {sys.version_info[:3]}"


def _read(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


def _write(path: Path, values: Any) -> None:
    """Write it whole; a folder that cannot be written costs the keeping, not the figure."""
    draft = path.with_suffix(f".{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        draft.write_text(json.dumps(values), encoding="utf-8")
        os.replace(draft, path)
    except OSError as error:
        print(f"{path} cannot be written ({error.strerror}): the figure is not kept", file=sys.stderr)
