"""Rows of windows.kd.analyze: Section, Field, Value, Confidence, Evidence."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from volplugins.bugcheck.analysis import Analysis
from volplugins.bugcheck.codes import bugcheck_name
from volplugins.bugcheck.culprit import Confidence
from volplugins.bugcheck.exceptions import meaning as exception_meaning
from volplugins.bugcheck.named import header_parameters
from volplugins.bugcheck.operand import disassemble, instruction_text
from volplugins.bugcheck.parameter_values import describe
from volplugins.bugcheck.status import status_name
from volplugins.dumpfile.context import AMD64, I386
from volplugins.dumpfile.header import DumpHeader
from volplugins.image.headers import read_headers
from volplugins.image.version import read_version
from volplugins.loader.module import Module
from volplugins.memory.reader import ReadError
from volplugins.stack.frame import Stack
from volplugins.vol.commands.dumpinfo.rows import completeness_rows
from volplugins.vol.output.rows import NOT_APPLICABLE, NOT_AVAILABLE, Cell, uptime, utc
from volplugins.vol.scene.crash_scene import debug_record, kernel_symbols
from volplugins.vol.scene.shared_work import fault_text
from volplugins.vol.symbols.symbol_files import is_there

MACHINES = {0x14C: "x86", 0x8664: "x64", 0xAA64: "ARM64", 0x200: "IA64", 0x1C4: "ARM"}


class AnalyzeRow(NamedTuple):
    """One row; ``confidence`` and ``evidence`` may be empty."""

    section: str
    field: str
    value: Cell
    confidence: str = ""
    evidence: str = ""


def analyze_rows(analysis: Analysis) -> Iterator[AnalyzeRow]:
    """All rows, in the order of the contract."""
    yield from bugcheck_rows(analysis.scene.dump.header)
    yield from later_rows(analysis)


def later_rows(analysis: Analysis) -> Iterator[AnalyzeRow]:
    """The sections after ``bugcheck``. Each is written by itself; a failing one costs itself only."""
    sections = (
        ("context", _context),
        ("process", _process),
        ("system", _system),
        ("culprit", _culprit),
        ("signature", _signature),
        ("stack", _stack),
        ("modules", _modules),
        ("symbols", _symbols),
        ("completeness", _completeness),
    )
    for name, section in sections:
        try:
            yield from section(analysis)
        except Exception as error:  # a fault in one section becomes a row of it
            yield AnalyzeRow(name, "error", NOT_AVAILABLE, "", fault_text(error))


def bugcheck_rows(header: DumpHeader) -> Iterator[AnalyzeRow]:
    """The section ``bugcheck``, which needs nothing but the header and can be shown at once."""
    code = header.bugcheck_code
    name = bugcheck_name(code)
    yield AnalyzeRow("bugcheck", "BUGCHECK_CODE", f"{code:#x}", Confidence.CERTAIN.value, "dump header")
    evidence = "dump header" if name else "Microsoft documents no such code"
    yield AnalyzeRow(
        "bugcheck", "BUGCHECK_NAME", name or NOT_AVAILABLE, Confidence.CERTAIN.value if name else "", evidence
    )
    meanings = header_parameters(header)
    for number, value in enumerate(header.bugcheck_parameters, start=1):
        meaning = (
            describe(meanings[number - 1][0], value, header.machine, header.minor_version)
            if meanings
            else "meaning not known for this code"
        )
        yield AnalyzeRow("bugcheck", f"BUGCHECK_P{number}", f"{value:#x}", Confidence.CERTAIN.value, meaning)


def _context(analysis: Analysis) -> Iterator[AnalyzeRow]:
    fault, scene = analysis.fault, analysis.scene
    if fault.ip is not None:
        sources = "; ".join(fault.ip_sources) or "context record of the dump header: the call that stopped the machine"
        confidence = (Confidence.CERTAIN if len(fault.ip_sources) > 1 else Confidence.HIGH).value
        yield AnalyzeRow("context", "FAULTING_IP", scene.symbolizer.locate(fault.ip).text(), confidence,
                         f"{fault.ip:#x}; {sources}")  # fmt: skip
        code = analysis.instruction
        yield AnalyzeRow("context", "FAULTING_INSTRUCTION", code.hex(" ") if code else NOT_AVAILABLE, "",
                         _instruction_evidence(analysis, fault.ip))  # fmt: skip
        yield from _operand(analysis)
    else:
        yield AnalyzeRow("context", "FAULTING_IP", NOT_AVAILABLE, "", "no context record is in the dump")
    yield from _access(analysis)
    yield from _records(analysis)
    flagless = [note.text for note in scene.dump.notes if note.field == "ContextRecord" and "used" in note.text]
    for text in (*fault.notes, *flagless):
        yield AnalyzeRow("context", "Note", text)


def _instruction_evidence(analysis: Analysis, ip: int) -> str:
    if not analysis.instruction:
        return f"the page of {ip:#x} is not in the dump"
    known = analysis.scene.dump.header.machine in (I386, AMD64)
    instruction = disassemble(analysis.instruction, ip, analysis.scene.bits) if known else None
    return f"{instruction_text(instruction)}; bytes at {ip:#x}" if instruction is not None else f"bytes at {ip:#x}"


def _operand(analysis: Analysis) -> Iterator[AnalyzeRow]:
    operand = analysis.operand
    if operand is None:
        return
    values = ", ".join(f"{name}={value:#x}" for name, value in operand.values if value is not None)
    leads = f", address {operand.address:#x}" if "[" in operand.text and operand.address is not None else ""
    how = f"; {operand.inferred} follows from the address that was accessed" if operand.inferred else ""
    yield AnalyzeRow("context", "FAULTING_OPERAND", f"{operand.text}: {values}{leads}", Confidence.HIGH.value,
                     f"{operand.instruction}{how}")  # fmt: skip


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
        yield AnalyzeRow("context", "REGISTERS", text, "", f"from the {fault.trust.value}{lacking}")
    if scene.crashed is not None:
        yield AnalyzeRow("context", "PROCESSOR", str(scene.crashed.processor.index), "", scene.crashed.how)
    if fault.irql is not None:
        yield AnalyzeRow("context", "CURRENT_IRQL", f"{fault.irql:#x}", "", "parameter of the bugcheck")
    yield AnalyzeRow("context", "STACK_COMMAND", _stack_command(analysis), "", "what to type in WinDbg")


def _stack_command(analysis: Analysis) -> str:
    fault = analysis.fault
    if fault.context is not None:
        return f".cxr {fault.context:#x} ; kv"
    if fault.trap_frame is not None:
        return f".trap {fault.trap_frame:#x} ; kv"
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
    scene, header = analysis.scene, analysis.scene.dump.header
    lab = _build_lab(analysis)
    yield AnalyzeRow("system", "BUILD", str(header.minor_version), Confidence.CERTAIN.value, lab or "dump header")
    machine = MACHINES.get(header.machine, f"machine {header.machine:#x}")
    yield AnalyzeRow("system", "MACHINE", machine, Confidence.CERTAIN.value, f"MachineImageType {header.machine:#x}")
    if scene.space is not None:
        yield AnalyzeRow("system", "PAGING", scene.space.space.mode.value, Confidence.HIGH.value,
                         f"DirectoryTableBase {scene.space.space.directory_table_base:#x} from {scene.space.source}: "
                         f"{scene.space.evidence}")  # fmt: skip
    yield AnalyzeRow("system", "PROCESSORS", str(header.number_processors), Confidence.CERTAIN.value, "dump header")
    yield AnalyzeRow("system", "SYSTEM_TIME", utc(header.system_time), "", "dump header, UTC")
    yield AnalyzeRow("system", "SYSTEM_UPTIME", uptime(header.system_uptime), "", "dump header")


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


def _culprit(analysis: Analysis) -> Iterator[AnalyzeRow]:
    culprit, scene = analysis.culprit, analysis.scene
    if culprit is None:
        why = "; ".join(scene.notes) or "no module is known"
        for field in ("MODULE_NAME", "IMAGE_NAME"):
            yield AnalyzeRow("culprit", field, NOT_AVAILABLE, "", why)
        return
    confidence = culprit.confidence.value
    name = culprit.module.name if culprit.module else culprit.image_name.rsplit(".", 1)[0]
    yield AnalyzeRow("culprit", "MODULE_NAME", name, confidence, culprit.reason)
    yield AnalyzeRow("culprit", "IMAGE_NAME", culprit.image_name, confidence, culprit.reason)
    if culprit.address is not None and culprit.module is not None:
        location = scene.symbolizer.locate(culprit.address)
        text = (
            location.text() if location.module else f"{culprit.module.name}+{culprit.address - culprit.module.base:#x}"
        )
        from_what = {"pdb": "PDB symbols", "export": "nearest export"}.get(
            location.kind, "no symbols: offset in the module"
        )
        yield AnalyzeRow("culprit", "SYMBOL_NAME", text, confidence, from_what)
    version, evidence = _version(analysis, culprit.module)
    yield AnalyzeRow("culprit", "MODULE_VERSION", version, "", evidence)


def _version(analysis: Analysis, module: Module | None) -> tuple[Cell, str]:
    if module is None:
        return NOT_APPLICABLE, "a process, not a module"
    headers = read_headers(analysis.scene.memory, module.base)
    found = read_version(analysis.scene.memory, headers) if headers else None
    if found is None or not found.file_version:
        return NOT_AVAILABLE, "the image's version resource is not in the dump"
    return found.file_version, "version resource in memory"


def _signature(analysis: Analysis) -> Iterator[AnalyzeRow]:
    basis = analysis.manual if "manual" in analysis.signature else analysis.culprit
    confidence = basis.confidence.value if basis else Confidence.LOW.value
    yield AnalyzeRow("signature", "FAILURE_SIGNATURE", analysis.signature, confidence, "recipe: docs/output.md")
    manual = analysis.manual
    if manual is None:
        yield AnalyzeRow("signature", "MANUAL_CRASH", NOT_APPLICABLE, "", "nothing says that this crash was asked for")
    else:
        yield AnalyzeRow("signature", "MANUAL_CRASH", manual.kind, manual.confidence.value, manual.reason)


def _stack(analysis: Analysis) -> Iterator[AnalyzeRow]:
    """The frames from the failure on; where those lie below the call that stopped the machine, that call's first."""
    stack = analysis.fault_stack
    yield from _frames(analysis, stack)
    if not stack.frames:
        yield AnalyzeRow("stack", "00", NOT_AVAILABLE, "", f"Stop={stack.stop.value}")


