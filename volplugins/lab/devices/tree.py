"""What devices a made-up machine has: the PnP tree, and the devices that are in no tree.

Instance paths have the forms of public listings of device trees; FILE_DEVICE_* numbers: wdm.h; problem codes: cfg.h.
"""

from __future__ import annotations

from dataclasses import dataclass

BUS, CONTROLLER, DISK, FILE_SYSTEM, KEYBOARD, NETWORK, NETCARD, UNKNOWN, ACPI = (
    0x2A, 0x04, 0x07, 0x08, 0x0B, 0x12, 0x17, 0x22, 0x32,
)  # fmt: skip
FAILED_START, DISABLED = 10, 22  # CM_PROB_*
STARTED, UNPLUGGED, FAILED, OFF = "started", "unplugged", "failed", "off"
SERIAL = "0012A4F39B77"


@dataclass(frozen=True, slots=True)
class Part:
    """A device object to be made: its driver's key, its name (may be empty), its type."""

    driver: str
    name: str = ""
    kind: int = UNKNOWN


@dataclass(frozen=True, slots=True)
class Node:
    """A device node; ``stack`` are its devices from the physical device object upwards.

    ``known`` names a stack that the machine has already: ``usb``, ``volume``.
    """

    instance: str
    service: str
    stack: tuple[Part, ...]
    children: tuple[Node, ...] = ()
    fate: str = STARTED
    known: str = ""


def _keyboard() -> Node:
    stack = (
        Part("ACPI_HAL", "\\Device\\0000003B"), Part("i8042prt", "", KEYBOARD),
        Part("kbdclass", "\\Device\\KeyboardClass0", KEYBOARD),
    )  # fmt: skip
    return Node("ACPI\\PNP0303\\4&1D401FB5&0", "i8042prt", stack)


def _storage() -> Node:
    disk = (Part("atapi", "\\Device\\Ide\\IdeDeviceP0T0L0-0", DISK), Part("disk", "\\Device\\Harddisk0\\DR0", DISK))
    channel = (Part("pci", "\\Device\\NTPNP_PCI0001"), Part("atapi", "\\Device\\Ide\\IdePort0", CONTROLLER))
    below = Node("IDE\\DISKWDC_WD10EZEX-08WN4A0____________________01.01A01\\5&1F3C2E54&0&0.0.0", "disk", disk)
    return Node("PCI\\VEN_8086&DEV_2829&SUBSYS_00000000&REV_02\\3&267A616A&0&FA", "atapi", channel, (below,))


def _network() -> Node:
    stack = (
        Part("pci", "\\Device\\NTPNP_PCI0002"), Part("e1express", "\\Device\\NDMP1", NETCARD),
        Part("vendflt", "", NETCARD),
    )  # fmt: skip
    return Node("PCI\\VEN_8086&DEV_10D3&SUBSYS_A01F8086&REV_00\\3&267A616A&0&18", "e1express", stack)


def _usb() -> Node:
    keyboard = (
        Part("usbport", "\\Device\\USBPDO-1"), Part("kbdhid", "", KEYBOARD),
        Part("kbdclass", "\\Device\\KeyboardClass1", KEYBOARD),
    )  # fmt: skip
    stick, failed = ((Part("usbport", f"\\Device\\USBPDO-{number}"),) for number in (3, 4))
    children = (
        Node("USB\\VID_046D&PID_C31C\\6&2A9F6E11&0&1", "kbdhid", keyboard),
        Node(f"USB\\VID_1209&PID_7A21\\{SERIAL}", "acmedrv", (), known="usb"),
        Node("USB\\VID_0781&PID_5581\\4C530001220614116402", "disk", stick, fate=UNPLUGGED),
        Node("USB\\VID_1209&PID_7A22\\0012A4F39B78", "acmedrv", failed, fate=FAILED),
    )
    hub = (Part("usbport", "\\Device\\USBPDO-0"), Part("usbport", "\\Device\\USBHUB-0"))
    host = (Part("pci", "\\Device\\NTPNP_PCI0003"), Part("usbport", "\\Device\\USBFDO-0", CONTROLLER))
    root = Node("USB\\ROOT_HUB\\4&1C6B0E9A&0", "usbport", hub, children)
    return Node("PCI\\VEN_8086&DEV_2934&SUBSYS_00000000&REV_02\\3&267A616A&0&E8", "usbport", host, (root,))


