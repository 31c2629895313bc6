"""KVA shadow: a second top table that user mode runs on, with the user half and the way into the kernel only.

EPROCESS.UserDirectoryTableBase is a value for CR3 like DirectoryTableBase: its low bits are a PCID, its highest says
that the processor may keep translations (SDM 3A, 4.10.4.1). Only the page frame says which table it is. Processes that
need no shadow hold none (0, or flags alone). The kernel's own table withholds execution of the user half by the
no-execute bit of its top entries, which the shadow lacks: tables are compared by frame.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from volplugins.kernel.directories.smear import Ram
from volplugins.kernel.directories.top import Top, read_top
from volplugins.memory.reader import MemoryReader
from volplugins.paging.mode import PagingMode

_LONG = (PagingMode.X64, PagingMode.X64_LA57)
_HALF = 256
_MOST_KERNEL_ENTRIES = 4  # of a shadow: the way into the kernel


class Memory(MemoryReader, Ram, Protocol):
    """Physical memory, and what RAM the machine has."""


@dataclass(frozen=True, slots=True)
class UserDirectory:
    """What became of the table that UserDirectoryTableBase names."""

    value: int
    sound: bool
    evidence: str


def frame_of(mode: PagingMode, directory: int | None) -> int:
    """Page frame of the top table that a value of CR3 names; 0 where there is none."""
    return ((directory or 0) & mode.facts.frame_mask) >> 12


def shadow_reason(
    top: Top, system: Top | None, slot: int | None, base: int, user_directory: int | None, mapped: bool
) -> str:
    """Why ``top`` is KVA shadow's user directory; empty where it is none.

    Args:
        base: the DirectoryTableBase that led to it.
        mapped: whether it maps itself, as no shadow does.
    """
    if top.mode not in _LONG or mapped:
        return ""
    frame = frame_of(top.mode, user_directory)
    if frame and frame == frame_of(top.mode, base):
        return f"equals the process's UserDirectoryTableBase {user_directory:#x}"
    if system is None:
        return ""
    mine, its = top.entries[_HALF:], system.entries[_HALF:]
    valid = int(np.count_nonzero(mine & np.uint64(1)))
    few = 0 < valid <= _MOST_KERNEL_ENTRIES < int(np.count_nonzero(its & np.uint64(1)))
    user = bool(np.any(top.entries[:_HALF] & np.uint64(1)))
    if few and user and slot is not None and not int(top.entries[slot]):
        return "its user half is used, its kernel half holds a few transition entries only"
    return ""


def check_user_directory(
    memory: Memory, mode: PagingMode, base: int, user_directory: int | None
) -> UserDirectory | None:
    """UserDirectoryTableBase against the process's own top table; None where KVA shadow is not on for it.

    Args:
        base: the process's DirectoryTableBase; where that names the shadow itself, there is nothing to compare.
    """
    frame = frame_of(mode, user_directory)
    if mode not in _LONG or user_directory is None or not frame or frame_of(mode, base) in (0, frame):
        return None
    said = f"UserDirectoryTableBase {user_directory:#x} (KVA shadow)"
    if not memory.describes(frame):
        return UserDirectory(user_directory, False, f"{said}: page frame {frame:#x} is no RAM of the machine")
    shadow, own = read_top(memory, mode, frame << 12), read_top(memory, mode, base)
    if shadow is None or own is None:
        lacking = "its page" if shadow is None else "the process's own table"
        return UserDirectory(user_directory, True, f"{said}: {lacking} is not in the file")
    differing = _differing(own, shadow)
    if not differing:
        return UserDirectory(user_directory, True, f"{said}: its user half leads to the same tables")
    where, level = (frame << 12) + differing[0] * 8, mode.facts.levels[0].name
    mine, its = int(own.entries[differing[0]]), int(shadow.entries[differing[0]])
    text = f"{len(differing)} entries of the user half lead elsewhere than the process's own; the first: {level}"
    return UserDirectory(user_directory, False, f"{said}: {text} at {where:#x} holds {its:#x}, its own is {mine:#x}")


def _differing(top: Top, shadow: Top) -> Sequence[int]:
    """Numbers of the user half's entries that lead to different tables."""
    mask = np.uint64(top.mode.facts.frame_mask | 1)
    found: list[int] = np.flatnonzero((top.entries[:_HALF] & mask) != (shadow.entries[:_HALF] & mask)).tolist()
    return found
