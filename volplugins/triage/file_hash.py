"""SHA-256 of the whole file, in a thread beside the work: hashing lets other threads run."""

from __future__ import annotations

import hashlib
import threading
from pathlib import Path

_PIECE = 1 << 20


class FileHash:
    """Hashes a file from now on.

    Attributes:
        fault: why there is no hash; empty where there is one.
    """

    def __init__(self, path: Path) -> None:
        self.fault = ""
        self._path = path
        self._digest: str | None = None
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._work, name="sha256", daemon=True)
        self._thread.start()

    def result(self) -> str | None:
        """The hexadecimal digest, waited for; None where the file could not be read to its end."""
        self._thread.join()
        return self._digest

    def stop(self) -> None:
        """Give it up."""
        self._stop.set()
        self._thread.join()

    def _work(self) -> None:
        digest = hashlib.sha256()
        buffer = bytearray(_PIECE)
        try:
            with open(self._path, "rb", buffering=0) as file:
                while count := file.readinto(buffer):
                    if self._stop.is_set():
                        return
                    digest.update(memoryview(buffer)[:count])
        except OSError as error:
            self.fault = f"SHA-256: {error.strerror or error}"
            return
        self._digest = digest.hexdigest()
