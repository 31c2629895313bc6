"""Rows of windows.kd.analyze: Section, Field, Value, Confidence, Evidence."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from volplugins.bugcheck.analysis import Analysis
from volplugins.bugcheck.culprit.named_code import named_code
from volplugins.bugcheck.fault.exceptions import meaning as exception_meaning
from volplugins.bugcheck.fault.named import named_parameters
from volplugins.bugcheck.suspects.suspects import Confidence
from volplugins.bugcheck.words.bugcheck_meanings import bugcheck_meaning
from volplugins.bugcheck.words.codes import bugcheck_name
from volplugins.bugcheck.words.parameter_values import describe
from volplugins.bugcheck.words.status import status_name
from volplugins.dumpfile.header import MACHINES
from volplugins.memory.reader import ReadError
from volplugins.stack.frame import Trust
from volplugins.target.target import Target
from volplugins.vol.commands.analyze.culprit_rows import culprit_rows, signature_rows
from volplugins.vol.commands.analyze.failing_rows import failing_rows
from volplugins.vol.commands.analyze.row import AnalyzeRow
from volplugins.vol.commands.analyze.stack_rows import stack_rows
from volplugins.vol.commands.dumpinfo.rows import completeness_rows
from volplugins.vol.output.rows import NOT_AVAILABLE, uptime, utc
from volplugins.vol.scene.kernel_pdb import HEADER_ADDRESSES, MEANINGS, kernel_pdb, others_alike, why_unnamed
from volplugins.vol.scene.kernel_revision import revision_of
from volplugins.vol.scene.shared_work import fault_text
from volplugins.vol.scene.user_frames import UserStack
from volplugins.vol.symbols.store_images import image_of

if TYPE_CHECKING:
    from volplugins.vol.commands.analyze.hang_rows import HangWanted

__all__ = ["AnalyzeRow", "analyze_rows", "bugcheck_rows", "later_rows"]


NO_BUGCHECK_TEXT = "no bugcheck is recorded"
# kinds of records whose word in Trust is not their name
_RECORDS = {Trust.TASK_STATE: "task state segment"}
# sections that have nothing to say of a machine that did not crash
_OF_A_CRASH = frozenset({"context", "process", "culprit", "signature", "stack"})


def analyze_rows(analysis: Analysis) -> Iterator[AnalyzeRow]:
    """All rows, in the order of the contract."""
    yield from bugcheck_rows(analysis.scene.target)
    yield from later_rows(analysis)


def later_rows(
    analysis: Analysis, user: UserStack | None = None, hang: HangWanted | None = None
) -> Iterator[AnalyzeRow]:
    """The sections after ``bugcheck``. Each is written by itself; a failing one costs itself only.

    Args:
        user: the crashing thread's frames of user mode, where they were asked for.
        hang: that a hang is looked for; None where it is not.
    """
    sections: tuple[tuple[str, Callable[[Analysis], Iterator[AnalyzeRow]]], ...] = (
        ("context", _context),
        ("process", _process),
        ("system", _system),
        ("culprit", culprit_rows),
        ("hang", lambda each: _hang_rows(each, hang) if hang is not None else iter(())),
        ("signature", signature_rows),
        ("stack", lambda each: stack_rows(each, user)),
        ("modules", _modules),
        ("symbols", _symbols),
        ("completeness", _completeness),
    )
    crashed = analysis.scene.target.crashed
    for name, section in sections:
        if not crashed and name in _OF_A_CRASH:
            continue
        try:
            yield from section(analysis)
        except Exception as error:  # a fault in one section becomes a row of it
            yield AnalyzeRow(name, "error", NOT_AVAILABLE, "", fault_text(error))


def _hang_rows(analysis: Analysis, wanted: HangWanted) -> Iterator[AnalyzeRow]:
    from volplugins.vol.commands.analyze.hang_rows import hang_rows  # where a machine hangs alone

    yield from hang_rows(analysis, wanted)


def bugcheck_rows(target: Target) -> Iterator[AnalyzeRow]:
    """The section ``bugcheck``, which needs nothing but what the target itself records and can be shown at once."""
    if not target.crashed:
        yield AnalyzeRow("bugcheck", "BUGCHECK_CODE", NOT_AVAILABLE, "", NO_BUGCHECK_TEXT)
        return
    code, source = target.bugcheck.code, target.bugcheck.source
    name = bugcheck_name(code)
    yield AnalyzeRow("bugcheck", "BUGCHECK_CODE", f"{code:#x}", Confidence.CERTAIN.value, source)
    evidence = source if name else "Microsoft documents no such code"
    yield AnalyzeRow(
        "bugcheck", "BUGCHECK_NAME", name or NOT_AVAILABLE, Confidence.CERTAIN.value if name else "", evidence
    )
    said = bugcheck_meaning(code)
    if said:
        yield AnalyzeRow("bugcheck", "BUGCHECK_MEANING", said, "", "what the code means, in a sentence of ours")
    meanings = named_parameters(target.bugcheck)
    for number, value in enumerate(target.bugcheck.parameters, start=1):
        meaning = (
            describe(meanings[number - 1][0], value, target.machine, target.build)
            if meanings
            else "meaning not known for this code"
        )
        yield AnalyzeRow("bugcheck", f"BUGCHECK_P{number}", f"{value:#x}", Confidence.CERTAIN.value, meaning)


def _context(analysis: Analysis) -> Iterator[AnalyzeRow]:
    yield from failing_rows(analysis)
    yield from _access(analysis)
    yield from _records(analysis)
    yield from _named_code(analysis)
    notes = analysis.scene.target.notes
    flagless = [note.text for note in notes if note.field == "ContextRecord" and "used" in note.text]
    for text in (*analysis.fault.notes, *flagless):
        yield AnalyzeRow("context", "Note", text)


def _access(analysis: Analysis) -> Iterator[AnalyzeRow]:
    if analysis.fault.access is not None:
        kind, where = analysis.fault.access
        evidence = ", ".join(("address that could not be accessed", *analysis.fault.access_facts))
        yield AnalyzeRow("context", f"{kind.upper()}_ADDRESS", f"{where:#x}", Confidence.HIGH.value, evidence)


def _records(analysis: Analysis) -> Iterator[AnalyzeRow]:
    fault, scene = analysis.fault, analysis.scene
    for field, value, evidence in (
        ("CONTEXT", fault.context, "context record used"),
        ("TRAP_FRAME", fault.trap_frame, "trap frame used"),
        ("EXCEPTION_RECORD", fault.exception_record, "exception record used"),
    ):
        if value is not None:
            yield AnalyzeRow("context", field, f"{value:#x}", "", evidence)
    if fault.exception_code is not None:
        name = status_name(fault.exception_code)
        yield AnalyzeRow("context", "EXCEPTION_CODE", f"{fault.exception_code:#x}", "", name or "")
    if fault.exception is not None and fault.exception.information:
        said = exception_meaning(fault.exception.code, fault.exception.information)
        text = " ".join(f"{value:#x}" for value in fault.exception.information)
        evidence = "; ".join(filter(None, (said, fault.exception.source)))
        yield AnalyzeRow("context", "EXCEPTION_PARAMETERS", text, "", evidence)
    if fault.registers:
        text = " ".join(f"{name}={value:x}" for name, value in fault.registers.items())
        lacking = f"; it does not hold {' '.join(fault.missing)}" if fault.missing else ""
        yield AnalyzeRow(
            "context", "REGISTERS", text, "", f"from the {_RECORDS.get(fault.trust, fault.trust.value)}{lacking}"
        )
    if scene.crashed is not None:
        number = scene.crashed.processor.index
        yield AnalyzeRow("context", "PROCESSOR", NOT_AVAILABLE if number is None else str(number), "",
                         scene.crashed.how)  # fmt: skip
    if fault.irql is not None:
        yield AnalyzeRow("context", "CURRENT_IRQL", f"{fault.irql:#x}", "", "parameter of the bugcheck")
    yield AnalyzeRow("context", "STACK_COMMAND", _stack_command(analysis), "", _to_type(analysis))


def _named_code(analysis: Analysis) -> Iterator[AnalyzeRow]:
    """Names of the routines that the bugcheck's parameters are, which the section ``bugcheck`` has no symbols for."""
    for number, address, meaning in named_code(analysis.scene):
        place = analysis.scene.symbolizer.locate(address)
        unloaded = analysis.scene.unloaded.at(address)
        left = f"{unloaded.image_name}, unloaded" if unloaded is not None else NOT_AVAILABLE
        text = place.text() if place.module is not None else left
        yield AnalyzeRow("context", "NAMED_CODE", text, "", f"{address:#x}; BUGCHECK_P{number}: {meaning}")