def _disabled() -> Node:
    stack = (Part("pci", "\\Device\\NTPNP_PCI0004"),)
    return Node("PCI\\VEN_8086&DEV_293E&SUBSYS_00000000&REV_02\\3&267A616A&0&D8", "", stack, fate=OFF)


def _volumes(build: int) -> tuple[Node, ...]:
    if build < 6000:
        path = "STORAGE\\VOLUME\\1&30A96598&0&SIGNATURE8C2F8C2FOFFSET7E00LENGTH18FFF2A000"
        return (Node(path, "", (), known="volume"),)
    disk = "STORAGE\\VOLUME\\{4B7C1E52-0D1F-11EB-9C3E-806E6F6E6963}#"
    return (
        Node(f"{disk}0000000000100000", "", (), known="small volume"),
        Node(f"{disk}0000000006500000", "", (), known="volume"),
    )


def device_tree(build: int) -> Node:
    """The root node with everything below it."""
    host = "ACPI\\PNP0A08\\0" if build >= 6000 else "ACPI\\PNP0A03\\2&DABA3FF&0"
    bridge = (Part("ACPI_HAL", "\\Device\\0000003A", ACPI), Part("pci", "\\Device\\PCI0", BUS))
    board = (Part("PnpManager", "\\Device\\00000002"), Part("ACPI_HAL", "", ACPI))
    manager = (Part("PnpManager", "\\Device\\00000003"), Part("volmgr", "\\Device\\VolMgrControl"))
    legacy = (Part("PnpManager", "\\Device\\00000004"),)
    buses = Node(host, "pci", bridge, (_storage(), _network(), _usb(), _disabled()))
    below = [
        Node("ROOT\\ACPI_HAL\\0000", "\\Driver\\ACPI_HAL", board, (buses, _keyboard())),
        Node("ROOT\\VOLMGR\\0000", "volmgr", manager, _volumes(build)),
    ]
    if build < 9200:
        below.append(Node("ROOT\\LEGACY_TCPIP\\0000", "Tcpip", legacy))
    return Node("HTREE\\ROOT\\0", "", (Part("PnpManager", "\\Device\\00000001"),), tuple(below))


# devices that no bus has found; the second of a pair is attached to the first
LOOSE: tuple[tuple[Part, ...], ...] = (
    (Part("ntfs", "\\Ntfs", FILE_SYSTEM), Part("fltmgr", "", FILE_SYSTEM)),
    (Part("fltmgr", "\\FileSystem\\Filters\\FltMgr", FILE_SYSTEM),),
    (Part("RAW", "\\Device\\RawDisk", FILE_SYSTEM),),
    (Part("WMIxWDM", "\\Device\\WMIDataDevice"),),
    (Part("tcpip", "\\Device\\Ip", NETWORK),),
    (Part("tcpip", "\\Device\\Tcp", NETWORK), Part("vendflt", "", NETWORK)),
    (Part("tcpip", "\\Device\\Udp", NETWORK),),
    (Part("acmedrv", "\\Device\\AcmeControl"),),
)
# names in the directory \\GLOBAL?? and what they lead to
LINKS = {
    "PhysicalDrive0": "\\Device\\Harddisk0\\DR0", "AcmeControl": "\\Device\\AcmeControl", "Tcp": "\\Device\\Tcp",
    "ACMERELAY1": "\\Device\\AcmeRelay0",
}  # fmt: skip
