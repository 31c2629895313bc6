"""Blame by a thread that a bugcheck names: the request it waits for, and the driver it runs in, each for the other."""

from __future__ import annotations

from collections.abc import Iterator

from volplugins.bugcheck.devices.holding import Holding, holding
from volplugins.bugcheck.devices.lead import Case
from volplugins.bugcheck.devices.requests import blame_holder
from volplugins.bugcheck.devices.thread_facts import OnStack, frames_of, nearest_driver, requests_of, thread_at
from volplugins.bugcheck.scene.device_place import DevicePlace
from volplugins.bugcheck.suspects.device_blame import DeviceBlame
from volplugins.bugcheck.suspects.proof import Proof
from volplugins.bugcheck.suspects.suspects import Confidence
from volplugins.io.request import Request
from volplugins.io.words.functions import PNP, POWER

_ABOUT_DEVICES = (PNP, POWER)


def blame_thread(case: Case, ethread: int, word: str, only_devices: bool = False) -> DeviceBlame:
    """The driver in which a thread is stuck.

    Args:
        word: what the thread is, in words.
        only_devices: of its requests take only those of Plug and Play and power.
    """
    thread = thread_at(case, ethread)
    if thread is None:
        return case.nobody()
    held = next(holdings(case, ethread, only_devices), None)
    on_stack = nearest_driver(case, frames_of(case, thread))
    if held is None and on_stack is None:
        case.note(f"no driver is on the stack of thread {ethread:#x}, and no request that it sent names one")
        return case.nobody()
    if held is not None:
        return _by_request(case, held, on_stack, f"sent by {word} {ethread:#x}")
    assert on_stack is not None
    return case.blame(on_stack.module, _stack_text(on_stack, f"{word} {ethread:#x}"), Confidence.MEDIUM)


def holdings(case: Case, ethread: int, only_devices: bool) -> Iterator[Holding]:
    """Who holds each of the requests that a thread has sent, the newest first; the case takes why some tell nothing.

    Args:
        only_devices: only requests of Plug and Play and power.
    """
    for irp in requests_of(case, ethread):
        request = case.reader.request(irp)
        if not isinstance(request, Request):
            case.note(f"IRP {irp:#x} of thread {ethread:#x} {request}")
        elif not only_devices or _about_devices(request):
            found = holding(case.reader, request)
            if isinstance(found, Holding):
                yield found
            else:
                case.note(found)


def _about_devices(request: Request) -> bool:
    return request.current is not None and request.current.major in _ABOUT_DEVICES


def _by_request(case: Case, held: Holding, on_stack: OnStack | None, sent: str) -> DeviceBlame:
    """The holder; surely where the thread's stack agrees, less so where it runs in another driver of the same stack."""
    if on_stack is None or on_stack.module.base == held.module.base:
        why = sent if on_stack is None else f"{sent}, on whose stack {on_stack.module.image_name} is too"
        return blame_holder(case, held, None, why)
    if case.owners.is_windows(on_stack.module):
        return blame_holder(case, held, None, f"{sent}, on whose stack is {on_stack.module.image_name}")
    if held.place.holds(held.location.device) and case.owners.is_windows(held.module):
        # one of Windows' own has the request, and another company's driver, deeper in the thread, waits
        reason = f"{_stack_text(on_stack, 'the thread')}; {held.text}, {sent}"
        return case.blame(on_stack.module, reason, Confidence.MEDIUM, _if_of_stack(case, held, on_stack),
                          f"the stack at which IRP {held.request.irp:#x} is held")  # fmt: skip
    why = f"{sent}, on whose stack the nearest driver is {on_stack.module.image_name}"
    return blame_holder(case, held, None, why, Confidence.MEDIUM)


def _if_of_stack(case: Case, held: Holding, on_stack: OnStack) -> DevicePlace | None:
    """The place of the request, where the driver on the stack has a device in it."""
    for device in held.place.stack:
        driver = case.reader.driver(device.driver)
        module = case.reader.module_of(driver) if driver is not None else None
        if module is not None and module.base == on_stack.module.base:
            return held.place
    return None


def _stack_text(found: OnStack, whose: str) -> str:
    how = "by unwind data or saved registers" if found.proof is Proof.EXACT else "by a return address after a call"
    return f"{found.module.image_name} is the driver nearest to where {whose} stands ({found.frame.ip:#x}, {how})"