def _to_type(analysis: Analysis) -> str:
    """What the command is, and ours for the same stack."""
    thread = analysis.scene.thread
    ours = f"; here: windows.kd.stacks --thread {thread.ethread:#x}" if thread is not None and thread.ethread else ""
    return f"what to type in WinDbg{ours}"


def _stack_command(analysis: Analysis) -> str:
    fault = analysis.fault
    if fault.context is not None:
        return f".cxr {fault.context:#x} ; kv"
    if fault.trap_frame is not None:
        return f".trap {fault.trap_frame:#x} ; kv"
    if fault.task:
        return f".tss {fault.task:#x} ; kv"
    thread = analysis.scene.thread
    return f".thread {thread.ethread:#x} ; kv" if thread is not None and thread.ethread else ".ecxr ; kv"


def _process(analysis: Analysis) -> Iterator[AnalyzeRow]:
    scene = analysis.scene
    process, thread = scene.process, scene.thread
    how = scene.crashed.how if scene.crashed else "the crashing thread is not known"
    if scene.crashed is None and thread is not None:
        how = "the header's stack pointer lies in this thread's stack"
    if process is None:
        why = f"the process of the crashing thread cannot be read ({how})"
        yield AnalyzeRow("process", "PROCESS_NAME", NOT_AVAILABLE, "", why)
    else:
        layout = f"layout: {process.layout_source}"
        for field, value in (("PROCESS_NAME", process.name), ("PROCESS_ID", process.pid)):
            cell = str(value) if value not in (None, "") else NOT_AVAILABLE
            yield AnalyzeRow("process", field, cell, Confidence.HIGH.value if value not in (None, "") else "", layout)
        yield AnalyzeRow("process", "EPROCESS", f"{process.eprocess:#x}", Confidence.HIGH.value, how)
    if thread is None:
        yield AnalyzeRow("process", "THREAD", NOT_AVAILABLE, "", how)
    else:
        identity = (
            f"Cid {thread.pid:04x}.{thread.tid:04x}; " if thread.pid is not None and thread.tid is not None else ""
        )
        where = f"{thread.ethread:#x}" if thread.ethread else NOT_AVAILABLE
        yield AnalyzeRow("process", "THREAD", where, Confidence.HIGH.value, identity + how)


