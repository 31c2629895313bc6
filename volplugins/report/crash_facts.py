"""The first lines of the page: what crashed, who is to blame, how sure that is, on which system."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from volplugins.report import caps
from volplugins.report.local_time import local_time
from volplugins.report.row_file import Row
from volplugins.report.shown_text import shown
from volplugins.report.summary_file import Summary
from volplugins.report.told_findings import SHADES, counted

_UNITS = ("bytes", "KiB", "MiB", "GiB", "TiB")
# label, member of summary.crash, row of windows.kd.analyze that says the same
_ELSEWHERE = ("stack", "modules", "hang")  # sections of the rows whose fields others have too
_CRASH = (
    ("Failed at", "faulting_ip", "FAULTING_IP"),
    ("Instruction", "faulting_instruction", ""),
    ("Bad operand", "faulting_operand", "FAULTING_OPERAND"),
    ("Symbol", "symbol", "SYMBOL_NAME"),
    ("File version", "module_version", "MODULE_VERSION"),
    ("Company", "module_company", "MODULE_COMPANY"),
    ("File date", "module_date", "MODULE_DATE"),
    ("Path", "module_path", "MODULE_PATH"),
    ("Device", "device_instance", "DEVICE_INSTANCE"),
    ("Device stack", "device_stack", "DEVICE_STACK"),
    ("Process", "process", "PROCESS_NAME"),
    ("PID", "pid", "PROCESS_ID"),
    ("Thread", "thread", "THREAD"),
    ("Crashed on purpose", "manual_crash", "MANUAL_CRASH"),
    ("Memory error", "memory_error", "MEMORY_ERROR"),
    ("Signature", "signature", "FAILURE_SIGNATURE"),
)
_STACK = ("ChildSP", "RetAddr", "IP", "Symbol", "Ring", "Trust", "Note", "Stop")


@dataclass(slots=True)
class Headline:
    """What stands at the top of the page; all of it text."""

    code: str = ""
    name: str = ""
    meaning: str = ""
    crashed: bool = True
    image: bool = False
    module: str = ""
    asked_for: str = ""
    memory_error: str = ""
    confidence: str = ""
    evidence: str = ""
    parameters: list[tuple[str, str]] = field(default_factory=list)
    crash: list[tuple[str, str]] = field(default_factory=list)
    system: list[tuple[str, str]] = field(default_factory=list)
    dump: list[tuple[str, str]] = field(default_factory=list)
    stack: list[dict[str, str]] = field(default_factory=list)
    score: int | None = None
    glance: list[tuple[str, str, str]] = field(default_factory=list)


def headline(summary: Summary, analysis: list[Row]) -> Headline:
    """From summary.json; what it lacks, from the rows of windows.kd.analyze."""
    crash = summary.part("crash")
    known = {str(row.get("Field")): row for row in analysis if row.get("Section") not in _ELSEWHERE}

    def fact(member: str, field_name: str) -> str:
        return shown(crash.get(member) or known.get(field_name, {}).get("Value"), caps.TEXT)

    culprit = known.get("IMAGE_NAME", {})
    found = Headline(fact("bugcheck_code", "BUGCHECK_CODE"), fact("bugcheck_name", "BUGCHECK_NAME"))
    found.meaning = fact("bugcheck_meaning", "BUGCHECK_MEANING")
    target = summary.part("target")
    found.crashed, found.image = target.get("crashed") is not False, target.get("kind") == "memory-image"
    found.module = shown(crash.get("image") or crash.get("module") or culprit.get("Value"), 120)
    manual = fact("manual_crash", "MANUAL_CRASH")
    found.asked_for = manual if manual and manual != "notmyfault" and not found.module else ""
    found.memory_error = _memory_error(crash, known.get("MEMORY_ERROR", {}))
    found.confidence = shown(crash.get("confidence") or culprit.get("Confidence"), 20)
    found.evidence = shown(crash.get("evidence") or culprit.get("Evidence"), caps.TEXT)
    found.parameters = _parameters(crash.get("parameters"), known)
    found.crash = [(label, text) for label, member, name in _CRASH if (text := fact(member, name))]
    found.system = _system(summary.part("system"), known)
    found.dump = _dump(summary.part("input"), target)
    found.stack = _stack(summary, analysis)
    found.score = _score(summary.part("completeness"))
    found.glance = _glance(summary, found.score)
    return found


def _memory_error(crash: dict[str, Any], row: Row) -> str:
    """A sentence about the flipped bit; empty where none is known."""
    kind = shown(crash.get("memory_error") or row.get("Value"), 40)
    sure = shown(crash.get("memory_error_confidence") or row.get("Confidence"), 20)
    why = shown(crash.get("memory_error_evidence") or row.get("Evidence"), caps.TEXT)
    return f"A memory error is likely ({kind}, {sure}): {why}" if kind else ""


def _parameters(listed: Any, known: dict[str, Row]) -> list[tuple[str, str]]:
    """The four parameters, each with what it means for this bugcheck."""
    rows = [known.get(f"BUGCHECK_P{number}", {}) for number in range(1, 5)]
    values = listed[:4] if isinstance(listed, list) else [row.get("Value") for row in rows]
    pairs = zip(values, rows, strict=False)
    return [(shown(value, 60), shown(row.get("Evidence"))) for value, row in pairs if value not in (None, "")]


def _system(system: dict[str, Any], known: dict[str, Row]) -> list[tuple[str, str]]:
    if not system:
        rows = (row for row in known.values() if row.get("Section") == "system")
        return [(shown(row.get("Field"), 40), shown(row["Value"])) for row in rows if row.get("Value") is not None]
    named = [(shown(label, 40).replace("_", " "), value) for label, value in list(system.items())[:40]]
    local = {"time bias minutes": ("local time", local_time(system.get("time_bias_minutes")))}
    pairs = (local.get(label, (label, shown(value))) for label, value in named if value not in (None, ""))
    return [pair for pair in pairs if pair[1]]


def _dump(told: dict[str, Any], target: dict[str, Any]) -> list[tuple[str, str]]:
    size = told.get("size")
    named = (("File", told.get("path")), ("Unpacked from", told.get("packed")), ("Kind", target.get("kind")),
             ("Format", target.get("format")), ("Kernel", target.get("kernel_base")),
             ("Size", sized(size) if type(size) is int else size),
             ("Modified", told.get("modified")), ("SHA-256", told.get("sha256")))  # fmt: skip
    return [(label, shown(value, 1000)) for label, value in named if value not in (None, "")]


def _glance(summary: Summary, score: int | None) -> list[tuple[str, str, str]]:
    """What else to know at once: kind, words, and the section that says more."""
    truncated = bool(summary.part("completeness").get("truncated"))
    found = [] if score is None else [("", f"{score} % of memory", "completeness")]
    found += [("unsound", "truncated file", "completeness")] * truncated
    for name, kind, words, where in (
        ("directories", "unsound", "bad page director{}", "directories"),
        ("threads", "", "thread{} worth a look", "threads"),
    ):
        if count := len(summary.entries(name)) + summary.left_out(name):
            ending = ("y", "ies") if name == "directories" else ("", "s")
            found.append((kind, f"{count} {words.format(ending[count > 1])}", where))
    if stuck := len(summary.entries("stuck")):
        found.insert(0, ("unsound", f"{stuck} stuck request{'s' * (stuck > 1)}", "devices"))
    found[:0] = [(SHADES.get(word, ""), f"{count} {word}", "findings") for word, count in counted(
        summary.entries("findings"))]  # fmt: skip
    if missing := summary.part("symbols").get("missing"):
        found.append(
            ("sure-medium", f"symbols missing: {len(missing) if isinstance(missing, list) else 'some'}", "completeness")
        )
    if failed := sum(bool(one.get("fault")) for one in summary.entries("sections")):
        found.append(("unsound", f"plugins that failed: {failed}", "run"))
    return found


def sized(size: int) -> str:
    """Bytes as a reader takes them: ``42.6 MiB``."""
    if not 0 <= size < 1 << 60:
        return shown(size)
    power = min(max(size.bit_length() - 1, 0) // 10, len(_UNITS) - 1)
    return f"{size / (1 << 10 * power):.1f} {_UNITS[power]}" if power else f"{size} bytes"


def _stack(summary: Summary, analysis: list[Row]) -> list[dict[str, str]]:
    """Frames of the crashing thread; what summary.json leaves out of them, from the rows of analyze."""
    rows = [_frame(row) for row in analysis if row.get("Section") == "stack"][: caps.LIST_ROWS]
    frames = []
    for number, told in enumerate(summary.entries("stack")):
        more = rows[number] if number < len(rows) else {}
        named = ((name, told.get(name.lower())) for name in ("Frame", "IP", "Symbol", "Trust"))
        frames.append(more | {name: shown(value) for name, value in named if value is not None})
    return frames or rows


def _frame(row: Row) -> dict[str, str]:
    """A frame's row of analyze taken apart: ``Name=value`` each, a value may hold blanks."""
    text = f"{shown(row.get('Value'), caps.TEXT)} {shown(row.get('Evidence'), caps.TEXT)}"
    frame = {"Frame": shown(row.get("Field"), 20)}
    name = ""
    for word in text.split(" "):
        head, equals, rest = word.partition("=")
        if equals and head in _STACK:
            name, frame[head] = head, rest
        elif name:
            frame[name] += " " + word
    return frame


def _score(completeness: dict[str, Any]) -> int | None:
    """The score of a dump that describes memory at all."""
    score = completeness.get("score") if completeness.get("described") else None
    return max(0, min(100, int(score))) if isinstance(score, (int, float)) and abs(score) < 1e9 else None
