"""The functions of this folder, compiled: by the compilers of this machine, else the images kept beside them."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

HERE = Path(__file__).parent
SOURCES, KEPT = HERE / "functions", HERE / "images"
LEVELS = ("0", "1", "2")
GCC, CLANG, GCC_32 = "x86_64-w64-mingw32-gcc", "clang", "i686-w64-mingw32-gcc"
NAMES = tuple(f"{compiler}-O{level}" for compiler in ("gcc", "clang") for level in LEVELS)
NAMES_32 = tuple(f"gcc32-O{level}" for level in LEVELS)


def missing_tool(name: str) -> str:
    """The compiler or linker that ``name`` needs and this machine lacks; empty where all are there."""
    if name.startswith("gcc32"):
        return "" if shutil.which(GCC_32) else GCC_32
    needed = [GCC, *([CLANG] if name.startswith("clang") else [])]
    return next((tool for tool in needed if not shutil.which(tool)), "")


def image(name: str, folder: Path) -> bytes:
    """The image's bytes: compiled into ``folder``, or the one that is kept where a tool is missing."""
    if missing_tool(name):
        return (KEPT / f"{name}.exe").read_bytes()
    return compiled(name, folder).read_bytes()


def compiled(name: str, folder: Path) -> Path:
    """Compile and link; raises CalledProcessError."""
    compiler, _, level = name.partition("-O")
    made = folder / f"{name}.exe"
    if compiler == "gcc32":
        options = ["-ffreestanding", "-fno-ident", "-fno-omit-frame-pointer", "-mno-stack-arg-probe"]
        unit = folder / f"{name}.o"
        _run(GCC_32, f"-O{level}", *options, "-c", str(SOURCES / "functions32.c"), "-o", str(unit))
        _run("i686-w64-mingw32-ld", "-e", "_run", "--subsystem", "native", "-o", str(made), str(unit))
        return made
    target = ["-target", "x86_64-w64-windows-gnu"] if compiler == "clang" else ["-fno-ident"]
    unit, by_hand = folder / f"{name}.o", folder / f"{name}-by-hand.o"
    options = [f"-O{level}", "-DBY_HAND", "-ffreestanding", "-fasynchronous-unwind-tables", *target]
    _run(CLANG if compiler == "clang" else GCC, *options, "-c", str(SOURCES / "functions.c"), "-o", str(unit))
    _run(GCC, "-c", str(SOURCES / "by_hand.s"), "-o", str(by_hand))
    link = ["-e", "run", "--subsystem", "native", "--no-insert-timestamp", "-s", "-o", str(made)]
    _run("x86_64-w64-mingw32-ld", *link, str(unit), str(by_hand))
    return made


def _run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True)


def keep() -> None:
    """Write the images that stand in where compilers are missing: ``python -m tests.stack.compiled``."""
    KEPT.mkdir(exist_ok=True)
    for name in (*NAMES, *NAMES_32):
        made = compiled(name, KEPT)
        print(made, made.stat().st_size)
    for unit in KEPT.glob("*.o"):
        unit.unlink()


if __name__ == "__main__":
    keep()
