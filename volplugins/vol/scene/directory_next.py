"""What to type or do next, after the verdict on a process's page directory."""

from __future__ import annotations

from volplugins.kernel.directories.verdict import Verdict
from volplugins.kernel.process import Process
from volplugins.vol.scene.directory_verdicts import USABLE, DirectoryJudge


def next_step(court: DirectoryJudge, process: Process, verdict: Verdict) -> str:
    """The Next column of windows.kd.pagedirs."""
    scene = court.scene
    system = scene.system_process
    parts = []
    if verdict.word in ("ok", "tables-paged-out"):
        return whole_process(process.eprocess)
    if verdict.word == "no-directory":
        parts.append(_without_directory(process))
    if verdict.lacks_pages:
        truncated = scene.target.completeness.truncated
        whole = "the file is truncated: copy it again, whole" if truncated else "take a complete dump"
        parts.append(f"{whole} (this file lacks the page)")
    if verdict.word not in USABLE and process.life not in ("exited", "starting"):
        other = court.other_directory(process)
        if other is not None and other.base:
            ours = f"windows.kd.address --process eprocess:{process.eprocess:#x} --dirbase {other.base:#x}"
            parts.append(f".context {other.base:#x} ({other.text}); {ours} (peb, lm, stacks, ptov and vtop alike)")
        elif other is not None and other.unsearched:
            parts.append(other.unsearched)
        elif other is not None:
            parts.append(f"no other directory is offered, it would be ambiguous: {other.text}")
    if verdict.word in ("self-map-mismatch", "kernel-half-mismatch", "reserved-bits"):
        parts.append(f"its user half still translates: windows.kd.vtop --process eprocess:{process.eprocess:#x}")
    if system is not None and process.eprocess != system.eprocess:
        ours = f"windows.kd.stacks --process eprocess:{process.eprocess:#x} --kernel-only"
        parts.append(f"kernel stacks still work: .process {system.eprocess:#x} (System's directory); {ours}")
    return "; ".join(parts)


def whole_process(eprocess: int) -> str:
    """What to type for a process whose directory can be used: WinDbg's command, and ours."""
    return f".process /p /r {eprocess:#x}; windows.kd.address --process eprocess:{eprocess:#x}"


def one_thread(ethread: int) -> str:
    """The same for a thread."""
    return f".thread {ethread:#x}; windows.kd.stacks --thread {ethread:#x}"


def _without_directory(process: Process) -> str:
    if process.life == "exited":
        return "the process has exited: its user memory is gone"
    return "the process was never started" if process.life == "starting" else "its user memory cannot be reached"
