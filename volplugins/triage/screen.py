"""The summary of one dump as lines for a screen of 24 lines and 100 columns: made from summary.json's members alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from textwrap import wrap
from typing import Any
from unicodedata import east_asian_width

from volplugins.report.stuck_text import stuck_line
from volplugins.report.told_findings import finding_lines

LINES, COLUMNS = 24, 100
_LABELS = 15


@dataclass(slots=True)
class _Block:
    """Lines below one label: ``least`` are shown however full the screen is, ``more`` says where the rest is."""

    label: str
    lines: list[str]
    least: int
    more: str = ""
    shown: int = 0

    def text(self) -> Iterator[str]:
        """The lines that are shown, each cut to the screen's width."""
        rest = len(self.lines) - self.shown
        for number, line in enumerate(self.lines[: self.shown]):
            last = number == self.shown - 1 and rest > 0
            shown = f"… {rest + 1} more: {self.more}" if last and self.shown > 1 else line
            label = self.label if number == 0 else ""
            yield _cut(f"{label:<{_LABELS}}{shown}", f" (+{rest})" if last and self.shown == 1 else "")


def summary_lines(summary: Mapping[str, Any], folder: Path | None = None) -> list[str]:
    """At most LINES lines of at most COLUMNS columns, the most telling facts first.

    Args:
        folder: where the results are, for a last line that says so.
    """
    blocks = [block for block in _blocks(summary) if block.lines]
    if folder is not None:
        blocks.append(_Block("Written", [str(folder / "report.html")], 1))
    room = LINES
    for block in blocks:
        block.shown = min(block.least, len(block.lines))
        room -= block.shown
    while room > 0 and (short := [block for block in blocks if block.shown < len(block.lines)]):
        block = min(short, key=lambda each: each.shown)
        block.shown += 1
        room -= 1
    return [line for block in blocks for line in block.text()][:LINES]


def _cut(text: str, end: str = "") -> str:
    room = COLUMNS - len(end)
    if sum(map(_columns, text)) <= room:
        return text + end
    taken, used = 0, 1  # the ellipsis
    while used + _columns(text[taken]) <= room:
        used += _columns(text[taken])
        taken += 1
    return text[:taken] + "…" + end


def _columns(character: str) -> int:
    """How many columns of a terminal it takes."""
    return 2 if east_asian_width(character) in "WF" else 1


def _blocks(summary: Mapping[str, Any]) -> Iterator[_Block]:
    yield _stuck(summary)
    if not summary.get("target", {}).get("crashed", True):
        yield from _running(summary)
        return
    crash = summary["crash"]
    if crash["evidence"] == "; ".join(summary["missing"]):  # said below
        crash = {**crash, "evidence": ""}
    code = _joined(crash["bugcheck_code"], crash["bugcheck_name"])
    yield _Block("What crashed", [code] if code else [], 1)
    yield _Block("Parameters", [_joined(*crash["parameters"])], 1)
    yield _Block("Blame", [*_blame(crash)], 1)
    yield _Block("Memory", [*_memory(crash)], 1, "windows.kd.analyze")
    yield _Block("Failed at", [*_failed(crash)], 3)
    yield _Block("Process", [*_one(_joined(crash["process"], crash["pid"]))], 1)
    yield _Block("On purpose", [*_one(_joined(crash["manual_crash"], crash["manual_evidence"]))], 1)
    yield _Block("Signature", [*_one(crash["signature"])], 1)
    yield _system(summary)
    frames = [f"{each['ip']} {each['symbol']}  ({each['trust']})" for each in summary["stack"]]
    yield _Block("Stack", frames, 2, "windows.kd.analyze")
    yield from _held(summary)
    yield from _odd(summary)
    yield _Block("Faults", list(summary["fault_texts"]), 1, "summary.json")


def _running(summary: Mapping[str, Any]) -> Iterator[_Block]:
    """Of a machine that did not crash: that at once, then what is odd, then what it is."""
    target = summary["target"]
    kind = f"{target['kind'].replace('-', ' ')} ({target['format']})"
    base = f"kernel at {target['kernel_base']}" if target["kernel_base"] else ""
    yield _Block("What crashed", [f"no bugcheck is recorded; {_joined(kind, base)}"], 1)
    yield from _odd(summary)
    yield _system(summary)
    yield from _held(summary)
    yield _Block("Faults", list(summary["fault_texts"]), 1, "summary.json")


def _stuck(summary: Mapping[str, Any]) -> _Block:
    """The oldest request that a driver of others keeps, whole and with the reason; then the next ones."""
    stuck = summary.get("stuck") or ()
    lines = [line for each in stuck for line in _halves(stuck_line(each), each.get("why") or "")]
    return _Block("Stuck", lines, 2, "windows.kd.irps")


def _halves(line: str, why: str) -> tuple[str, str]:
    """What is held, then whose it is, since when and why that says something; a process's name has no such words."""
    held, _, rest = line.partition(") ")
    return (f"{held})", f"{rest}: {why}") if rest else (line, why)


def _system(summary: Mapping[str, Any]) -> _Block:
    fields = ("machine", "build", "system_time", "system_uptime")
    return _Block("System", [*_one(_joined(*(summary["system"].get(name) for name in fields)))], 1)


def _held(summary: Mapping[str, Any]) -> Iterator[_Block]:
    yield _Block("Complete", [*_complete(summary)], 1)
    yield _Block("Missing", [*_missing(summary)], 1, "windows.kd.dumpinfo, volplugins symbols")


