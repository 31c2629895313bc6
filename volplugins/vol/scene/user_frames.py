"""The user mode's part of the crashing thread's stack, as windows.kd.stacks walks it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from volplugins.dumpfile.context import AMD64, I386
from volplugins.threads.module_code import ImageFile
from volplugins.threads.thread_walk import KERNEL, ThreadFrame
from volplugins.vol.scene.directory_verdicts import judge_of
from volplugins.vol.scene.process_selection import gather
from volplugins.vol.scene.stack_scene import StackScene

if TYPE_CHECKING:
    from volplugins.bugcheck.scene.crash_scene import CrashScene


@dataclass(frozen=True, slots=True)
class UserStack:
    """Frames outside of the kernel with their names; ``stop`` and ``text`` say why there are no more."""

    frames: tuple[ThreadFrame, ...]
    names: tuple[str, ...]
    stop: str
    text: str


def user_stack(scene: CrashScene, image_file: ImageFile | None = None) -> UserStack:
    """The crashing thread's frames in user mode; none, with the reason, where they cannot be had."""
    why = _why_not(scene)
    if why or scene.process is None or scene.thread is None:
        return UserStack((), (), "no-context", why or "the crashing thread is not known")
    stacks = StackScene(scene, judge_of(scene, gather(scene, False, None).processes), image_file)
    walk = stacks.walk(scene.process, scene.thread)
    frames = tuple(found for found in walk.frames() if found.ring != KERNEL)
    names = tuple(stacks.name(scene.process, found) for found in frames)
    return UserStack(frames, names, walk.stop, "; ".join(filter(None, (walk.text, *stacks.cuts()))))


def _why_not(scene: CrashScene) -> str:
    if scene.target.machine not in (I386, AMD64):
        return "user stacks of this kind of machine are not walked"
    if scene.target.triage is not None:
        return "a small dump holds no user memory"
    return "" if scene.space is not None else "the kernel's page directory is not known"
