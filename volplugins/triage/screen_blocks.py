"""What the screen says of one dump, made from summary.json's members alone: a block of lines below each label."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from textwrap import wrap
from typing import Any

from volplugins.findings.trusted_frames import TrustedFrames
from volplugins.report.hang_text import hang_line
from volplugins.report.stuck_text import stuck_line
from volplugins.report.told_findings import finding_lines
from volplugins.triage.next_steps import next_steps

_STATUS = re.compile(r"\bSTATUS_[A-Z0-9_]+")


@dataclass(slots=True)
class Block:
    """Lines below one label: ``least`` are shown however full the screen is, ``more`` says where the rest is.

    Attributes:
        shown: how many lines the screen has room for.
    """

    label: str
    lines: list[str]
    least: int
    more: str = ""
    shown: int = 0


def blocks_of(summary: Mapping[str, Any], room: int) -> Iterator[Block]:
    """The blocks in their order, some of them without a line.

    Args:
        room: columns for a line beside its label.
    """
    yield _stuck(summary)
    yield from _hang(summary, room)
    if not summary.get("target", {}).get("crashed", True):
        yield from _running(summary, room)
        return
    crash = summary["crash"]
    if crash["evidence"] == "; ".join(summary["missing"]):  # said below
        crash = {**crash, "evidence": ""}
    code = _joined(crash["bugcheck_code"], crash["bugcheck_name"])
    meaning = wrap(crash.get("bugcheck_meaning") or "", room)
    yield Block("What crashed", [*([code] if code else []), *meaning], 1 + len(meaning[:1]))
    yield Block("Parameters", wrap(_parameters(crash), room, break_on_hyphens=False), 1)
    yield Block("Blame", [*_blame(crash, room)], 2 if _file(crash) else 1)
    yield Block("Memory", [*_memory(crash, room)], 1, "windows.kd.analyze")
    yield Block("Failed at", [*_failed(crash, room)], 3)
    yield Block("Process", [*_one(_joined(crash["process"], crash["pid"]))], 1)
    yield Block("On purpose", [*_one(_joined(crash["manual_crash"], crash["manual_evidence"]))], 1)
    yield Block("Signature", [*_one(crash["signature"])], 1)
    yield _system(summary)
    yield Block("Stack", [*_stack(summary)], 2, "windows.kd.analyze")
    yield from _held(summary)
    yield from _odd(summary)
    yield Block("Faults", list(summary["fault_texts"]), 1, "summary.json")
    yield Block("Next", next_steps(summary, room), 1)


def _running(summary: Mapping[str, Any], room: int) -> Iterator[Block]:
    """Of a machine that did not crash: that at once, then what is odd, then what it is."""
    target = summary["target"]
    kind = f"{target['kind'].replace('-', ' ')} ({target['format']})"
    base = f"kernel at {target['kernel_base']}" if target["kernel_base"] else ""
    yield Block("What crashed", [f"no bugcheck is recorded; {_joined(kind, base)}"], 1)
    yield from _odd(summary)
    yield _system(summary)
    yield from _held(summary)
    yield Block("Faults", list(summary["fault_texts"]), 1, "summary.json")
    yield Block("Next", next_steps(summary, room), 1)


def _stuck(summary: Mapping[str, Any]) -> Block:
    """The oldest request that a driver of others keeps, whole and with the reason; then the next ones."""
    stuck = summary.get("stuck") or ()
    lines = [line for each in stuck for line in _halves(stuck_line(each), each.get("why") or "")]
    return Block("Stuck", lines, 2, "windows.kd.irps")


def _hang(summary: Mapping[str, Any], room: int) -> Iterator[Block]:
    """What holds threads up, where something does."""
    label, text = hang_line(summary)
    if label:
        yield Block(label, wrap(text, room), 1, "windows.kd.analyze --hang")


def _halves(line: str, why: str) -> tuple[str, str]:
    """What is held, then whose it is, since when and why that says something; a process's name has no such words."""
    held, _, rest = line.partition(") ")
    return (f"{held})", f"{rest}: {why}") if rest else (line, why)


def _system(summary: Mapping[str, Any]) -> Block:
    fields = ("machine", "build", "system_time", "system_uptime")
    return Block("System", [*_one(_joined(*(summary["system"].get(name) for name in fields)))], 1)


