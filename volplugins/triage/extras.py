"""Rooms that make more of a run's results: redaction, the time line, pages. Each is used where it is installed."""

from __future__ import annotations

import json
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from volplugins.triage.output_folder import OutputFolder
    from volplugins.triage.spooled_rows import Redaction


def redactor() -> Redaction:
    """A redactor for one run.

    Raises:
        OSError: there is none in this installation.
    """
    if find_spec("volplugins.triage.redaction") is None:
        raise OSError("--redact: this installation cannot redact")
    made: Redaction = import_module("volplugins.triage.redaction").Redactor()
    return made


def write_timeline(folder: OutputFolder, summary: dict[str, Any]) -> str:
    """Write timeline.jsonl from the rows; return why that failed, or an empty text.

    Raises:
        OSError: the file cannot be written.
    """
    if find_spec("volplugins.triage.timesketch") is None:
        return ""
    try:
        lines = import_module("volplugins.triage.timesketch").timeline(folder.path / "rows", summary)
        with folder.file("timeline.jsonl") as out:
            for line in lines:
                out.write(json.dumps(line, allow_nan=False) + "\n")
    except OSError:
        raise
    except Exception as error:  # the rows are there: the time line alone is lost
        return f"timeline.jsonl: {type(error).__name__}: {error}"
    return ""


def write_pages(folder: OutputFolder) -> str:
    """Write report.html; return why that failed, or an empty text.

    Raises:
        OSError: the file cannot be written.
    """
    if find_spec("volplugins.report") is None:
        return ""
    try:
        import_module("volplugins.report").write_report(folder.path)
    except OSError:
        raise
    except Exception as error:
        return f"report.html: {type(error).__name__}: {error}"
    return ""
