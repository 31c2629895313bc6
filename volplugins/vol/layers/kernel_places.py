"""Where the kernel was found in each image: kept in volatility3's cache folder, never beside the evidence.

An image is told from others by size, time of change and bytes at a few places. What is remembered is proved like any
other hint. The file's name ends in ``.cache``, so that ``vol --clear-cache`` removes it with volatility3's own.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from volatility3.framework import constants

if TYPE_CHECKING:
    from volplugins.dumpfile.source import ByteSource
    from volplugins.target.kernel_search import Hint
    from volplugins.target.target import Target

vollog = logging.getLogger(__name__)
_NAME, _FORM = "volplugins-images.cache", 1
_MOST_IMAGES = 1024
_LARGEST = 1 << 22
_SAMPLES, _SAMPLE = 8, 4096


def identity_of(source: ByteSource, changed: int) -> str:
    """What tells this image from others: size, time of change (ns), bytes at the start, the end and between."""
    digest = hashlib.sha256(f"{source.size} {changed}".encode())
    for number in range(_SAMPLES):
        digest.update(source.read(max(source.size - _SAMPLE, 0) * number // (_SAMPLES - 1), _SAMPLE))
    return digest.hexdigest()


def remembered(identity: str) -> tuple[Hint, ...]:
    """Where the kernel was found in this image before; empty where nothing is known."""
    from volplugins.paging.mode import PagingMode
    from volplugins.target.kernel_search import Hint

    entry = _entries().get(identity, ())
    try:
        mode, directory, base, how = entry
        fits = type(directory) is int and type(base) is int and isinstance(how, str) and 0 <= directory | base < 1 << 64
        return (Hint(PagingMode(mode), directory, how, base),) if fits else ()
    except (TypeError, ValueError):
        return ()


def remember(identity: str, target: Target) -> None:
    """Keep where the kernel was found. Where the cache cannot be written, the next run searches again."""
    if target.mode is None or not target.kernel_base:
        return
    how = target.how("DirectorySource")
    entry = [target.mode.value, target.directory_table_base, target.kernel_base, how]
    entries = _entries()
    if entries.get(identity) == entry:
        return
    entries.pop(identity, None)
    kept = dict([*entries.items(), (identity, entry)][-_MOST_IMAGES:])
    temporary = ""
    try:
        place = _place()
        place.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=place.parent, prefix=f"{_NAME}.")
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump({"form": _FORM, "images": kept}, file)
        os.replace(temporary, place)
    except OSError as error:
        vollog.info(f"volplugins: {_NAME} cannot be written: {error}")
        if temporary:
            with suppress(OSError):
                os.unlink(temporary)


def _place() -> Path:
    return Path(constants.CACHE_PATH, _NAME)


def _entries() -> dict[str, Any]:
    """The entries by identity; an index that makes no sense is empty."""
    try:
        with _place().open("rb") as file:
            text = file.read(_LARGEST + 1)
        said = json.loads(text) if len(text) <= _LARGEST else None
    except (OSError, ValueError, RecursionError):
        return {}
    images = said.get("images") if isinstance(said, dict) and said.get("form") == _FORM else None
    return dict(images) if isinstance(images, dict) else {}
