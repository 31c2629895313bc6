"""Coverage-guided fuzzing of the dump parser with atheris, where it installs.

    pip install "volplugins[fuzz]"
    python tests/fuzz/fuzz_dumpfile.py --corpus DIR      writes the seeds there
    python tests/fuzz/fuzz_dumpfile.py DIR -max_total_time=600

Every input is opened and asked everything; anything but DumpError that comes out is a finding. Without atheris
``--random N`` runs N inputs that are damaged at random.
"""

from __future__ import annotations

import random
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "dumpfile")]

from mutations import SEEDS, damaged, open_and_use  # noqa: E402


def write_corpus(folder: Path) -> int:
    """Write the seeds; return how many."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in SEEDS.items():
        (folder / name).write_bytes(data)
    return len(SEEDS)


def run_at_random(count: int, seed: int = 0) -> int:
    """Open ``count`` damaged dumps; return how many could be opened."""
    chance = random.Random(seed)
    names = sorted(SEEDS)
    return sum(open_and_use(damaged(chance.choice(names), chance)) is not None for _ in range(count))


def one_input(data: bytes) -> None:
    """What atheris calls."""
    open_and_use(data)


def main(arguments: list[str]) -> int:
    """Run as the arguments say; 2 where atheris is missing."""
    if arguments[:1] == ["--corpus"]:
        print(write_corpus(Path(arguments[1])), "seeds written")
        return 0
    if arguments[:1] == ["--random"]:
        print(run_at_random(int(arguments[1])), "of", arguments[1], "could be opened, none raised anything unnamed")
        return 0
    try:
        import atheris
    except ImportError:
        print("atheris is not installed: pip install atheris, or use --random N", file=sys.stderr)
        return 2
    atheris.instrument_all()
    atheris.Setup([sys.argv[0], *arguments], one_input)
    atheris.Fuzz()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
