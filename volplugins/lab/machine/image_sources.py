"""Which images each machine has loaded, what they are made from, and where they are loaded."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from types import ModuleType

from volplugins.lab.code import (
    listings_drivers_x64,
    listings_drivers_x86,
    listings_gates_x64,
    listings_gates_x86,
    listings_nt_x64,
    listings_nt_x86,
)
from volplugins.lab.code.functions import parse_functions
from volplugins.lab.code.image_record import Image, ImageSource
from volplugins.lab.code.pe_image import lay_out
from volplugins.lab.machine.machine import LoadedImage, Machine
from volplugins.lab.machine.profiles import PROFILES, Profile

_DRIVERS = "\\SystemRoot\\System32\\drivers\\"
_SYSTEM32 = "\\SystemRoot\\system32\\"
_WINDOWS_XP = "\\WINDOWS\\system32\\"
_MICROSOFT = "Microsoft Corporation"
_THIRD_PARTY = {
    "acmedrv": ("ACME Devices Inc.", "ACME USB Relay Driver", "d:\\build\\relay\\objfre\\acmedrv.pdb", (2, 4, 1, 117)),
    "vendflt": ("Vendor Software GmbH", "Vendor Backup Filter", "c:\\src\\vendflt\\release\\vendflt.pdb", (7, 0, 3, 9)),
    "myfault": ("Sysinternals", "Crash Test Driver", "c:\\src\\notmyfault\\sys\\myfault.pdb", (4, 0, 0, 0)),
}
# in load order, which is the order of PsLoadedModuleList
LOAD_ORDER = ("fltmgr", "ntfs", "tcpip", "vendflt", "usbport", "i8042prt", "kbdclass", "kbdhid", "acmedrv")
# of buses, disks and volumes: few functions, no data
BUS_DRIVERS = ("pci", "atapi", "disk", "volmgr", "e1express")


@lru_cache(maxsize=8)
def machine_images(name: str, sparse: bool = False) -> dict[str, Image]:
    """All laid-out images of a machine by the name that symbols use; the same for every base and computer.

    Args:
        sparse: other builds of the same code, of which nobody has the PDBs: see :func:`_sparsely`.
    """
    profile = PROFILES[name]
    sources = _sparsely(_sources(profile)) if sparse else _sources(profile)
    identity = f"{name} sparse" if sparse else name
    images = {image.stem: image for image in (lay_out(source, identity, profile.bits) for source in sources)}
    images["hal"] = images.pop(profile.hal_file.rpartition(".")[0])
    return images


def _sources(profile: Profile) -> list[ImageSource]:
    wide = profile.bits == 64
    listings = listings_drivers_x64 if wide else listings_drivers_x86
    version = (*profile.version, profile.build, 1)
    hal = ImageSource(
        profile.hal_file, profile.hal_pdb, listings.HAL + ("" if wide else listings_gates_x86.HAL),
        forwarders={"HalRequestDpc": "ntoskrnl.KeInsertQueueDpc"},
        version=version, description="Hardware Abstraction Layer DLL",
    )  # fmt: skip
    names = (*LOAD_ORDER, *BUS_DRIVERS, "myfault")
    programs = ("notmyfault64.exe" if wide else "notmyfault.exe", "program.exe")
    return [
        _kernel(profile, version),
        hal,
        *(_driver(name, listings, version) for name in names),
        ImageSource("ntdll.dll", "ntdll.pdb", listings.NTDLL, version=version, user=True),
        *(
            ImageSource(name, name.replace(".exe", ".pdb"), listings.PROGRAM, version=version, user=True)
            for name in programs
        ),
        _library(listings),
    ]


def _sparsely(sources: list[ImageSource]) -> list[ImageSource]:
    """Kernel and HAL export what others import and no more (about one function in ten), drivers their entry alone."""
    functions = [function for source in sources for function in parse_functions(source.code)]
    imported = {item.text for function in functions for item in function.items if item.kind == "import"}
    wanted = frozenset(text.partition("!")[2] for text in imported if text.startswith(("nt!", "hal!")))
    entry = frozenset(("DriverEntry",))
    return [
        source
        if source.user
        else replace(source, exporting=entry if source.name.endswith(".sys") else wanted, ordinal_only=())
        for source in sources
    ]


def _library(listings: ModuleType) -> ImageSource:
    """A library with four pages of data that processes may write to."""
    return ImageSource(
        "acmeshl.dll", "acmeshl.pdb", listings.LIBRARY, (("LibrarySettings", 0x4000),), version=(2, 4, 1, 9),
        company="ACME Devices Inc.", description="ACME Relay Library", user=True,
    )  # fmt: skip


def _kernel(profile: Profile, version: tuple[int, int, int, int]) -> ImageSource:
    return ImageSource(
        "ntoskrnl.exe",
        profile.kernel_pdb,
        _kernel_code(profile),
        _kernel_data(profile),
        {"HalMakeBeep": "HAL.HalReturnToFirmware"},
        ("ExfPrivateOrdinal",),
        listings_nt_x64.EXPORTED_DATA,
        version,
        description="NT Kernel & System",
        pad_pages=20 if profile.bits == 64 else 22,
    )


def _kernel_code(profile: Profile) -> str:
    if profile.bits == 64:
        return listings_nt_x64.KERNEL + listings_gates_x64.KERNEL
    return listings_nt_x86.KERNEL + listings_gates_x86.KERNEL


def _kernel_data(profile: Profile) -> tuple[tuple[str, int], ...]:
    """The kernel's variables; before Windows 10 there is no cookie, and another variable in its place."""
    data: tuple[tuple[str, int], ...] = listings_nt_x64.DATA
    if profile.build < 10240:
        data = tuple(("ObpTraceFlags" if name == "ObHeaderCookie" else name, size) for name, size in data)
    counters = _counters(profile)
    if profile.build < 6000:
        return data + listings_nt_x64.OLD_QUEUES + counters
    if profile.bits == 32:
        return data + counters
    keys = listings_nt_x64.ENCODING_DATA if profile.build >= 9200 else listings_nt_x64.TIMER_DATA
    return data + keys + counters


