"""What an assistant may ask: each method is a tool, its docstring what the assistant reads of it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from itertools import islice
from typing import Any

from volplugins.api.errors import NoSuchProcess
from volplugins.assistant.answers import MOST_ROWS, answer, refusal
from volplugins.assistant.results import Refused, Results
from volplugins.corpus.errors import NoCorpus
from volplugins.dumpfile.errors import DumpError
from volplugins.memory.address_text import parse_address

_PARTS = ("target", "system", "crash", "completeness", "hang", "verdicts", "missing", "fault_texts")
_MOST_FRAMES = 64
Answer = dict[str, Any]


class Questions:
    """The tools; one question at a time, because volatility3 keeps what it works with for the whole process."""

    def __init__(self, results: Results) -> None:
        self._results, self._symbols = results, results._symbols
        self._lock = threading.Lock()

    def tools(self) -> list[Callable[..., Answer]]:
        """In the order in which they are of use."""
        return [self.list_files, self.triage, self.findings, self.stack, self.rows, self.translate]

    def list_files(self) -> Answer:
        """List the memory dumps, memory images and folders of results that can be asked about."""
        return self._safely(lambda: answer(list(self._results.files())))

    def triage(self, file: str) -> Answer:
        """What crashed, who is to blame, how sure that is, and on which system; of a dump that was not asked about
        before this takes seconds to minutes.

        Args:
            file: a name as list_files gives it.
        """

        def asked() -> Answer:
            summary = self._results.summary(file)
            told = {name: summary.member(name) for name in _PARTS}
            told["stack"] = [each.get("symbol") or each.get("ip") for each in summary.entries("stack")[:_MOST_FRAMES]]
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
            found = self._results.summary(file).entries("findings")
            wanted = [each for each in found if not severity or each.get("severity") == severity]
            return answer(wanted[max(offset, 0) :][:MOST_ROWS], file=file, all=len(wanted))

        return self._safely(asked)

    def stack(self, file: str, tid: int = 0, pid: int = 0) -> Answer:
        """The stack of one thread, or of the first threads of a process: frames with symbol and trust (``scan`` is a
        guess, all else is proved).

        Args:
            tid: the thread; pid: its process; one of them is enough.
        """
        wanted = {name: str(value) for name, value in (("TID", tid), ("PID", pid)) if value}
        if not wanted:
            return refusal("say which: a tid, or a pid")
        columns = ["PID", "Process", "TID", "Frame", "Ring", "Symbol", "IP", "Trust", "Stop"]
        return self.rows(file, "stacks", wanted, columns)

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
            offset, limit: which of the rows that fit; 200 at most.
        """

        def asked() -> Answer:
            fitting = (row for row in self._results.rows(file, section) if _fits(row, filters or {}))
            part = list(islice(fitting, max(offset, 0), max(offset, 0) + min(max(limit, 1), MOST_ROWS)))
            chosen = [{name: row.get(name) for name in columns} for row in part] if columns else part
            return answer(chosen, file=file, section=section, offset=offset)

        return self._safely(asked)

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


def _fits(row: dict[str, Any], filters: dict[str, str]) -> bool:
    """Whether the row has every text, or the same number."""
    for name, text in filters.items():
        cell = row.get(name)
        if isinstance(cell, (int, float)) and not isinstance(cell, bool):
            if str(cell) != str(text).strip():
                return False
        elif str(text).lower() not in str(cell if cell is not None else "").lower():
            return False
    return True
