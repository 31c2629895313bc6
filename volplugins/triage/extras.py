"""What is made from a run's results: the time line and the page. A fault in making one costs it alone."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from volplugins.report import write_report
from volplugins.triage.timesketch import timeline

if TYPE_CHECKING:
    from volplugins.triage.output_folder import OutputFolder

_encoded = json.JSONEncoder(allow_nan=False).encode


def write_timeline(folder: OutputFolder, summary: dict[str, Any]) -> str:
    """Write timeline.jsonl from the rows; return why that failed, or an empty text.

    Raises:
        OSError: the file cannot be written.
    """
    try:
        with folder.file("timeline.jsonl") as out:
            for line in timeline(folder.path / "rows", summary):
                out.write(_encoded(line) + "\n")
    except OSError:
        raise
    except Exception as error:  # the rows are there: the time line alone is lost
        return f"timeline.jsonl: {type(error).__name__}: {error}"
    return ""


def write_page(folder: OutputFolder) -> str:
    """Write report.html; return why that failed, or an empty text.

    Raises:
        OSError: the file cannot be written.
    """
    try:
        write_report(folder.path)
    except OSError:
        raise
    except Exception as error:
        return f"report.html: {type(error).__name__}: {error}"
    return ""
