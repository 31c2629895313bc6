"""Coverage-guided fuzzing of the kernel debugger's client with atheris, where it installs.

    pip install "volplugins[fuzz]"
    python tests/fuzz/fuzz_kd.py --corpus DIR            writes honest conversations there
    python tests/fuzz/fuzz_kd.py DIR -max_total_time=600

Every input is the other side of a whole session: it is stopped, asked for memory and registers, and left. An exception
that is no LiveError, a session without end, or a held buffer beyond a packet is a finding. Without atheris ``--random
N`` runs N conversations that are damaged at random.
"""

from __future__ import annotations

import random
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.kd.hostile_wire import seeds, talk_hostile


def write_corpus(folder: Path) -> int:
    """Write the seeds; return how many."""
    folder.mkdir(parents=True, exist_ok=True)
    found = seeds()
    for name, data in found.items():
        (folder / name).write_bytes(data)
    return len(found)


def damaged(data: bytes, chance: random.Random) -> bytes:
    """The same with some bytes changed, pieces doubled, moved or cut out."""
    out = bytearray(data)
    for _ in range(chance.randrange(1, 9)):
        at, size = chance.randrange(len(out)), chance.randrange(1, 80)
        what = chance.randrange(4)
        if what == 0:
            out[at] = chance.randrange(256)
        elif what == 1:
            out[at:at] = out[at : at + size]
        elif what == 2 and len(out) > 2 * size:
            del out[at : at + size]
        else:
            out[at:at] = chance.randbytes(size)
    return bytes(out)


def run_at_random(count: int, seed: int = 0) -> int:
    """Hold ``count`` damaged conversations; return in how many memory was read."""
    chance, honest = random.Random(seed), list(seeds().values())
    return sum(talk_hostile(damaged(chance.choice(honest), chance)) > 0 for _ in range(count))


def one_input(data: bytes) -> None:
    """What atheris calls."""
    talk_hostile(data)


def main(arguments: list[str]) -> int:
    """Run as the arguments say; 2 where atheris is missing."""
    if arguments[:1] == ["--corpus"]:
        print(write_corpus(Path(arguments[1])), "seeds written")
        return 0
    if arguments[:1] == ["--random"]:
        print(run_at_random(int(arguments[1])), "of", arguments[1], "gave memory, none raised anything unnamed")
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
