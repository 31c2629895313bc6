"""Where a crash failed, as against where it was reported: KeBugCheckEx and what leads to it are never the place.

Names: Microsoft's public symbols of the kernel, as stack listings in its bug check reference show them. A name is
trusted where a PDB gives it; an export only within the first bytes of its function, for exports are sparse.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from volplugins.bugcheck.fault.fault import Fault
from volplugins.bugcheck.scene import modules as known
from volplugins.bugcheck.scene.crash_scene import CrashScene
from volplugins.bugcheck.suspects.proof import Proof, proved
from volplugins.stack.frame import Frame

# report the crash, whatever it was
_REPORTING = re.compile(
    r"Ke(Legacy)?BugCheck\w*|Ki(BugCheck|FastFail)\w*|KeBugCheckWorker|DbgBreakPoint\w*|DbgUserBreakPoint|RtlpBreak\w*|"
    r"RtlFailFast\w*|Ki(Raise)?SecurityCheckFailure\w*|Vf?BugCheck\w*|VerifierBugCheck\w*|ViBugCheck\w*|"
    r"PspCatchCriticalBreak|_?_?report_gsfailure|_?security_check_cookie|WheaReportHwError|HalBugCheckSystem"
)
# bring the fault to whoever reports it; the place only where it is not known by itself
_DISPATCHING = re.compile(
    r"Ki(ExceptionDispatch|DispatchException\w*|PageFault\w*|SystemServiceHandler|ServiceInternal|DoubleFault\w*|"
    r"NmiInterrupt\w*|GeneralProtection\w*|InvalidOpcode\w*|DivideError\w*|Breakpoint\w*|Debug\w*(Trap|Fault)\w*|"
    r"RaiseException\w*|ProcessNMI\w*|McheckAbort\w*|InterruptDispatch\w*)|KiTrap[0-9A-F]{2}\w*|"
    r"Rtl(DispatchException|pExecuteHandlerForException|RaiseException|RaiseStatus|UnwindEx|pCallVectoredHandlers)|"
    r"\w*C_specific_handler\w*|_?except_handler\w*|\w*GSHandlerCheck\w*|\w+\$(filt|fin)[\w$]*|"
    r"PspUnhandledExceptionInSystemThread|CommonDispatchException\w*|MmAccessFault|MiSystemFault|MiCheckSystem\w*Fault"
)
_EXPORT_BYTES = 0x100  # an export this near below names the function; further up nobody knows
_DECORATED = re.compile(r"^[_@]?(?P<name>\w+?)@\d+$")


@dataclass(frozen=True, slots=True)
class FailingPlace:
    """Where it failed.

    Attributes:
        address: the failing instruction, or the return address in the function that called the crash path.
        is_fault: whether it is the instruction itself.
        proof: how well the frame is proved.
        named: whether a symbol says which function it is in.
    """

    address: int
    is_fault: bool
    proof: Proof
    named: bool


def failing_place(scene: CrashScene, fault: Fault, frames: Sequence[Frame]) -> FailingPlace | None:
    """The fault itself, else the first frame below the crash path; None where neither is known.

    Args:
        frames: the crashing thread's frames from the failure on.
    """
    if fault.is_fault and fault.ip is not None and not is_crash_path(scene, fault.ip, dispatching=False):
        return FailingPlace(fault.ip, True, Proof.EXACT, bool(scene.symbolizer.locate(fault.ip).symbol))
    for number, (frame, proof) in enumerate(proved(frames)):
        if is_crash_path(scene, frame.ip, not fault.is_fault) or (number == 0 and _reports(scene, fault, frame)):
            continue
        return _below(scene, frame, proof)
    return None


def _reports(scene: CrashScene, fault: Fault, frame: Frame) -> bool:
    """Whether the first frame is the header's context, in the kernel: that of the call that stopped the machine."""
    module = scene.modules.at(frame.ip)
    return not fault.is_fault and (module is None or known.is_core(module))


def _below(scene: CrashScene, frame: Frame, proof: Proof) -> FailingPlace | None:
    """The frame, unless it lies in the kernel and nothing says that it is not the crash path's own."""
    location = scene.symbolizer.locate(frame.ip)
    core = location.module is None or known.is_core(location.module)
    if core and (proof is not Proof.EXACT and location.kind != "pdb"):
        return None
    return FailingPlace(frame.ip, False, proof, bool(location.symbol))


def is_crash_path(scene: CrashScene, address: int, dispatching: bool) -> bool:
    """Whether ``address`` is known to lie in a function of the crash path.

    Args:
        dispatching: whether the dispatchers of traps and exceptions count as such.
    """
    location = scene.symbolizer.locate(address)
    if location.module is None or not location.symbol:
        return False
    if location.kind == "export" and location.displacement > _EXPORT_BYTES:
        return False
    found = _DECORATED.match(location.symbol)
    name = found["name"] if found else location.symbol
    return bool(_REPORTING.fullmatch(name) or (dispatching and _DISPATCHING.fullmatch(name)))
