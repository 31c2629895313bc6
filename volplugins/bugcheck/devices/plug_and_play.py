"""Blame where Plug and Play does not come on: 0x9F with 4 as its first parameter, and DRIVER_PNP_WATCHDOG (0x1D5).

The thread that holds the lock, or that the watchdog is about, is named. What it waits for may be on its stack and in
its list of requests; where devices are started on threads of their own it waits for them in a queue, and the triage
block (TRIAGE_9F_PNP, layouts in kernel/builds/io.py) leads to their nodes and the requests that those wait for.
"""

from __future__ import annotations

from collections.abc import Iterator

from volplugins.bugcheck.devices.lead import Case
from volplugins.bugcheck.devices.objects import blame_function_driver
from volplugins.bugcheck.devices.requests import blame_holder, holder_of_irp
from volplugins.bugcheck.devices.threads import blame_thread
from volplugins.bugcheck.scene.device_place import place_of
from volplugins.bugcheck.suspects.device_blame import DeviceBlame
from volplugins.bugcheck.suspects.suspects import Confidence
from volplugins.io.linked_list import ListWalk
from volplugins.memory.reader import ReadError

_SIGNATURE = 0x8001
_WHOLE = 8  # characters of the service that the parameter holds at most
_MOST_NODES = 256
_NODE_AT = {64: 0x10, 32: 0x8}  # PNP_DEVICE_COMPLETION_REQUEST.DeviceNode, behind its ListEntry
_DISPATCHED_AT = 0x0  # PNP_DEVICE_COMPLETION_QUEUE.DispatchedList


def blame_plug_and_play(case: Case, thread: int, triage: int) -> DeviceBlame:
    """0x9F/4: by the devices that Plug and Play waits for, else by the thread that holds its lock."""
    nodes = tuple(_waited_for(case, triage))
    for address in nodes:
        found = case.reader.node(address)
        holder = holder_of_irp(case, found.pending_irp) if found is not None and found.pending_irp else None
        if holder is not None:
            why = f"Plug and Play waits for it (device node {address:#x})"
            named = place_of(case.reader, found.device) if found is not None else None
            return blame_holder(case, holder, named, why)
    by_thread = blame_thread(case, thread, "the thread that holds Plug and Play's lock,", only_devices=True)
    if by_thread.culprit is not None or not nodes:
        return by_thread
    return _by_node(case, nodes[0])


def blame_watchdog(case: Case) -> DeviceBlame:
    """0x1D5: by the thread; the name of the service that the watchdog gives is a witness."""
    value, triage, thread, _ = case.parameters
    if triage:
        case.note("the layout of the watchdog's triage block (TRIAGE_PNP_WATCHDOG) is not known")
    found = blame_thread(case, thread, "the thread that holds up Plug and Play,", only_devices=True)
    name = _text(value)
    if not name:
        return found
    service = f"the service {name}" if len(name) < _WHOLE else f"a service that begins with {name}"
    if found.culprit is None:
        return _by_service(case, name, service)
    agrees = _is_service(case, found, name)
    case.note(f"the watchdog names {service}, {'this' if agrees else 'not this'} driver's")
    return _with_witness(case, found, agrees)


def _with_witness(case: Case, found: DeviceBlame, agrees: bool) -> DeviceBlame:
    """Surer where the watchdog names the same driver, less sure where it names another."""
    culprit, device = found.culprit, found.device
    assert culprit is not None and culprit.module is not None
    sure = culprit.confidence
    if agrees and sure is Confidence.MEDIUM:
        sure = Confidence.HIGH
    elif not agrees and sure is Confidence.HIGH:
        sure = Confidence.MEDIUM
    place, how = (device.place, device.how) if device is not None else (None, "")
    return case.blame(culprit.module, culprit.reason, sure, place, how)


def _is_service(case: Case, found: DeviceBlame, name: str) -> bool:
    """Whether the driver found is that of the service: by its file's name, or the service of the device's node."""
    assert found.culprit is not None
    node = found.device.place.node if found.device is not None else None
    names = (found.culprit.image_name.rpartition(".")[0], node.service if node is not None else "")
    return any(_fits(each, name) for each in names)


def _fits(name: str, wanted: str) -> bool:
    """Whether a name is the wanted one, of which eight characters are kept at most."""
    name, wanted = name.lower(), wanted.lower()
    return name.startswith(wanted) if len(wanted) == _WHOLE else name == wanted


def _by_service(case: Case, name: str, service: str) -> DeviceBlame:
    """The one module that is named so."""
    fits = [each for each in case.scene.modules if _fits(each.image_name.rpartition(".")[0], name)]
    if len(fits) != 1:
        case.note(f"the watchdog names {service}, and {len(fits) or 'no'} modules are named so")
        return case.nobody()
    return case.blame(fits[0], f"the watchdog names {service}", Confidence.MEDIUM)


def _text(value: int) -> str:
    """The characters that a number's bytes are; empty where they are none."""
    data = value.to_bytes(8, "little").rstrip(b"\0")
    return data.decode("ascii") if data and all(0x21 <= each < 0x7F for each in data) else ""


def _waited_for(case: Case, triage: int) -> Iterator[int]:
    """Addresses of the device nodes in the queue of a TRIAGE_9F_PNP."""
    reader, layout = case.reader, case.reader.system.layouts.pnp_triage
    if not triage:
        return
    if not layout.has("CompletionQueue"):
        case.note(f"the triage block of Plug and Play (TRIAGE_9F_PNP): {layout.source}")
        return
    signature = reader.number(triage, layout, "Signature") if reader.system.in_kernel_half(triage) else None
    if signature != _SIGNATURE:
        why = "is not in the dump" if signature is None else f"has the signature {signature:#x}, not {_SIGNATURE:#x}"
        case.note(f"the triage block {triage:#x} {why}")
        return
    queue = reader.number(triage, layout, "CompletionQueue")
    if not queue:
        return
    walk = ListWalk(case.scene.memory, queue + _DISPATCHED_AT, case.scene.bits, _MOST_NODES)
    for entry in walk.entries():
        try:
            node = reader.system.pointer(entry + _NODE_AT[case.scene.bits])
        except ReadError:
            continue
        if node:
            yield node
    for problem in walk.problems:
        case.note(f"the queue of devices that Plug and Play waits for: {problem}")


def _by_node(case: Case, address: int) -> DeviceBlame:
    """The function driver of a device that Plug and Play waits for."""
    found = case.reader.node(address)
    place = place_of(case.reader, found.device) if found is not None and found.device else None
    if place is None:
        case.note(f"Plug and Play waits for the device node {address:#x}"
                  + (f", {found.instance}" if found is not None and found.instance else ""))  # fmt: skip
        return case.nobody()
    return blame_function_driver(case, place, "Plug and Play waits for its device", Confidence.MEDIUM)
