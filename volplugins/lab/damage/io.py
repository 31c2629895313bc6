"""Damage to the I/O system's objects, by name: hooks, holes, and what makes readers stumble.

A defect works on a finished snapshot of any machine. truth["io"] is changed with it where the objects then say
something else, truth["io"]["hooks"] has the hooks; truth["io_defect"] is its name and the address that a report has to
name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import replace

from volplugins.lab.damage.io_subject import IoPatient
from volplugins.lab.machine.snapshot import Snapshot

_READ = 3  # IRP_MJ_READ
_NO_TYPE = 0xFE
_LONGEST = 0xFFFE  # bytes of a name: the most that a UNICODE_STRING can say
_ACME, _NETWORK = "USB\\VID_1209&PID_7A21", "PCI\\VEN_8086&DEV_10D3"
_HUB, _STICK = "USB\\ROOT_HUB", "USB\\VID_0781"


def with_io_defect(snapshot: Snapshot, name: str) -> Snapshot:
    """The same machine with its I/O objects damaged; raises ValueError where there is no such defect."""
    if name not in IO_DEFECTS:
        raise ValueError(f"no I/O defect {name}")
    made = replace(
        snapshot, pages=dict(snapshot.pages), runs=list(snapshot.runs), kernel_pfns=set(snapshot.kernel_pfns),
        truth={**snapshot.truth, "io": deepcopy(snapshot.truth["io"])},
    )  # fmt: skip
    made.truth["io_defect"] = {"name": name, "at": IO_DEFECTS[name](IoPatient(made))}
    return made


def _dispatch_hook(patient: IoPatient) -> int:
    driver = patient.driver("kbdclass")["object"]
    place = patient.member("_DRIVER_OBJECT", f"MajorFunction[{_READ}]", driver)
    return patient.hook("dispatch", driver, "IRP_MJ_READ", place)


def _fast_io_hook(patient: IoPatient) -> int:
    driver = patient.driver("Ntfs")["object"]
    table = patient.get("_DRIVER_OBJECT", "FastIoDispatch", driver)
    return patient.hook("fast-io", driver, "FastIoRead", patient.member("_FAST_IO_DISPATCH", "FastIoRead", table))


def _completion_hook(patient: IoPatient) -> int:
    """In the current location of a read that has gone down to the disk's port driver."""
    request = patient.request("file read")
    place = patient.member("_IO_STACK_LOCATION", "CompletionRoutine", patient.location(request))
    request["completion"] = patient.hook("completion", request["irp"], f"location {request['location']}", place)
    return int(request["completion"])


def _driver_unlinked(patient: IoPatient) -> int:
    """Out of its directory; its devices still lead to it."""
    driver = patient.driver("acmedrv")
    patient.take_out(driver["object"])
    driver["found"], driver["notes"] = "device", ["unlinked"]
    return int(driver["object"])


def _driver_hidden(patient: IoPatient) -> int:
    """Out of its directory, and its only device too: nothing but a search of memory finds them."""
    driver = patient.driver("WMIxWDM")
    for body in (driver["object"], *driver["devices"]):
        patient.take_out(body)
    driver["found"], driver["notes"] = "scan", ["unlinked"]
    return int(driver["object"])


def _driver_unloaded(patient: IoPatient) -> int:
    """A driver object was left behind by an image that is gone: the first in the list of unloaded drivers."""
    driver, gone = patient.driver("e1express"), patient.snapshot.truth["unloaded"][0]
    at, shift = driver["object"], gone["base"] - driver["start"]
    own = range(driver["start"], driver["start"] + driver["size"])
    routines = ("DriverInit", "DriverStartIo", "DriverUnload", *(f"MajorFunction[{number}]" for number in range(28)))
    for path in routines:
        routine = patient.get("_DRIVER_OBJECT", path, at)
        if routine in own:
            patient.put("_DRIVER_OBJECT", path, at, routine + shift)
    extension = patient.get("_DRIVER_OBJECT", "DriverExtension", at)
    entry = patient.get("_DRIVER_EXTENSION", "AddDevice", extension)
    patient.put("_DRIVER_EXTENSION", "AddDevice", extension, entry + shift)
    driver["start"], driver["size"] = gone["base"], gone["end"] - gone["base"]
    patient.put("_DRIVER_OBJECT", "DriverStart", at, driver["start"])
    patient.put("_DRIVER_OBJECT", "DriverSize", at, driver["size"])
    patient.put("_DRIVER_OBJECT", "DriverSection", at, 0)
    driver["module"], driver["notes"] = None, ["unloaded"]
    return int(at)


def _device_wrong_driver(patient: IoPatient) -> int:
    """The device of an unplugged stick names itself as its driver."""
    node = patient.node(_STICK)
    device = patient.device(node["pdo"])
    patient.put("_DEVICE_OBJECT", "DriverObject", device["object"], device["object"])
    device["driver"], node["drivers"] = "", [""]
    return int(device["object"])


def _stack_out_of_order(patient: IoPatient) -> int:
    """The filter says that it is attached to the physical device, above which the function device is."""
    top, _, bottom = patient.node(_NETWORK)["stack"]
    extension = patient.get("_DEVICE_OBJECT", "DeviceObjectExtension", top)
    patient.put("_DEVOBJ_EXTENSION", "AttachedTo", extension, bottom)
    patient.device(top)["attached_to"] = bottom
    return int(top)