def _counters(profile: Profile) -> tuple[tuple[str, int], ...]:
    """The memory manager's variables; those that are structures have the size of the build's own."""
    if profile.build < 10240:
        return listings_nt_x64.COUNTER_DATA
    kinds = {"MiState": "_MI_SYSTEM_INFORMATION", "MiSystemPartition": "_MI_PARTITION"}
    known = profile.structures
    return tuple(
        (name, known.size(kinds[name]) if name in kinds else size) for name, size in listings_nt_x64.STATE_DATA
    )


def _driver(name: str, listings: ModuleType, version: tuple[int, int, int, int]) -> ImageSource:
    company, description, pdb, version = _THIRD_PARTY.get(name, (_MICROSOFT, "", f"{name}.pdb", version))
    bus = name in BUS_DRIVERS
    data = () if bus else (("DriverGlobals", 0x100),)
    code = str(getattr(listings, name.upper()))
    return ImageSource(
        f"{name}.sys", pdb, code, data, version=version, company=company, description=description, init=not bus
    )


def load_images(machine: Machine, myfault: bool) -> None:
    """Load kernel, HAL and drivers at the addresses of this machine's layout; their order is the load order."""
    images = machine_images(machine.profile.name, machine.sparse)
    base = machine.profile.kernel_bases[machine.base_index]
    folder = _SYSTEM32 if machine.profile.build >= 6000 else _WINDOWS_XP
    machine.images["nt"] = LoadedImage(images["nt"], base, folder + "ntoskrnl.exe")
    machine.images["hal"] = LoadedImage(images["hal"], machine.images["nt"].end + 0x9000, folder + "hal.dll")
    chooser = machine.random("drivers")
    at = machine.profile.driver_bases[machine.base_index]
    for name in (*LOAD_ORDER, *(("myfault",) if myfault else ()), *BUS_DRIVERS):
        machine.images[name] = LoadedImage(images[name], at, f"{_DRIVERS}{name}.sys")
        at = (machine.images[name].end + 0x1000 * chooser.randrange(1, 48) + 0xFFF) & ~0xFFF
    for loaded in machine.images.values():
        machine.load(loaded)
