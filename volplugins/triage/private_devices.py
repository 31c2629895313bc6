"""Names of devices with what is private taken out.

Of a device's instance path the last part goes: what tells it from others of its model, often its serial number. In the
part before it addresses that the hardware itself has go too (Bluetooth). Names of devices stay where they are Windows'
own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from volplugins.triage.private_names import PrivateNames

# enumerators of Windows: behind another word in capitals two more parts may be a path
_ENUMERATORS = """ACPI BTHENUM BTHLE BTHLEDEVICE DISPLAY HDAUDIO HID HTREE IDE NVME PCI PCIIDE ROOT SCSI SD STORAGE SW
SWD UEFI UMB USB USBPRINT USBSTOR VMBUS 1394""".split()
_INSTANCE = rf"(?:{'|'.join(_ENUMERATORS)})\\[A-Z0-9_&.{{}}#-]+\\[^\\\s\"<>|;,]+"
_IN_TEXT = re.compile(rf"(?<![\w\\])(?:{_INSTANCE}|\\Device\\(?P<device>[\w-]{{1,64}})(?=; |$))")
_HARDWARE_ADDRESS = re.compile(r"(?<![0-9a-f])(?:[0-9a-f]{12}|[0-9a-f]{16})(?![0-9a-f])", re.I)
# devices of Windows by number, and by name
_NUMBERED = """Harddisk HarddiskVolume HarddiskVolumeShadowCopy CdRom Floppy Serial Parallel PointerClass PointerPort
KeyboardClass KeyboardPort Video NDMP USBFDO- USBPDO- USBHUB- RaidPort ScsiPort NTPNP_PCI PCI""".split()
_NAMED = """Afd Beep ConDrv DfsClient Fs_Rec Ide Ip Ip6 KsecDD LanmanRedirector Mailslot MountPointManager Mup NamedPipe
Ndis NetBt Npfs Nsi Null PhysicalMemory RawCdRom RawDisk RawIp RawIp6 Tcp Tcp6 Tdx Udp Udp6 VolMgrControl
WMIAdminDevice WMIDataDevice""".split()
_OWN = re.compile(rf"(?:{'|'.join(_NUMBERED)})[0-9a-f]{{1,4}}|{'|'.join(_NAMED)}|[0-9a-f]{{8}}", re.I)


def device_name(names: PrivateNames, name: str) -> str:
    """The name of a device below ``\\Device``: Windows' own as it is, another's as ``object-1``."""
    return name if _OWN.fullmatch(name) else names.pseudonym("object", name)


def instance_path(names: PrivateNames, text: str) -> str:
    """A whole text that is an instance path."""
    model, separator, last = text.rpartition("\\")
    model = _HARDWARE_ADDRESS.sub(lambda found: names.pseudonym("instance", found[0]), model)
    return model + separator + (names.pseudonym("instance", last) if last else "")


def apart(names: PrivateNames, text: str) -> Iterator[tuple[str, bool]]:
    """A sentence cut where it names an instance or a device: each part, and whether it is ready as it is.

    Rows put ``; `` behind the name of a device and go on.
    """
    at = 0
    for found in _IN_TEXT.finditer(text) if "\\" in text else ():
        yield text[at : found.start()], False
        device = found["device"]
        yield (f"\\Device\\{device_name(names, device)}" if device else instance_path(names, found[0])), True
        at = found.end()
    yield text[at:], False
