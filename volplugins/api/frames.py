"""Records as a frame of pandas or a table of Arrow, where these are installed: each column of a declared type."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from volplugins.api.columns import Column, Holds
from volplugins.vol.output.json_lines import clean_text

if TYPE_CHECKING:
    import pandas
    import pyarrow

_PANDAS = {
    Holds.TEXT: "string", Holds.INTEGER: "Int64", Holds.ADDRESS: "UInt64", Holds.TIME: "datetime64[us, UTC]",
    Holds.FLAG: "boolean",
}  # fmt: skip
_BITS = {Holds.INTEGER: (-(1 << 63), 1 << 63), Holds.ADDRESS: (0, 1 << 64)}


def values(column: Column, records: Sequence[Any]) -> list[Any]:
    """The column's values; a number that its type cannot hold, of a damaged dump, is none."""
    found = [column.of(record) for record in records]
    if column.holds is Holds.TEXT:
        return [each if each is None else clean_text(each) for each in found]
    low, high = _BITS.get(column.holds, (0, 0))
    return [each if each is None or low <= each < high else None for each in found] if high else found


def to_pandas(columns: Sequence[Column], records: Sequence[Any]) -> pandas.DataFrame:
    """A frame with pandas' nullable types.

    Raises:
        ImportError: pandas is not installed.
    """
    import pandas  # noqa: PLC0415 - where it is installed

    return pandas.DataFrame(
        {each.name: pandas.Series(values(each, records), dtype=_PANDAS[each.holds]) for each in columns}
    )


def to_arrow(columns: Sequence[Column], records: Sequence[Any]) -> pyarrow.Table:
    """A table of Arrow.

    Raises:
        ImportError: pyarrow is not installed.
    """
    import pyarrow  # noqa: PLC0415 - where it is installed

    kinds = {
        Holds.TEXT: pyarrow.string(), Holds.INTEGER: pyarrow.int64(), Holds.ADDRESS: pyarrow.uint64(),
        Holds.TIME: pyarrow.timestamp("us", "UTC"), Holds.FLAG: pyarrow.bool_(),
    }  # fmt: skip
    schema = pyarrow.schema([(each.name, kinds[each.holds]) for each in columns])
    return pyarrow.table({each.name: values(each, records) for each in columns}, schema=schema)