def _device_loop(patient: IoPatient) -> int:
    """The last device of a driver leads to its first."""
    first, *_, last = patient.driver("usbport")["devices"]
    patient.put("_DEVICE_OBJECT", "NextDevice", last, first)
    return int(first)


def _attached_loop(patient: IoPatient) -> int:
    """The topmost device of a stack leads to the one below it."""
    top, below, _ = patient.node(_NETWORK)["stack"]
    patient.put("_DEVICE_OBJECT", "AttachedDevice", top, below)
    patient.device(top)["attached"] = below
    return int(below)


def _node_loop(patient: IoPatient) -> int:
    """The last child of the hub leads to its first."""
    hub = patient.node(_HUB)["node"]
    children = [each["node"] for each in patient.io["nodes"] if each["parent"] == hub]
    patient.put("_DEVICE_NODE", "Sibling", children[-1], children[0])
    return int(children[0])


def _irp_list_loop(patient: IoPatient) -> int:
    """The last request of a thread leads to the first; the thread is passed over."""
    entry = patient.known.offset("_IRP", "ThreadListEntry")
    first, last = (patient.request(what)["irp"] + entry for what in ("cancelled request", "control request"))
    patient.set_pointer(last, first)
    return int(first)


def _irp_current_location(patient: IoPatient) -> int:
    """Beyond StackCount: past the top, where completed requests are."""
    request = patient.request("control request")
    request["location"], request["driver"], request["state"], request["age"] = 0x2A, "", "completed", None
    patient.put("_IRP", "CurrentLocation", request["irp"], request["location"])
    return int(request["irp"])


def _irp_stack_ff(patient: IoPatient) -> int:
    """Every stack location of a request is full of 0xFF."""
    request = patient.request("control request")
    size = request["count"] * patient.known.size("_IO_STACK_LOCATION")
    patient.write(request["irp"] + patient.known.size("_IRP"), b"\xff" * size)
    request["driver"], request["major"], request["minor"] = "", 0xFF, 0xFF
    request["device"] = request["completion"] = (1 << 8 * patient.width) - 1
    return int(request["irp"])


def _name_64k(patient: IoPatient) -> int:
    """A driver's name, in itself and in its header, and a node's path: 64 KiB of the kernel's image."""
    driver, node = patient.driver("kbdhid")["object"], patient.node(_ACME)["node"]
    image = next(each["base"] for each in patient.snapshot.truth["modules"] if each["name"] == "nt")
    names = (
        ("_DRIVER_OBJECT", "DriverName", driver), ("_DEVICE_NODE", "InstancePath", node),
        ("_OBJECT_HEADER_NAME_INFO", "Name", patient.name_info(driver)),
    )  # fmt: skip
    for structure, path, at in names:
        patient.put(structure, f"{path}.Length", at, _LONGEST)
        patient.put(structure, f"{path}.MaximumLength", at, _LONGEST)
        patient.put(structure, f"{path}.Buffer", at, image)
    return int(driver)


def _directory_loop(patient: IoPatient) -> int:
    """The chains of two buckets of \\Driver lead to each other."""
    chains = patient.chains(patient.directory(patient.driver("acmedrv")["object"]))
    one, other = [chain for chain in chains if len(chain) > 1][:2]
    firsts = patient.pointer(one[0]), patient.pointer(other[0])
    patient.set_pointer(one[-1], firsts[1])
    patient.set_pointer(other[-1], firsts[0])
    return firsts[0]


def _type_cookie(patient: IoPatient) -> int:
    """An object's type is none: its index decodes to one that no type has (Windows XP: it names the object itself)."""
    driver = int(patient.driver("kbdhid")["object"])
    header = patient.header(driver)
    if not patient.known.has("_OBJECT_HEADER", "TypeIndex"):
        patient.put("_OBJECT_HEADER", "Type", header, driver)
        return driver
    symbols = patient.snapshot.truth["symbols"]["nt"]
    base = next(each["base"] for each in patient.snapshot.truth["modules"] if each["name"] == "nt")
    hidden = _NO_TYPE
    if "ObHeaderCookie" in symbols:
        hidden ^= patient.read(base + symbols["ObHeaderCookie"], 1)[0] ^ (header >> 8 & 0xFF)
    patient.put("_OBJECT_HEADER", "TypeIndex", header, hidden)
    return driver


#: Every defect: what does it, and gives the address that a report has to name.
IO_DEFECTS: Mapping[str, Callable[[IoPatient], int]] = {
    "dispatch-hook": _dispatch_hook,
    "fastio-hook": _fast_io_hook,
    "completion-hook": _completion_hook,
    "driver-unlinked": _driver_unlinked,
    "driver-hidden": _driver_hidden,
    "driver-unloaded": _driver_unloaded,
    "device-wrong-driver": _device_wrong_driver,
    "stack-out-of-order": _stack_out_of_order,
    "device-loop": _device_loop,
    "attached-loop": _attached_loop,
    "node-loop": _node_loop,
    "irp-list-loop": _irp_list_loop,
    "irp-current-location": _irp_current_location,
    "irp-stack-ff": _irp_stack_ff,
    "name-64k": _name_64k,
    "directory-loop": _directory_loop,
    "type-cookie": _type_cookie,
}
