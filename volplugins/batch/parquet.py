"""Rows of all dumps as Parquet, a file per plugin's section. Needs the extra ``parquet`` (pyarrow)."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from volplugins.batch.column_kinds import cell, column_kinds
from volplugins.batch.errors import CorpusError
from volplugins.batch.merged_rows import lines, row_files

_BATCH = 20_000


def require_pyarrow() -> None:
    """Raise CorpusError where pyarrow is not installed."""
    if find_spec("pyarrow") is None:
        raise CorpusError("--parquet needs pyarrow: pip install 'volplugins[parquet]'")


def write_parquet(dumps: Path, target: Path) -> None:
    """Write DIR/parquet/NAME.parquet for every name of a file of rows.

    Raises:
        OSError: a file cannot be written.
    """
    by_name: dict[str, list[tuple[str, Path]]] = {}
    for dump, path in row_files(dumps):
        by_name.setdefault(path.stem, []).append((dump, path))
    draft = target.with_name(f".{target.name}.part")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir()
    try:
        for name, files in by_name.items():
            _write(files, draft / f"{name}.parquet")
        shutil.rmtree(target, ignore_errors=True)
        os.replace(draft, target)
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _write(files: list[tuple[str, Path]], target: Path) -> None:
    """Twice over the rows: for the columns and their kinds, then for the values; memory holds one batch."""
    import pyarrow  # noqa: PLC0415 - an extra
    import pyarrow.parquet  # noqa: PLC0415

    types = {
        "bool": pyarrow.bool_(), "int": pyarrow.int64(), "float": pyarrow.float64(), "str": pyarrow.string(),
        "time": pyarrow.timestamp("us", "UTC"),
    }  # fmt: skip
    kinds = column_kinds(_rows(files))
    schema = pyarrow.schema([(name, types[kind]) for name, kind in kinds.items()])
    with pyarrow.parquet.ParquetWriter(target, schema) as writer:
        batch: list[dict[str, Any]] = []
        for _, row in _rows(files):
            batch.append({name: cell(row.get(name), kind) for name, kind in kinds.items()})
            if len(batch) == _BATCH:
                writer.write_table(pyarrow.Table.from_pylist(batch, schema))
                batch = []
        writer.write_table(pyarrow.Table.from_pylist(batch, schema))


def _rows(files: list[tuple[str, Path]]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Plugin and cells of each row, the fixed columns first."""
    for dump, path in files:
        for values in lines(path):
            cells = values.get("row")
            if isinstance(cells, dict):
                yield str(values.get("plugin", "")), {
                    "dump": dump, "id": values.get("id"), "depth": values.get("depth", 0),
                    "parent": values.get("parent"), **cells,
                }  # fmt: skip
