"""Templates, scripts and styles of the package made into one HTML file that loads nothing."""

from __future__ import annotations

import json
import os
import tempfile
from base64 import b64encode
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import cache
from hashlib import sha256
from importlib.resources import files
from pathlib import Path
from typing import Any

from jinja2 import Environment, FunctionLoader, Undefined
from markupsafe import Markup

from volplugins.report import caps
from volplugins.report.shown_text import shown

_ESCAPES = {ord("<"): "\\u003c", ord(">"): "\\u003e", ord("&"): "\\u0026", 0x2028: "\\u2028", 0x2029: "\\u2029"}


def rendered(template: str, scripts: Sequence[str], data: Any, facts: Mapping[str, Any]) -> str:
    """The page.

    Args:
        template: a file of templates/.
        scripts: files of assets/ whose code the page runs, in order. Its policy allows no other code at all.
        data: what the scripts show; becomes JSON within the page.
        facts: what the template shows. All of it is text: only what this package marks as Markup is markup.
    """
    script = Markup("\n(() => {\n'use strict';\n" + "".join(_asset("assets", name) for name in scripts) + "})();\n")
    style = Markup("\n" + _asset("assets", "page.css"))
    policy = (
        f"default-src 'none'; script-src '{_digest(script)}'; style-src '{_digest(style)}'; "
        "base-uri 'none'; form-action 'none'"
    )
    own = {"script": script, "style": style, "policy": policy, "data": embedded_json(data)}
    return str(_environment().get_template(template).render({**facts, **own}))


@cache
def _environment() -> Environment:
    """One for the process: its templates are compiled once, and a batch makes many pages."""
    return Environment(
        autoescape=True, finalize=_finalized, trim_blocks=True, lstrip_blocks=True,
        loader=FunctionLoader(lambda name: _asset("templates", name)),
    )  # fmt: skip


def embedded_json(data: Any) -> Markup:
    """JSON that may stand in a script element: no character of it can end the element or a line."""
    return Markup(json.dumps(data, separators=(",", ":"), allow_nan=False).translate(_ESCAPES))


def put(page: str, target: Path) -> Path:
    """Write the page beside its final name, then rename: a page is whole or not there.

    Raises:
        OSError: it cannot be written; nothing is left behind.
    """
    name = ""
    try:
        handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.", suffix=".part")
        with os.fdopen(handle, "w", encoding="utf-8", errors="backslashreplace", newline="\n") as file:
            file.write(page)
        os.chmod(name, 0o600 | target.parent.stat().st_mode & 0o066 & ~_mask())
        os.replace(name, target)
    except BaseException as error:
        with suppress(OSError):
            os.unlink(name)
        if isinstance(error, OSError):
            raise OSError(error.errno, error.strerror or str(error), str(target)) from error
        raise
    return target


def _mask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _finalized(value: Any) -> Any:
    """Every expression of a template passes here: text of the dump is made visible and cut."""
    if isinstance(value, (Markup, Undefined)):
        return value
    return shown(value, caps.TEXT)


def _asset(folder: str, name: str) -> str:
    return (files("volplugins.report") / folder / name).read_text(encoding="utf-8").replace("\r\n", "\n")


def _digest(text: str) -> str:
    return "sha256-" + b64encode(sha256(text.encode()).digest()).decode()
