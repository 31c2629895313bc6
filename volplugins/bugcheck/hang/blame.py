"""The driver or program at fault by what holds the machine up.

A request: the driver that holds it, as for a bugcheck that names one. A deadlock, a lock that is kept, a processor that
is not given up: the driver nearest to where the threads stand that have to act; else the program whose threads they
are, which is less sure, because what its own code did is not looked at.
"""

from __future__ import annotations

from dataclasses import replace

from volplugins.bugcheck.devices.holding import Holding, holding
from volplugins.bugcheck.devices.lead import Case
from volplugins.bugcheck.devices.requests import blame_holder
from volplugins.bugcheck.devices.thread_facts import OnStack, frames_of, nearest_driver, thread_at
from volplugins.bugcheck.hang.cause import Cause, Kind
from volplugins.bugcheck.hang.sources import HangSources
from volplugins.bugcheck.scene import modules as known
from volplugins.bugcheck.scene.object_reader import ObjectReader
from volplugins.bugcheck.scene.owners import Owners
from volplugins.bugcheck.suspects.device_blame import DeviceBlame
from volplugins.bugcheck.suspects.proof import Proof
from volplugins.bugcheck.suspects.suspects import Confidence, Culprit
from volplugins.io.request import Request

_MOST_STACKS = 16
_ORDER = (Confidence.CERTAIN, Confidence.HIGH, Confidence.MEDIUM, Confidence.LOW)
_CORE_PROGRAMS = frozenset({"system", "idle", "registry", "memcompression", "memory compression", "secure system"})


def blame_cause(sources: HangSources, cause: Cause) -> DeviceBlame:
    """Who is at fault by one cause; its notes say why nobody is."""
    case = Case(sources.scene, Owners(sources.scene), ObjectReader(sources.scene))
    if cause.kind is Kind.MEMORY:
        return DeviceBlame(notes=("memory that is low blames nobody: windows.kd.process --details has who uses it",))
    if cause.kind is Kind.REQUEST:
        return _of_request(case, cause)
    return _of_routine(case, cause) or _of_stacks(sources, case, cause)


def _of_request(case: Case, cause: Cause) -> DeviceBlame:
    request = case.reader.request(cause.irp)
    found = holding(case.reader, request) if isinstance(request, Request) else f"IRP {cause.irp:#x} {request}"
    if not isinstance(found, Holding):
        case.note(found)
        return case.nobody()
    return blame_holder(case, found, None, cause.why, _at_most(cause.confidence, Confidence.HIGH))


def _of_routine(case: Case, cause: Cause) -> DeviceBlame | None:
    """The driver whose deferred call runs."""
    module = case.scene.modules.at(cause.routine) if cause.routine else None
    if module is None or known.is_core(module):
        return None
    blame = case.blame(module, f"{cause.text}; its routine is in {module.image_name}", cause.confidence)
    culprit = blame.culprit
    return replace(blame, culprit=replace(culprit, address=cause.routine)) if culprit is not None else blame


def _of_stacks(sources: HangSources, case: Case, cause: Cause) -> DeviceBlame:
    """Another company's driver on the stacks of the threads; else the one whose lock it is; else the program."""
    found = _stacks(case, cause.threads)
    if found is not None:
        sure = Confidence.MEDIUM if found[1].proof is Proof.EXACT else Confidence.LOW
        return _by_stack(sources, case, cause, found, _at_most(cause.confidence, sure))
    return _of_lock(sources, case, cause) or _program(sources, case, cause)


def _stacks(case: Case, threads: tuple[int, ...]) -> tuple[int, OnStack] | None:
    """A thread and a driver on its stack: of several drivers the one on most stacks."""
    found: dict[int, list[tuple[int, OnStack]]] = {}
    for ethread in threads[:_MOST_STACKS]:
        on_stack = _on_stack(case, ethread)
        if on_stack is not None:
            found.setdefault(on_stack.module.base, []).append((ethread, on_stack))
    return max(found.values(), key=len)[0] if found else None


def _by_stack(
    sources: HangSources, case: Case, cause: Cause, found: tuple[int, OnStack], sure: Confidence
) -> DeviceBlame:
    ethread, on_stack = found
    where = f"{on_stack.module.image_name} is the driver nearest to where {sources.who(ethread)} stands"
    blame = case.blame(on_stack.module, f"{cause.text}; {where} ({on_stack.frame.ip:#x})", sure)
    culprit = blame.culprit
    return replace(blame, culprit=replace(culprit, address=on_stack.frame.ip)) if culprit is not None else blame


def _of_lock(sources: HangSources, case: Case, cause: Cause) -> DeviceBlame | None:
    """The driver in whose data the lock lies; less surely one on the stack of a thread that waits for it."""
    module = case.scene.modules.at(cause.lock) if cause.lock else None
    if module is not None and not case.owners.is_windows(module):
        return case.blame(module, f"{cause.text}; the lock lies in {module.image_name}", Confidence.MEDIUM)
    found = _stacks(case, cause.waiting) if cause.lock else None
    return _by_stack(sources, case, cause, found, Confidence.LOW) if found is not None else None


def _on_stack(case: Case, ethread: int) -> OnStack | None:
    """A driver that is not Windows' own on the kernel stack of a thread."""
    thread = thread_at(case, ethread)
    found = nearest_driver(case, frames_of(case, thread)) if thread is not None and not thread.terminated else None
    return found if found is not None and not case.owners.is_windows(found.module) else None


def _program(sources: HangSources, case: Case, cause: Cause) -> DeviceBlame:
    """The program of the threads; of several in a deadlock the one that closed it, whose thread came last."""
    last = min(cause.threads, key=lambda each: sources.seconds(each) or 0.0, default=0)
    name = sources.program(last)
    if not name or name.lower() in _CORE_PROGRAMS:
        case.note(f"{cause.text}; no driver of another company is on the stacks of these threads")
        return case.nobody()
    programs = {sources.program(each) for each in cause.threads}
    several = len(programs) > 1
    closed = f"; {sources.who(last)} came last and closed it: whether that program or another is wrong is not known"
    none = "; no driver of another company is on the stacks of these threads"
    reason = f"{cause.text}{none}{closed if several else f', which are of {name}'}"
    sure = Confidence.LOW if several or cause.kind is not Kind.DEADLOCK else Confidence.MEDIUM
    return DeviceBlame(Culprit(name, None, None, sure, reason), None, tuple(case.notes))


def _at_most(confidence: Confidence, most: Confidence) -> Confidence:
    return max(confidence, most, key=_ORDER.index)
