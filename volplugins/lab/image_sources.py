"""Which images each machine has loaded, what they are made from, and where they are loaded."""

from __future__ import annotations

from functools import lru_cache

from volplugins.lab import listings_drivers_x64 as drivers64
from volplugins.lab import listings_nt_x64 as nt64
from volplugins.lab.machine import Machine
from volplugins.lab.pe_image import Image, ImageSource, lay_out
from volplugins.lab.profiles import PROFILES, Profile

_DRIVERS = "\\SystemRoot\\System32\\drivers\\"
_SYSTEM32 = "\\SystemRoot\\system32\\"
_THIRD_PARTY = {
    "acmedrv.sys": ("ACME Devices Inc.", "ACME USB Relay Driver", "d:\\build\\relay\\objfre\\acmedrv.pdb"),
    "vendflt.sys": ("Vendor Software GmbH", "Vendor Backup Filter", "c:\\src\\vendflt\\x64\\release\\vendflt.pdb"),
}
# in load order, which is the order of PsLoadedModuleList
LOAD_ORDER = (
    "fltmgr.sys", "ntfs.sys", "tcpip.sys", "vendflt.sys", "usbxhci.sys", "i8042prt.sys", "kbdclass.sys", "kbdhid.sys", "acmedrv.sys",
)  # fmt: skip


@lru_cache(maxsize=8)
def machine_images(name: str) -> dict[str, Image]:
    """All laid-out images of a machine by the name that symbols use; the same for every base and computer."""
    profile = PROFILES[name]
    return {image.stem: image for image in (lay_out(source, name, profile.bits) for source in _sources(profile))}


def _sources(profile: Profile) -> list[ImageSource]:
    version = (*profile.version, profile.build, 1)
    listings = {
        "fltmgr.sys": drivers64.FLTMGR, "ntfs.sys": drivers64.NTFS, "tcpip.sys": drivers64.TCPIP, "usbxhci.sys": drivers64.USBXHCI,
        "vendflt.sys": drivers64.VENDFLT, "i8042prt.sys": drivers64.I8042PRT, "kbdclass.sys": drivers64.KBDCLASS,
        "kbdhid.sys": drivers64.KBDHID, "acmedrv.sys": drivers64.ACMEDRV, "myfault.sys": drivers64.MYFAULT,
    }  # fmt: skip
    kernel = ImageSource(
        "ntoskrnl.exe",
        profile.kernel_pdb,
        nt64.KERNEL,
        nt64.DATA,
        {"RtlFillMemoryForwarded": "NTDLLK.RtlFillMemory"},
        ("ExfPrivateOrdinal",),
        nt64.EXPORTED_DATA,
        version,
        description="NT Kernel & System",
        pad_pages=24,
    )
    hal = ImageSource(
        profile.hal_file, profile.hal_pdb, drivers64.HAL, forwarders={"HalProcessorIdle": "ntoskrnl.HalProcessorIdle"},
        version=version, description="Hardware Abstraction Layer DLL",
    )  # fmt: skip
    sources = [kernel, hal, *(_driver(name, code, version) for name, code in listings.items())]
    sources.append(ImageSource("ntdll.dll", "ntdll.pdb", drivers64.NTDLL, version=version, user=True))
    sources += [
        ImageSource(name, name.replace(".exe", ".pdb"), drivers64.PROGRAM, version=version, user=True)
        for name in ("notmyfault64.exe", "program.exe")
    ]
    return sources


def _driver(name: str, code: str, version: tuple[int, int, int, int]) -> ImageSource:
    company, description, pdb = _THIRD_PARTY.get(name, ("Microsoft Corporation", "", name.replace(".sys", ".pdb")))
    if name in _THIRD_PARTY:
        version = (2, 4, 1, 117)
    if name == "myfault.sys":
        company, version, description = "Sysinternals", (4, 0, 0, 0), "Crash Test Driver"
    data = (("DriverGlobals", 0x100),)
    return ImageSource(name, pdb, code, data, version=version, company=company, description=description, init=True)


def load_images(machine: Machine, myfault: bool) -> None:
    """Load kernel, HAL and drivers at the addresses of this machine's layout, in load order."""
    images = machine_images(machine.profile.name)
    base = machine.profile.kernel_bases[machine.base_index]
    machine.images["nt"] = machine.load(machine.kernel, images["nt"], base, _SYSTEM32 + "ntoskrnl.exe")
    hal = images[machine.profile.hal_file.rpartition(".")[0]]
    at = machine.images["nt"].end + 0x9000
    machine.images["hal"] = machine.load(machine.kernel, hal, at, _SYSTEM32 + "hal.dll")
    chooser = machine.random("drivers")
    at = machine.profile.driver_bases[machine.base_index]
    for name in (*LOAD_ORDER, "myfault.sys") if myfault else LOAD_ORDER:
        stem = name.rpartition(".")[0]
        machine.images[stem] = machine.load(machine.kernel, images[stem], at, _DRIVERS + name)
        at = (machine.images[stem].end + 0x1000 * chooser.randrange(1, 48) + 0xFFF) & ~0xFFF
