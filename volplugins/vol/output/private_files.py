"""Files with contents of memory are their owner's alone."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def private_files() -> Iterator[None]:
    """What is created inside has mode 0600, whoever creates it; a folder's own default rules (ACLs) go before that."""
    before = os.umask(0o077)
    try:
        yield
    finally:
        os.umask(before)
