"""Names of the YARA rules that match what a region has in memory."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import yara

from volplugins.address.region import Region
from volplugins.memory.reader import PAGE_SIZE, MemoryReader, ReadError

OWN_RULES = Path(__file__).parent / "rules"
_MOST_AT_ONCE = 64 << 20  # bytes matched in one go
_SECONDS = 60  # for one go


class RuleError(Exception):
    """The rules cannot be used; the text says why."""


class RuleMarks:
    """Compiled rules. ``name``: a file, or the name of one of the suite's own (``plain``).

    Raises:
        RuleError: there is no such file, or it does not compile.
    """

    def __init__(self, name: str) -> None:
        own = OWN_RULES / f"{name}.yar"
        path = own if own.is_file() and "/" not in name else Path(name)
        if not path.is_file():
            raise RuleError(f"{name}: no such rule file, and none of the suite's own (plain)")
        try:
            self._rules = yara.compile(filepath=str(path))
        except (yara.Error, OSError, UnicodeError) as error:
            raise RuleError(f"{name}: {error}") from None

    def of(self, memory: MemoryReader, region: Region) -> tuple[list[str], str]:
        """Names of the rules that match, sorted, and what could not be looked at."""
        names: set[str] = set()
        note = ""
        for data in _contents(memory, region):
            try:
                names.update(match.rule for match in self._rules.match(data=data, timeout=_SECONDS))
            except yara.TimeoutError:
                note = f"rules stopped after {_SECONDS} s"
            except yara.Error as error:
                note = f"rules: {error}"
        return sorted(names), note


def _contents(memory: MemoryReader, region: Region) -> Iterator[bytes]:
    """The bytes in memory: pages that follow one another together, so that a rule sees across their edges."""
    data = bytearray()
    last = -1
    for start, end in region.spans:
        for page in range(max(start, region.start), min(end, region.end), PAGE_SIZE):
            if data and (page != last or len(data) >= _MOST_AT_ONCE):
                yield bytes(data)
                data.clear()
            try:
                data += memory.read(page, PAGE_SIZE)
            except ReadError:
                continue
            last = page + PAGE_SIZE
    if data:
        yield bytes(data)
