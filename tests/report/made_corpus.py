"""A corpus.sqlite with the table that the index needs, and nothing else that batch writes."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from typing import Any

COLUMNS = {
    "id": "TEXT PRIMARY KEY", "path": "TEXT", "size": "INTEGER", "sha256": "TEXT", "status": "TEXT", "reason": "TEXT",
    "machine": "TEXT", "build": "TEXT", "dump_type": "TEXT", "computer": "TEXT", "crash_time": "TEXT",
    "signature": "TEXT", "culprit": "TEXT", "confidence": "TEXT", "bugcheck": "TEXT", "process": "TEXT",
    "folder": "TEXT", "seconds": "REAL", "signature_recipe": "INTEGER",
}  # fmt: skip


def made_corpus(corpus: Path, dumps: Iterable[dict[str, Any]]) -> Path:
    """Make the database in the folder."""
    corpus.mkdir(parents=True, exist_ok=True)
    columns = ", ".join(f"{name} {kind}" for name, kind in COLUMNS.items())
    with closing(sqlite3.connect(corpus / "corpus.sqlite")) as connection, connection:
        connection.execute(f"CREATE TABLE dumps ({columns})")
        marks = ", ".join("?" * len(COLUMNS))
        rows = ([dump.get(name) for name in COLUMNS] for dump in dumps)
        connection.executemany(f"INSERT INTO dumps VALUES ({marks})", rows)
    return corpus


def made_dump(number: int, **changes: Any) -> dict[str, Any]:
    """One dump of a corpus of five failures on three machines; every ninth failed."""
    failed = number % 9 == 8
    driver = ("acmedrv.sys", "vendflt.sys", "myfault.sys", "ntfs.sys", None)[number % 5]
    dump: dict[str, Any] = {
        "id": f"{number:016x}", "path": f"/evidence/{number:05}.dmp", "size": 4_000_000 + number,
        "sha256": f"{number:064x}", "status": "failed" if failed else "done",
        "reason": "the file ends within its header" if failed else None, "seconds": 1.5,
    }  # fmt: skip
    if not failed:
        dump |= {
            "machine": "x64", "build": ("19041", "22631")[number % 2], "dump_type": "bitmap-kernel",
            "computer": f"PC-{number % 3}", "crash_time": f"2021-03-{number % 28 + 1:02}T14:11:02+00:00",
            "signature": f"0xd1_{driver}+0x10f6" if driver else None, "culprit": driver, "confidence": "certain",
            "bugcheck": "0xd1", "process": "acmetray.exe", "folder": f"dumps/{number:016x}",
        }  # fmt: skip
    return dump | changes