def _odd(summary: Mapping[str, Any]) -> Iterator[_Block]:
    yield _Block("Findings", [*finding_lines(summary.get("findings") or ())], 2, "windows.kd.findings")
    yield _Block("Directories", [*_directories(summary)], 1, "windows.kd.pagedirs")
    yield _Block("Threads", [*_threads(summary)], 1, "windows.kd.stacks, windows.kd.process --threads")


def _joined(*parts: Any) -> str:
    return "  ".join(str(part) for part in parts if part not in (None, ""))


def _one(text: str | None) -> Iterator[str]:
    if text:
        yield text


def _blame(crash: Mapping[str, Any]) -> Iterator[str]:
    if crash["image"]:
        confidence = f"[{crash['confidence']}]" if crash["confidence"] else ""
        yield _joined(crash["image"], crash["symbol"], confidence)
    elif asked_for(crash):
        yield f"nobody: this crash was asked for ({crash['manual_crash']})"
        return  # why is said below
    else:
        yield "nobody could be named"
    yield from wrap(crash["evidence"] or "", COLUMNS - _LABELS)
    yield from _device(crash)


def _device(crash: Mapping[str, Any]) -> Iterator[str]:
    """The device behind the driver, by the name under which a person finds it."""
    stack, instance = crash.get("device_stack"), crash.get("device_instance")
    if stack or instance:
        confidence = f"[{crash['device_confidence']}]" if crash.get("device_confidence") else ""
        yield from wrap(_joined("device", instance, f"stack {stack}" if stack else "", confidence), COLUMNS - _LABELS)


def asked_for(crash: Mapping[str, Any]) -> bool:
    """Whether nobody is to blame because somebody wanted the crash (NotMyFault's driver is to blame)."""
    return bool(crash.get("manual_crash")) and not crash["image"]


def _memory(crash: Mapping[str, Any]) -> Iterator[str]:
    if crash.get("memory_error"):
        kind, sure = crash["memory_error"], crash.get("memory_error_confidence")
        yield f"a memory error is likely: {kind}  [{sure}]"
        yield from wrap(crash.get("memory_error_evidence") or "", COLUMNS - _LABELS)


def _failed(crash: Mapping[str, Any]) -> Iterator[str]:
    access = [f"{word} {crash[name]}" for word, name in _ACCESSES if crash.get(name)]
    where, why = _joined(crash["faulting_ip"], *access), _exception(crash)
    if where and why and len(where) + 2 + len(why) > COLUMNS - _LABELS:
        yield from (where, why)
    else:
        yield from _one(_joined(where, why))
    yield from _operand(crash)


def _operand(crash: Mapping[str, Any]) -> Iterator[str]:
    """The instruction and the operand that gave the bad address: what an engineer looks for first."""
    if crash.get("faulting_operand"):
        yield f"{crash['faulting_instruction']}    {crash['faulting_operand'].partition(': ')[2]}"


def _exception(crash: Mapping[str, Any]) -> str:
    """By name where it has one; what it means where the address does not say so already."""
    code = crash.get("exception_name") or crash.get("exception_code")
    said = crash.get("exception_meaning") or ""
    if any(crash.get(name) for _, name in _ACCESSES):
        said = said.partition(": ")[2]  # after the address: why the page could not be read in
    return f"exception {code}{said and f' ({said})'}" if code else ""


_ACCESSES = (("reading", "read_address"), ("writing", "write_address"), ("executing", "execute_address"))


def _complete(summary: Mapping[str, Any]) -> Iterator[str]:
    found = summary["completeness"]
    truncated = "; the file is cut short" if found["truncated"] else ""
    why = f" ({found['note']})" if found["note"] else ""
    if found["score"] is not None:
        yield f"{found['score']} %: {found['present']} of {found['described']} pages of RAM{truncated}{why}"
    elif truncated or found["note"]:
        yield "; ".join(part for part in (truncated.removeprefix("; "), found["note"]) if part)


def _missing(summary: Mapping[str, Any]) -> Iterator[str]:
    yield from dict.fromkeys(summary["missing"])
    symbols = summary["symbols"]
    kernel = symbols["kernel"]
    images = symbols.get("images", [])
    if kernel is None:
        image = next((each["path"] for each in images if each["kernel"]), "")
        unknown = "the kernel's debug record is not in the dump: which PDB it needs cannot be told"
        yield f"the kernel's image would name its PDB: {image}" if image else unknown
    absent = symbols["missing"]
    mine = [each for each in absent if kernel and (each["guid"], each["pdb"]) == (kernel["guid"], kernel["pdb"])]
    yield from (f"symbols of the kernel: {each['path']}" for each in mine)
    others = len(absent) - len(mine)
    if others:
        yield f"symbols of {others} other modules"
    unseen = [each for each in images if not (kernel is None and each["kernel"])]
    if unseen:
        yield f"images of {len(unseen)} modules, which would name their PDBs"


def _directories(summary: Mapping[str, Any]) -> Iterator[str]:
    bad = summary["directories"]
    if not bad and summary["verdicts"]:
        gone = summary["verdicts"].get("no-directory", 0)
        also = f"; {gone} of processes that have exited are gone" if gone else ""
        yield f"all {sum(summary['verdicts'].values()) - gone} page directories can be used{also}"
    for each in bad:
        who = "all in all:" if each["process"] == "*" else _joined(each["process"], each["pid"])
        yield f"{who} {each['verdict']}: {each['evidence']}"


def _threads(summary: Mapping[str, Any]) -> Iterator[str]:
    for each in summary["threads"]:
        if each["why"] != "crashed":  # said above
            yield f"{each['process']} {each['pid']}.{each['tid']} {each['why']}"
