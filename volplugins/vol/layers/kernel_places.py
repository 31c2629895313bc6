"""Where the kernel was found in each image: kept in volatility3's cache folder, never beside the evidence.

An image is told from others by size, time of change and bytes at a few places. What is remembered is proved like any
other hint. What was tried is remembered too, so that a later run says the same as the first.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from volplugins.vol.layers.kept_json import place_of, read_kept, write_kept

if TYPE_CHECKING:
    from volplugins.dumpfile.source import ByteSource
    from volplugins.target.kernel_search import Hint
    from volplugins.target.search_log import SearchLog
    from volplugins.target.target import Target

_NAME, _FORM, _MEMBER = "volplugins-images.cache", 1, "images"
_MOST_IMAGES = 1024
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

    entry = read_kept(place_of(_NAME), _FORM, _MEMBER).get(identity, ())
    try:
        mode, directory, base, how, image_how, tried = entry
        lines = tuple((text, tuple(where)) for text, where in tried)
        fits = all(_is_place(each) for each in (directory, base, *(at for _, where in lines for at in where)))
        texts = all(isinstance(each, str) for each in (how, image_how, *(text for text, _ in lines)))
        return (Hint(PagingMode(mode), directory, how, base, 0, image_how, lines),) if fits and texts else ()
    except (TypeError, ValueError):
        return ()


def _is_place(value: object) -> bool:
    return type(value) is int and 0 <= value < 1 << 64


def remember(identity: str, target: Target, log: SearchLog) -> None:
    """Keep where the kernel was found. Where the cache cannot be written, the next run searches again.

    Args:
        log: of the search that found it.
    """
    source = next((fact for fact in target.facts if fact.name == "DirectorySource"), None)
    if target.mode is None or not target.kernel_base or source is None:
        return
    tried = [[text, list(where)] for text, where in log.led]
    directory, image_how = int(source.value, 16), target.how("KernelBase")
    entry = [target.mode.value, directory, target.kernel_base, source.how, image_how, tried]
    entries = read_kept(place_of(_NAME), _FORM, _MEMBER)
    if entries.get(identity) == entry:
        return
    entries.pop(identity, None)
    write_kept(place_of(_NAME), _FORM, _MEMBER, dict([*entries.items(), (identity, entry)][-_MOST_IMAGES:]))
