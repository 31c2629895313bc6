"""Rows of all dumps as Parquet, a file per plugin's section. Needs the extra ``parquet`` (pyarrow)."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from volplugins.batch.errors import CorpusError
from volplugins.batch.merged_rows import lines, row_files

_BATCH = 20_000
_FIXED = ("dump", "id", "depth", "parent")
_INT64 = 1 << 63


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

    kinds = _kinds(files)
    types = {"bool": pyarrow.bool_(), "int": pyarrow.int64(), "str": pyarrow.string()}
    schema = pyarrow.schema([(name, types[kind]) for name, kind in kinds.items()])
    with pyarrow.parquet.ParquetWriter(target, schema) as writer:
        batch: list[dict[str, Any]] = []
        for row in _rows(files):
            batch.append({name: _cell(row.get(name), kind) for name, kind in kinds.items()})
            if len(batch) == _BATCH:
                writer.write_table(pyarrow.Table.from_pylist(batch, schema))
                batch = []
        writer.write_table(pyarrow.Table.from_pylist(batch, schema))


def _rows(files: list[tuple[str, Path]]) -> Iterator[dict[str, Any]]:
    for dump, path in files:
        for values in lines(path):
            cells = values.get("row")
            if isinstance(cells, dict):
                yield {"dump": dump, "id": values.get("id"), "depth": values.get("depth", 0),
                       "parent": values.get("parent"), **cells}  # fmt: skip


def _kinds(files: list[tuple[str, Path]]) -> dict[str, str]:
    """Columns in the order they are met; of one kind where all values are, else text."""
    kinds = {"dump": "str", "id": "int", "depth": "int", "parent": "int"}
    found: dict[str, str] = {}
    for row in _rows(files):
        for name, value in row.items():
            if name not in _FIXED and value is not None:
                kind = _kind(value)
                found[name] = kind if found.get(name, kind) == kind else "str"
            elif name not in _FIXED:
                found.setdefault(name, "")
    return {**kinds, **{name: kind or "str" for name, kind in found.items()}}


def _kind(value: Any) -> str:
    if isinstance(value, bool):
        return "bool"
    return "int" if isinstance(value, int) and -_INT64 <= value < _INT64 else "str"


def _cell(value: Any, kind: str) -> Any:
    if value is None or (kind != "str" and _kind(value) == kind):
        return value
    if kind != "str":
        return None
    text = value if isinstance(value, str) else json.dumps(value)
    return text.encode("utf-8", "replace").decode()