def _held(summary: Mapping[str, Any]) -> Iterator[Block]:
    yield Block("Complete", [*_complete(summary)], 1)
    yield Block("Missing", [*_missing(summary)], 1, "windows.kd.dumpinfo, volplugins symbols")


def _odd(summary: Mapping[str, Any]) -> Iterator[Block]:
    yield Block("Findings", [*finding_lines(summary.get("findings") or ())], 2, "windows.kd.findings")
    yield Block("Directories", [*_directories(summary)], 1, "windows.kd.pagedirs")
    yield Block("Threads", [*_threads(summary)], 1, "windows.kd.stacks, windows.kd.process --threads")


def _parameters(crash: Mapping[str, Any]) -> str:
    """The four numbers, each with the name of the status that it is."""
    said = crash.get("parameter_meanings") or ()
    names = [_STATUS.search(str(each)) for each in said] or [None] * len(crash["parameters"])
    pairs = zip(crash["parameters"], names, strict=False)
    return _joined(*(f"{value} ({name[0]})" if name is not None else value for value, name in pairs))


def _stack(summary: Mapping[str, Any]) -> Iterator[str]:
    """The frames that are proved; how many were only searched for, or rest on such a one, is said and not listed."""
    trusted, left = TrustedFrames(), 0
    for each in summary["stack"]:
        if trusted.take(0, each["trust"], None):
            yield f"{each['ip']} {each['symbol']}  ({each['trust']})"
        else:
            left += 1
    if left:
        frames = "1 frame is" if left == 1 else f"{left} frames are"
        yield f"{frames} not proved (found by searching the stack): windows.kd.analyze lists them"


def _file(crash: Mapping[str, Any]) -> str:
    """The file at fault as its owner knows it: version, company, date, path."""
    date = (crash.get("module_date") or "").partition("T")[0]
    told = (crash.get("module_version"), crash.get("module_company"), date, crash.get("module_path"))
    return ", ".join(each for each in told if each)


def _joined(*parts: Any) -> str:
    return "  ".join(str(part) for part in parts if part not in (None, ""))


def _one(text: str | None) -> Iterator[str]:
    if text:
        yield text


def _blame(crash: Mapping[str, Any], room: int) -> Iterator[str]:
    if crash["image"]:
        confidence = f"[{crash['confidence']}]" if crash["confidence"] else ""
        yield _joined(crash["image"], crash["symbol"], confidence)
        yield from wrap(_file(crash), room)
    elif asked_for(crash):
        yield f"nobody: this crash was asked for ({crash['manual_crash']})"
        return  # why is said below
    else:
        yield "nobody could be named"
    yield from wrap(crash["evidence"] or "", room)
    yield from _device(crash, room)


def _device(crash: Mapping[str, Any], room: int) -> Iterator[str]:
    """The device behind the driver, by the name under which a person finds it."""
    stack, instance = crash.get("device_stack"), crash.get("device_instance")
    if stack or instance:
        confidence = f"[{crash['device_confidence']}]" if crash.get("device_confidence") else ""
        yield from wrap(_joined("device", instance, f"stack {stack}" if stack else "", confidence), room)


def asked_for(crash: Mapping[str, Any]) -> bool:
    """Whether nobody is to blame because somebody wanted the crash (NotMyFault's driver is to blame)."""
    return bool(crash.get("manual_crash")) and not crash["image"]


def _memory(crash: Mapping[str, Any], room: int) -> Iterator[str]:
    if crash.get("memory_error"):
        kind, sure = crash["memory_error"], crash.get("memory_error_confidence")
        yield f"a memory error is likely: {kind}  [{sure}]"
        yield from wrap(crash.get("memory_error_evidence") or "", room)


def _failed(crash: Mapping[str, Any], room: int) -> Iterator[str]:
    access = [f"{word} {crash[name]}" for word, name in _ACCESSES if crash.get(name)]
    where, why = _joined(crash["faulting_ip"], *access), _exception(crash)
    if where and why and len(where) + 2 + len(why) > room:
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
    code = " ".join(crash[name] for name in ("exception_code", "exception_name") if crash.get(name))
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