def _system(analysis: Analysis) -> Iterator[AnalyzeRow]:
    scene, target = analysis.scene, analysis.scene.target
    lab = _build_lab(analysis)
    yield AnalyzeRow("system", "BUILD", str(target.build), Confidence.CERTAIN.value, lab or target.how("Build"))
    revision = revision_of(scene)
    if revision is not None:
        sure = Confidence.HIGH if revision.fits else Confidence.LOW
        yield AnalyzeRow("system", "REVISION", revision.text, sure.value, revision.how)
    machine = MACHINES.get(target.machine, f"machine {target.machine:#x}")
    yield AnalyzeRow("system", "MACHINE", machine, Confidence.CERTAIN.value, f"MachineImageType {target.machine:#x}")
    if scene.space is not None:
        yield AnalyzeRow("system", "PAGING", scene.space.space.mode.value, Confidence.HIGH.value,
                         f"DirectoryTableBase {scene.space.space.directory_table_base:#x} from {scene.space.source}: "
                         f"{scene.space.evidence}")  # fmt: skip
    yield AnalyzeRow("system", "PROCESSORS", str(target.number_processors), Confidence.CERTAIN.value,
                     target.how("NumberProcessors"))  # fmt: skip
    yield AnalyzeRow("system", "SYSTEM_TIME", utc(target.system_time), "", f"{target.how('SystemTime')}, UTC")
    yield AnalyzeRow("system", "SYSTEM_UPTIME", uptime(target.system_uptime), "", target.how("SystemUpTime"))


