"""Locations of lines: ``kd+unix:///tmp/win7.sock``, ``kd+tcp://HOST:PORT``, ``kd+pipe://./pipe/NAME``, ``kd+serial:///dev/ttyS0``.

volatility3 hands a location on with ``///`` folded to ``/``; both forms are taken. After ``?``: ``baud=115200`` of a
serial port, ``stay-stopped=1``, ``step-past=0``, ``memory=URL`` (percent-encoded), joined by ``&``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from volplugins.kd.errors import WrongLocation

SCHEMES = ("kd+unix", "kd+tcp", "kd+pipe", "kd+serial")
#: what is spoken of, and is not ours
NETWORK = ("kd+net", "kdnet", "kd+kdnet", "kd+udp")
_OPTIONS = {"kd+serial": ("baud",)}
_COMMON_OPTIONS = ("memory", "stay-stopped", "step-past")
_BAUD, _FASTEST = 115200, 4_000_000
_YES, _NO = ("1", "yes", "true"), ("0", "no", "false")
_KDNET = (
    "debugging over the network (KDNET) is not spoken here: set the guest to a serial port instead "
    "(bcdedit /dbgsettings serial debugport:1 baudrate:115200), see docs/live.md"
)


@dataclass(frozen=True, slots=True)
class WireLocation:
    """Where a line is.

    Attributes:
        scheme: one of ``SCHEMES``.
        path: of the socket, the pipe (``\\\\.\\pipe\\NAME``) or the serial device; the host's name for TCP.
        port, baud: for TCP and for a serial device.
        memory: where the guest's memory itself can be read; empty: over the wire.
        stay_stopped: whether the machine is left standing.
        step_past: whether its instruction pointer may be put behind a breakpoint that it runs into again on leaving.
    """

    scheme: str
    path: str
    port: int = 0
    baud: int = _BAUD
    memory: str = ""
    stay_stopped: bool = False
    step_past: bool = True

    @property
    def name(self) -> str:
        """How it is called in messages."""
        return f"{self.path}:{self.port}" if self.scheme == "kd+tcp" else self.path


def is_live(text: str) -> bool:
    """Whether this names a line, or something like one: then no file is meant."""
    scheme = text.partition(":")[0].lower()
    return ":" in text and (scheme in (*SCHEMES, *NETWORK) or scheme.startswith("kd+"))


def parse_location(text: str) -> WireLocation:
    """The location that a URL gives.

    Raises:
        WrongLocation: with what is wrong with it.
    """
    scheme = text.partition(":")[0].lower()
    if scheme in NETWORK:
        raise WrongLocation(_KDNET)
    if scheme not in SCHEMES:
        raise WrongLocation(f"{scheme}: no such line; {', '.join(f'{each}:' for each in SCHEMES)} are known")
    try:
        parts = urlsplit(text)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise WrongLocation(f"{text}: {error}") from None
    options = _options(scheme, parts.query)
    if scheme == "kd+tcp":
        if not host or not port:
            raise WrongLocation(f"{text}: write kd+tcp://HOST:PORT")
        return WireLocation(scheme, host, port, **options)
    path = unquote(parts.netloc + parts.path)
    return WireLocation(scheme, _pipe(path, text) if scheme == "kd+pipe" else _file(path, text, scheme), **options)


def _file(path: str, text: str, scheme: str) -> str:
    path = re.sub(r"^/{2,}", "/", path)
    if not path.strip("/"):
        raise WrongLocation(f"{text}: write {scheme}:///PATH")
    return path


def _pipe(path: str, text: str) -> str:
    parts = [each for each in re.split(r"[/\\]", path) if each]
    if len(parts) == 2 and parts[0].lower() == "pipe":  # kd+pipe:///pipe/NAME
        parts = [".", *parts]
    if len(parts) < 3 or parts[1].lower() != "pipe":
        raise WrongLocation(f"{text}: write kd+pipe://./pipe/NAME")
    return "\\\\" + "\\".join(parts)


def _options(scheme: str, query: str) -> dict[str, Any]:
    known = (*_COMMON_OPTIONS, *_OPTIONS.get(scheme, ()))
    found: dict[str, Any] = {}
    for name, value in parse_qsl(query, keep_blank_values=True):
        if name not in known:
            raise WrongLocation(f"?{name}: not an option of {scheme}; {', '.join(known)} are")
        if name == "baud":
            found["baud"] = _baud(value)
        elif name == "memory":
            found["memory"] = value
        else:
            found[name.replace("-", "_")] = _flag(name, value)
    return found


def _baud(value: str) -> int:
    if not value.isascii() or not value.isdigit() or not 0 < int(value[:9]) <= _FASTEST:
        raise WrongLocation(f"baud={value[:40]}: no speed of a serial port")
    return int(value)


def _flag(name: str, value: str) -> bool:
    if value.lower() not in (*_YES, *_NO):
        raise WrongLocation(f"{name}={value[:40]}: write 1 or 0")
    return value.lower() in _YES
