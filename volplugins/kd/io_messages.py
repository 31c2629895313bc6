"""What a kernel sends of itself while something else is awaited: debug prints and prompts, file requests.

DBGKD_DEBUG_IO and DBGKD_FILE_IO of windbgkd.h. A print wants nothing but its acknowledgement; a prompt wants an answer
before the machine goes on, and a file request a refusal: nothing of this machine is handed to the guest.
"""

from __future__ import annotations

import struct

_PRINT, _PROMPT = 0x3230, 0x3231
_CREATE = 0x3430
_NO_SUCH_FILE, _UNSUCCESSFUL = 0xC000000F, 0xC0000001
_HEADER_SIZES = (16, 12)
_LONGEST = 400
_IGNORE = b"i"


def printed_text(payload: bytes) -> str | None:
    """The text of a print, on one line and shortened; None where it is none."""
    if len(payload) < _HEADER_SIZES[1] or _api(payload) != _PRINT:
        return None
    length = int.from_bytes(payload[8:12], "little")
    start = next((size for size in _HEADER_SIZES if size + length == len(payload)), _HEADER_SIZES[0])
    return " ".join(payload[start : start + min(length, _LONGEST)].decode("latin-1").split())


def prompt_answer(payload: bytes) -> bytes | None:
    """The answer to a prompt: ``i``, which lets an assertion be; None where nothing is asked."""
    if len(payload) < _HEADER_SIZES[1] or _api(payload) != _PROMPT:
        return None
    return payload[:8] + struct.pack("<II", int.from_bytes(payload[8:12], "little"), len(_IGNORE)) + _IGNORE


def file_refusal(payload: bytes) -> bytes:
    """The refusal of a file request, 64 bytes."""
    status = _NO_SUCH_FILE if _api(payload) == _CREATE else _UNSUCCESSFUL
    return struct.pack("<II", _api(payload), status).ljust(64, b"\0")


def _api(payload: bytes) -> int:
    return int.from_bytes(payload[:4], "little")
