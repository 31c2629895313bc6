"""What a question about a target gives: records in order, what could not be looked at, and ways to show them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Generic, TypeVar, overload

from volplugins.api.columns import OF_TYPE
from volplugins.api.frames import to_arrow, to_pandas
from volplugins.api.html import table_html

if TYPE_CHECKING:
    import pandas
    import pyarrow

_MOST = 1_000_000
Record = TypeVar("Record")


class Listing(Sequence[Record], Generic[Record]):
    """A sequence of records of one type.

    Attributes:
        type: of the records.
        problems: in words, what could not be looked at and why; an empty listing without problems means "none".
    """

    def __init__(self, type: type[Record], records: Iterable[Record], problems: Iterable[str] = ()) -> None:
        self.type = type
        source = iter(records)
        self._records = tuple(islice(source, _MOST))
        cut = [f"there are more than {_MOST}: the rest is left out"] if next(source, None) is not None else []
        self.problems = tuple(dict.fromkeys([*problems, *cut]))

    @overload
    def __getitem__(self, index: int) -> Record: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Record]: ...
    def __getitem__(self, index: int | slice) -> Record | Sequence[Record]:
        return self._records[index]

    def __len__(self) -> int:
        return len(self._records)

    def __iter__(self) -> Iterator[Record]:
        return iter(self._records)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Listing) and (self._records, self.problems) == (other._records, other.problems)

    def __hash__(self) -> int:
        return hash(self._records)

    def __repr__(self) -> str:
        more = f", {len(self.problems)} problems" if self.problems else ""
        return f"<Listing of {len(self)} {self.type.__name__}{more}>"

    def _repr_html_(self) -> str:
        return table_html(f"{len(self)} × {self.type.__name__}", OF_TYPE[self.type], self._records, self.problems)

    def to_pandas(self) -> pandas.DataFrame:
        """A frame, its columns of declared types (ids Int64, addresses UInt64, times UTC).

        Raises:
            ImportError: pandas is not installed.
        """
        return to_pandas(OF_TYPE[self.type], self._records)

    def to_arrow(self) -> pyarrow.Table:
        """The same as a table of Arrow: ids int64, addresses uint64, times timestamp[us, UTC].

        Raises:
            ImportError: pyarrow is not installed.
        """
        return to_arrow(OF_TYPE[self.type], self._records)
