"""Pages made from what triage and batch leave behind: one file each, no network, nothing of the dump is ever markup.

``write_report`` makes OUT/report.html from summary.json and rows/*.jsonl; ``write_index`` makes DIR/index.html from
corpus.sqlite. JSON and SQLite come in, HTML goes out; nothing of the core enters, and no dump is opened.
"""

from __future__ import annotations

from volplugins.report.corpus_index import write_index
from volplugins.report.dump_report import write_report

__all__ = ["write_index", "write_report"]