def _build_lab(analysis: Analysis) -> str:
    """The NtBuildLab string, where KDBG leads to it."""
    data = analysis.scene.debugger_data
    where = data.addresses.get("NtBuildLab") if data else None
    if not where:
        return ""
    try:
        text = analysis.scene.memory.read(where, 64).split(b"\0", 1)[0].decode("ascii")
    except (ReadError, UnicodeDecodeError):
        return ""
    return f"NtBuildLab {text}" if text.isprintable() and text else ""


def _modules(analysis: Analysis) -> Iterator[AnalyzeRow]:
    scene = analysis.scene
    for module in (*scene.modules, *scene.unloaded):
        stamp = f" TimeDateStamp={module.timestamp:#x}" if module.timestamp else ""
        path = f" {module.path}" if module.path else ""
        note = f" ({module.note})" if module.note else ""
        yield AnalyzeRow("modules", module.image_name or "?", f"{module.base:#x} {module.end:#x}", "",
                         f"{module.source}{stamp}{path}{note}")  # fmt: skip
    if not len(scene.modules):
        yield AnalyzeRow("modules", "error", NOT_AVAILABLE, "", "; ".join(scene.notes) or "no module list in the dump")


def _symbols(analysis: Analysis) -> Iterator[AnalyzeRow]:
    """The kernel's table and how it was recognised, or what is missing; ``volplugins symbols`` lists every module's."""
    scene = analysis.scene
    kernel = scene.modules.kernel
    if kernel is None:
        yield AnalyzeRow("symbols", "nt", NOT_AVAILABLE, "", "the kernel's image is not known")
        return
    pdb = kernel_pdb(scene)
    if pdb is None:
        why = f"{why_unnamed(scene, kernel)}: which PDB it needs cannot be told"
        image = image_of(kernel.image_name, kernel.timestamp, kernel.size)
        why += f" without its image {image.store_path}" if image is not None else ""
        yield AnalyzeRow("symbols", "nt", NOT_AVAILABLE, "", why)
        return
    record = pdb.record
    if pdb.used:
        sure = Confidence.MEDIUM if pdb.recognised == HEADER_ADDRESSES else Confidence.CERTAIN
        evidence = f"its table is used; recognised {MEANINGS[pdb.recognised]}"
        more = others_alike(scene, kernel) if pdb.recognised == HEADER_ADDRESSES else 0
        evidence += f"; {more} more at hand fit too and have the same symbols" if more else ""
        yield AnalyzeRow("symbols", "KERNEL_PDB", record.symbol_path, sure.value, evidence)
    else:
        evidence = f"missing: PDB {record.pdb_name}, GUID {record.guid}, age {record.age}"
        yield AnalyzeRow("symbols", record.pdb_name, record.symbol_path, Confidence.CERTAIN.value, evidence)


def _completeness(analysis: Analysis) -> Iterator[AnalyzeRow]:
    for row in completeness_rows(analysis.scene.target.completeness):
        yield AnalyzeRow("completeness", row.field, row.value, "", row.note)
    scene = analysis.scene
    for note in dict.fromkeys((*scene.notes, *scene.symbolizer.cuts(), *scene.code.cuts())):
        yield AnalyzeRow("completeness", "Missing", note)
