"""What an assistant may ask: each method is a tool, its docstring what the assistant reads of it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from volplugins.api.errors import NoSuchProcess
from volplugins.assistant.answers import MOST_ROWS, answer, refusal
from volplugins.assistant.asked_rows import columns_of, fitting, part
from volplugins.assistant.results import Refused, Results
from volplugins.corpus.errors import NoCorpus
from volplugins.dumpfile.errors import DumpError
from volplugins.memory.address_text import parse_address

_PARTS = ("target", "system", "crash", "completeness", "hang", "verdicts", "missing", "fault_texts")
_MOST_FRAMES = 64
_MOST_FILES = 500
_SEVERITIES = ("suspicious", "odd", "damage", "info")
Answer = dict[str, Any]


class Questions:
    """The tools; one question at a time, because volatility3 keeps what it works with for the whole process."""

    def __init__(self, results: Results) -> None:
        self._results, self._symbols = results, results._symbols
        self._lock = threading.Lock()

    def tools(self) -> list[Callable[..., Answer]]:
        """In the order in which they are of use."""
        return [self.list_files, self.triage, self.findings, self.stack, self.rows, self.translate]

    def list_files(self, offset: int = 0) -> Answer:
        """List the memory dumps, memory images and folders of results that can be asked about, 500 at most.

        Args:
            offset: how many to pass over.
        """

        def asked() -> Answer:
            start = max(offset, 0)
            found, more = part(self._results.files(), start, _MOST_FILES)
            return answer(found, more, offset=start)

        return self._safely(asked)

    def triage(self, file: str) -> Answer:
        """What crashed, who is to blame, how sure that is, and on which system; of a dump that was not asked about
        before this takes seconds to minutes.

        Args:
            file: a name as list_files gives it.
        """

        def asked() -> Answer:
            summary = self._results.summary(file)
            told = {name: summary.member(name) for name in _PARTS}
            stack = [each.get("symbol") or each.get("ip") for each in summary.entries("stack")]
            left = [f"… ({len(stack) - _MOST_FRAMES} more)"] if len(stack) > _MOST_FRAMES else []
            told["stack"] = stack[:_MOST_FRAMES] + left
            counts: dict[str, int] = {}
            for each in summary.entries("findings"):
                kind = str(each.get("severity"))
                counts[kind] = counts.get(kind, 0) + 1
            return answer(told | {"findings": counts}, file=file)

        return self._safely(asked)

    def findings(self, file: str, severity: str = "", offset: int = 0) -> Answer:
        """What is odd about a dump: kind, severity, process, evidence, and the command that shows more.

        Args:
            severity: suspicious, odd, damage or info alone; empty: all, highest first.
            offset: how many to pass over.
        """

        def asked() -> Answer:
            word = severity.strip().lower()
            if word and word not in _SEVERITIES:
                return refusal(f"no such severity; there are: {', '.join(_SEVERITIES)}")
            found = self._results.summary(file).entries("findings")
            wanted = [each for each in found if not word or each.get("severity") == word]
            start = max(offset, 0)
            chosen, more = part(iter(wanted), start, MOST_ROWS)
            return answer(chosen, more, file=file, all=len(wanted), offset=start)

        return self._safely(asked)

    def stack(self, file: str, tid: int = 0, pid: int = 0, offset: int = 0) -> Answer:
        """The stack of one thread, or of the first threads of a process: frames with symbol and trust (``scan`` is a
        guess, all else is proved).

        Args:
            tid: the thread; pid: its process; one of them is enough.
            offset: how many frames to pass over; 200 at most are given.
        """
        wanted = [(name, str(value)) for name, value in (("TID", tid), ("PID", pid)) if value]
        if not wanted:
            return refusal("say which: a tid, or a pid")
        columns = ["PID", "Process", "TID", "Frame", "Ring", "Symbol", "IP", "Trust", "Stop"]
        return self._safely(lambda: self._rows(file, "stacks", wanted, columns, offset, MOST_ROWS))

    def rows(
        self, file: str, section: str, filters: dict[str, str] | None = None, columns: list[str] | None = None,
        offset: int = 0, limit: int = 50,
    ) -> Answer:  # fmt: skip
        """Rows of one section of a dump: analyze, process, stacks, lm, kernel-modules, peb, address, drivers, devices,
        irps, waits, cpus, segments, pagedirs, findings, dumpinfo.

        Args:
            filters: texts by column: rows whose cell has the text in it, whatever its letter case; a number has to be
                the same.
            columns: those that are wanted; none: all.
            offset, limit: which of the rows that fit; 200 at most. ``cut`` says where there are more.
        """

        def asked() -> Answer:
            held = self._results.rows(file, section)
            by = columns_of(held, list(filters or {}))
            texts = list(zip(by, (filters or {}).values(), strict=True))
            return self._rows(file, section, texts, columns_of(held, columns or []), offset, limit)

        return self._safely(asked)

    def _rows(
        self, file: str, section: str, texts: list[tuple[str, str]], columns: list[str], offset: int, limit: int
    ) -> Answer:
        held, start = self._results.rows(file, section), max(offset, 0)
        found, more = part(fitting(held, texts), start, min(max(limit, 1), MOST_ROWS))
        chosen = [{name: row.get(name) for name in columns} for row in found] if columns else found
        return answer(chosen, more, held.cut, file=file, section=section, offset=start)

    def translate(self, file: str, address: str, process: str = "") -> Answer:
        """Where a virtual address is in physical memory: every page table entry on the way, and the state.

        Args:
            address: hexadecimal; process: a PID or an image name; empty: the kernel.
        """

        def asked() -> Answer:
            value = parse_address(address)
            if value is None:
                return refusal("the address is none: hexadecimal, sixteen digits at most")
            path = self._results.path(file)
            if path.is_dir():
                return refusal("a folder of results has no memory: name the dump itself")
            from volplugins.api.opening import open_target  # noqa: PLC0415 - volatility3 with it

            with open_target(path, self._symbols) as target:
                found = target.translate(value, process or None)
            steps = [(step.level, step.entry_physical, step.entry) for step in found.steps]
            told = [
                {"level": level, "at": hex(at), "entry": hex(entry) if entry is not None else None}
                for level, at, entry in steps
            ]
            physical = hex(found.physical) if found.physical is not None else None
            return answer({"state": found.state.value, "physical": physical, "steps": told, "text": found.text})

        return self._safely(asked)

    def _safely(self, asked: Callable[[], Answer]) -> Answer:
        """What was asked; a fault is one line, and no path of this machine is in it."""
        with self._lock:
            try:
                return asked()
            except Refused as error:
                return refusal(error, error.told)
            except NoSuchProcess as error:
                return refusal("that fits no PID, or no process by itself: `data` says why", str(error))
            except NoCorpus:
                return refusal("the folder is not there any longer")
            except DumpError as error:
                return refusal("it cannot be opened: `data` says why", error.reason.rpartition(": ")[2])
            except Exception as error:  # nothing in a dump may end the server
                return refusal(f"could not be worked out: {type(error).__name__}")