def _frames(analysis: Analysis, stack: Stack) -> Iterator[AnalyzeRow]:
    locate = analysis.scene.symbolizer.locate
    for number, frame in enumerate(stack.frames):
        last = number == len(stack.frames) - 1
        returns = 0 if last else stack.frames[number + 1].ip
        location = locate(frame.ip)
        symbol = location.text() if location.module else ""
        value = f"ChildSP={frame.sp:#x} RetAddr={returns:#x} IP={frame.ip:#x} Symbol={symbol}"
        checked = {True: " Note=call before it", None: "", False: " Note=no call before it"}[frame.call_checked]
        stop = f" Stop={stack.stop.value}" if last else ""
        yield AnalyzeRow("stack", f"{number:02d}", value, "", f"Ring=kernel Trust={frame.trust.value}{checked}{stop}")


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
    """What is missing for the kernel; ``volplugins symbols DUMP`` lists every module's."""
    scene = analysis.scene
    kernel = scene.modules.kernel
    if kernel is None:
        yield AnalyzeRow("symbols", "nt", NOT_AVAILABLE, "", "the kernel's image is not known")
        return
    record = debug_record(scene.memory, kernel)
    if record is None and kernel_symbols(scene.dump, kernel) is not None:
        return
    if record is None:
        why = f"the debug record of {kernel.image_name} is not in the dump: which PDB it needs cannot be told"
        yield AnalyzeRow("symbols", "nt", NOT_AVAILABLE, "", why)
    elif not is_there(record):
        evidence = f"missing: PDB {record.pdb_name}, GUID {record.guid}, age {record.age}"
        yield AnalyzeRow("symbols", record.pdb_name, record.symbol_path, Confidence.CERTAIN.value, evidence)


def _completeness(analysis: Analysis) -> Iterator[AnalyzeRow]:
    for row in completeness_rows(analysis.scene.dump):
        yield AnalyzeRow("completeness", row.field, row.value, "", row.note)
    for note in analysis.scene.notes:
        yield AnalyzeRow("completeness", "Missing", note)
