"""What a bitmap says costs no memory: children with little to spend open dumps that describe terabytes."""

import struct
import subprocess
import sys
from pathlib import Path

import pytest
from made_dumps import PAGE, header, page

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="limits a process's data with Linux's RLIMIT_DATA")

OPEN = """
import resource, sys
from pathlib import Path
from volplugins.dumpfile.dump import open_dump
from volplugins.dumpfile.source import FileSource

used = next(int(line.split()[1]) for line in Path("/proc/self/status").read_text().splitlines() if "VmData" in line)
resource.setrlimit(resource.RLIMIT_DATA, (used * 1024 + int(sys.argv[2]) * 2**20,) * 2)
with FileSource(sys.argv[1]) as source:
    memory = open_dump(source).memory
    print(memory.pages_indexed, memory.pages_in_file, memory.lowest_pfn, memory.highest_pfn, list(memory.runs()))
    pfn = memory.highest_pfn
    print(memory.next_run(0), memory.has(pfn), memory.describes(pfn), memory.describes(pfn - 1))
"""


def opened(path: Path, mebibytes: int) -> list[str]:
    """What the child says of the dump."""
    command = [sys.executable, "-W", "ignore", "-c", OPEN, str(path), str(mebibytes)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr[-500:]
    return done.stdout.splitlines()


def sparse_dump(path: Path, bits: int, pfns: list[int], fill: bytes = b"", pages: int | None = None) -> int:
    """Write a type 5 dump that is a hole but for the header, the words of ``pfns`` and their pages; its first page."""
    first = -(-(0x2038 + bits // 8) // PAGE) * PAGE
    count = len(pfns) if pages is None else pages
    with path.open("wb") as file:
        file.write(bytes(header(64, 5, (), DirectoryTableBase=0)))
        file.write(struct.pack("<4s4s24xQQQ", b"FDMP", b"DUMP", first, count, bits))
        for _ in range(bits // 8 // max(len(fill), 1) if fill else 0):
            file.write(fill)
        for number, pfn in enumerate(pfns):
            file.seek(0x2038 + pfn // 8)
            file.write(bytes([1 << pfn % 8]))
            file.seek(first + number * PAGE)
            file.write(page(pfn))
        file.truncate(first + count * PAGE if pages is None else first)
    return first


@pytest.mark.parametrize("power", [31, pytest.param(34, marks=pytest.mark.slow)])
def test_zeros(tmp_path: Path, power: int) -> None:
    path = tmp_path / "sparse.dmp"
    pfns = [5, (1 << power) // 3, (1 << power) - 1]
    first = sparse_dump(path, 1 << power, pfns)
    assert path.stat().st_blocks * 512 < 1 << 20
    runs = [(pfn, 1, first + number * PAGE) for number, pfn in enumerate(pfns)]
    said = opened(path, 24)
    assert said == [f"3 3 5 {pfns[-1]} {runs}", f"{runs[0]} True True True"]  # no header runs: all below may be RAM


def test_not_a_single_page(tmp_path: Path) -> None:
    path = tmp_path / "empty.dmp"
    sparse_dump(path, 1 << 31, [])
    assert opened(path, 24) == ["0 0 0 0 []", "None False False False"]


def test_pages_that_the_file_does_not_have(tmp_path: Path) -> None:
    """A bitmap of ones, 32 MiB: as many pages as a machine with 1 TiB has, and none of them in the file."""
    path = tmp_path / "ones.dmp"
    sparse_dump(path, 1 << 28, [], fill=b"\xff" * (1 << 20), pages=1 << 28)
    assert opened(path, 24) == [f"{1 << 28} 0 0 {(1 << 28) - 1} []", "None False True True"]
