"""Coverage-guided fuzzing of the stack walker with atheris, where it installs.

    pip install "volplugins[fuzz]"
    python tests/fuzz/fuzz_stack.py DIR -max_total_time=600

Every input becomes an image, its unwind data, a stack and registers; any exception is a finding. Without atheris
``--random N`` runs N inputs made at random.
"""

from __future__ import annotations

import random
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.stack.hostile_walk import walk_hostile


def run_at_random(count: int, seed: int = 0) -> int:
    """Walk ``count`` stacks of random bytes; return the longest."""
    chooser = random.Random(seed)
    return max(walk_hostile(chooser.randbytes(chooser.randrange(0x2000))) for _ in range(count))


def main(arguments: list[str]) -> int:
    """Run as the arguments say; 2 where atheris is missing."""
    if arguments[:1] == ["--random"]:
        print("the longest stack had", run_at_random(int(arguments[1])), "frames, nothing was raised")
        return 0
    try:
        import atheris
    except ImportError:
        print("atheris is not installed: pip install atheris, or use --random N", file=sys.stderr)
        return 2
    atheris.instrument_all()
    atheris.Setup([sys.argv[0], *arguments], walk_hostile)
    atheris.Fuzz()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
