"""A JSON file in volatility3's cache folder that keeps what was found, by key: read with care, replaced as a whole.

Names end in ``.cache``, so that ``vol --clear-cache`` removes the files with volatility3's own. Of two processes that
write at once one's news may be lost: they are found again.
"""

from __future__ import annotations

import json
import logging
import os
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from volatility3.framework import constants

vollog = logging.getLogger(__name__)
_LARGEST = 1 << 25


def place_of(name: str) -> Path:
    """Where the file of this name lies."""
    return Path(constants.CACHE_PATH, name)


def read_kept(place: Path, form: int, member: str) -> dict[str, Any]:
    """The entries of ``member`` by key; none where the file is absent, too large, of another form or no such file."""
    try:
        with place.open("rb") as file:
            text = file.read(_LARGEST + 1)
        said = json.loads(text) if len(text) <= _LARGEST else None
    except (OSError, ValueError, RecursionError):
        return {}
    kept = said.get(member) if isinstance(said, dict) and said.get("form") == form else None
    return kept if isinstance(kept, dict) else {}


def write_kept(place: Path, form: int, member: str, entries: Mapping[str, Any]) -> None:
    """Write the entries; where the cache cannot be written, nothing is kept."""
    temporary = ""
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=place.parent, prefix=f"{place.name}.")
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump({"form": form, member: dict(entries)}, file)
        os.replace(temporary, place)
    except OSError as error:
        vollog.info(f"volplugins: {place} cannot be written: {error}")
        if temporary:
            with suppress(OSError):
                os.unlink(temporary)
