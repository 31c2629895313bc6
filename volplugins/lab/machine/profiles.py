"""The machines: versions, strings and fixed places of each, and the load layouts and computers to choose from.

Build strings and version numbers: public facts of Windows XP SP3, Windows 7 SP1, Windows 10 2004 and Windows 11 24H2.
Places where System's directory lies: those at which public memory images of these versions have it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from volplugins.lab.machine.page_tables import PAE, X64, X86, Mode
from volplugins.lab.structures import win7_x64 as structures_win7_x64
from volplugins.lab.structures import win7_x86_pae as structures_win7_x86_pae
from volplugins.lab.structures import win10_x64 as structures_win10_x64
from volplugins.lab.structures import win11_x64 as structures_win11_x64
from volplugins.lab.structures import xp_x86 as structures_xp_x86
from volplugins.lab.structures.notation import Structures, parse_structures

_HALF = 0x80000000
_LEAST, _MOST = 2048, 3072  # increaseuserva, in MiB (Microsoft's "BCDEdit /set")
_SELF_MAP = (0xC0000000, 0xC0800000)
_STEP = 0x10000000


def _above(end: int, base: int) -> int:
    """The first address a number of steps above ``base`` that is neither below ``end`` nor in the self-map."""
    while base < end or _SELF_MAP[0] <= base < _SELF_MAP[1]:
        base += _STEP
    return base


@dataclass(frozen=True, slots=True)
class Profile:
    """What one machine is.

    Attributes:
        name: name of the machine.
        directory_pfn: page of System's directory.
        shared_user_data: kernel address of KUSER_SHARED_DATA.
        stack_size: bytes of a kernel stack.
        initial_gap: bytes between a kernel stack's base and its first trap frame's end.
        kdbg_size: Header.Size of the debugger data block.
        regions: further parts of the kernel's address space that have a page (session, system cache, HAL heap), so
            that the top page table has entries like a real one.
        user_end: of 32-bit Windows, the first address of the kernel's.
    """

    name: str
    mode: Mode
    table: str
    build: int
    version: tuple[int, int]
    service_pack: int
    build_lab: str
    build_lab_ex: str
    kernel_file: str
    kernel_pdb: str
    hal_file: str
    hal_pdb: str
    directory_pfn: int
    self_maps: tuple[int, ...]
    stack_size: int
    initial_gap: int
    kdbg_size: int
    runs: tuple[tuple[int, int], ...]
    kernel_bases: tuple[int, ...]
    driver_bases: tuple[int, ...]
    pool_bases: tuple[int, ...]
    stack_bases: tuple[int, ...]
    system_bases: tuple[int, ...]
    regions: tuple[int, ...]
    user_end: int = _HALF

    @property
    def bits(self) -> int:
        """32 or 64."""
        return 64 if self.mode is X64 else 32

    @property
    def shared_user_data(self) -> int:
        """Kernel address of KUSER_SHARED_DATA (public symbol files, every version)."""
        return 0xFFFFF78000000000 if self.bits == 64 else 0xFFDF0000

    @property
    def structures(self) -> Structures:
        """The structures of this build."""
        return parse_structures(self.table, self.bits)

    def with_user_memory(self, mebibytes: int) -> Profile:
        """The same 32-bit Windows booted with increaseuserva: what of the kernel lay there lies further up.

        Raises:
            ValueError: an x64 machine, or a size that Windows does not take.
        """
        if self.bits == 64 or not _LEAST <= mebibytes <= _MOST or mebibytes % 4:
            raise ValueError(f"{self.name}: user memory is 2048 to 3072 MiB on x86, by 4 MiB in the lab")
        end = mebibytes << 20

        def moved(bases: tuple[int, ...]) -> tuple[int, ...]:
            return tuple(_above(end, base) for base in bases)

        return replace(
            self, user_end=end, kernel_bases=moved(self.kernel_bases), driver_bases=moved(self.driver_bases),
            pool_bases=moved(self.pool_bases), stack_bases=moved(self.stack_bases),
            system_bases=moved(self.system_bases), regions=moved(self.regions),
        )  # fmt: skip


_RUNS_64 = ((0x1, 0x9E), (0x100, 0x1700), (0x1900, 0x1300))
_RUNS_32 = ((0x1, 0x9E), (0x100, 0x1100), (0x1400, 0xF00))

WIN10_X64 = Profile(
    name="win10-x64",
    mode=X64,
    table=structures_win10_x64.TABLE,
    build=19041,
    version=(10, 0),
    service_pack=0,
    build_lab="19041.1.amd64fre.vb_release.191206-1406",
    build_lab_ex="19041.1.amd64fre.vb_release.191206-1406",
    kernel_file="ntkrnlmp.exe",
    kernel_pdb="ntkrnlmp.pdb",
    hal_file="hal.dll",
    hal_pdb="hal.pdb",
    directory_pfn=0x1AD,
    self_maps=(0x1EA, 0x16D, 0x1B3),
    stack_size=0x6000,
    initial_gap=0x390,
    kdbg_size=0x380,
    runs=_RUNS_64,
    kernel_bases=(0xFFFFF80276400000, 0xFFFFF8055A200000, 0xFFFFF80012C00000),
    driver_bases=(0xFFFFF80279800000, 0xFFFFF80556000000, 0xFFFFF80018A00000),
    pool_bases=(0xFFFF8A8F4C600000, 0xFFFFC3071B200000, 0xFFFF9D0E58400000),
    stack_bases=(0xFFFFB88A6B380000, 0xFFFFE28411900000, 0xFFFFFA8029640000),
    system_bases=(0xFFFFD500E2400000, 0xFFFFA78012800000, 0xFFFFE60009A00000),
    regions=(0xFFFF980000000000, 0xFFFFCF8000000000, 0xFFFFF38000000000, 0xFFFFFFFFFFD00000),
)
WIN7_X64 = Profile(
    name="win7-x64",
    mode=X64,
    table=structures_win7_x64.TABLE,
    build=7601,
    version=(6, 1),
    service_pack=1,
    build_lab="7601.17514.amd64fre.win7sp1_rtm.101119-1850",
    build_lab_ex="7601.17514.amd64fre.win7sp1_rtm.101119-1850",
    kernel_file="ntkrnlmp.exe",
    kernel_pdb="ntkrnlmp.pdb",
    hal_file="hal.dll",
    hal_pdb="hal.pdb",
    directory_pfn=0x187,
    self_maps=(0x1ED,),
    stack_size=0x6000,
    initial_gap=0x250,
    kdbg_size=0x340,
    runs=_RUNS_64,
    kernel_bases=(0xFFFFF80002A4B000, 0xFFFFF80002C1D000, 0xFFFFF80002E07000),
    driver_bases=(0xFFFFF88000C00000, 0xFFFFF88000E40000, 0xFFFFF88001000000),
    pool_bases=(0xFFFFFA8000C00000, 0xFFFFFA8001800000, 0xFFFFFA8003600000),
    stack_bases=(0xFFFFF88004A00000, 0xFFFFF88005C00000, 0xFFFFF88007200000),
    system_bases=(0xFFFFF8A000100000, 0xFFFFF8A000300000, 0xFFFFF8A001200000),
    regions=(0xFFFFF900C0000000, 0xFFFFF98000000000, 0xFFFFFFFFFFD00000),
)
WIN7_X86_PAE = Profile(
    name="win7-x86-pae",
    mode=PAE,
    table=structures_win7_x86_pae.TABLE,
    build=7601,
    version=(6, 1),
    service_pack=1,
    build_lab="7601.17514.x86fre.win7sp1_rtm.101119-1850",
    build_lab_ex="7601.17514.x86fre.win7sp1_rtm.101119-1850",
    kernel_file="ntkrpamp.exe",
    kernel_pdb="ntkrpamp.pdb",
    hal_file="halmacpi.dll",
    hal_pdb="halmacpi.pdb",
    directory_pfn=0x185,
    self_maps=(3,),
    stack_size=0x3000,
    initial_gap=0x130,
    kdbg_size=0x340,
    runs=_RUNS_32,
    kernel_bases=(0x82A4B000, 0x82C1D000, 0x82807000),
    driver_bases=(0x87C00000, 0x89A00000, 0x8A200000),
    pool_bases=(0x84600000, 0x85A00000, 0x86200000),
    stack_bases=(0x9A400000, 0x9C800000, 0x8D600000),
    system_bases=(0xA9400000, 0xAB200000, 0xB1800000),
    regions=(0xFFD00000,),
)
XP_X86 = Profile(
    name="xp-x86",
    mode=X86,
    table=structures_xp_x86.TABLE,
    build=2600,
    version=(5, 1),
    service_pack=3,
    build_lab="2600.xpsp.080413-2111",
    build_lab_ex="",
    kernel_file="ntoskrnl.exe",
    kernel_pdb="ntoskrnl.pdb",
    hal_file="hal.dll",
    hal_pdb="hal.pdb",
    directory_pfn=0x39,
    self_maps=(0x300,),
    stack_size=0x3000,
    initial_gap=0x210,
    kdbg_size=0x290,
    runs=_RUNS_32,
    kernel_bases=(0x804D7000, 0x804D9000, 0x804E1000),
    driver_bases=(0xF8400000, 0xF7600000, 0xF9200000),
    pool_bases=(0x81600000, 0x82000000, 0x83400000),
    stack_bases=(0xF5A00000, 0xF4C00000, 0xF6600000),
    system_bases=(0xE1000000, 0xE1400000, 0xE1800000),
    regions=(0xC1000000,),
)

WIN11_X64 = Profile(
    name="win11-24h2-x64",
    mode=X64,
    table=structures_win11_x64.TABLE,
    build=26100,
    version=(10, 0),
    service_pack=0,
    build_lab="26100.1.amd64fre.ge_release.240331-1435",
    build_lab_ex="26100.1.amd64fre.ge_release.240331-1435",
    kernel_file="ntkrnlmp.exe",
    kernel_pdb="ntkrnlmp.pdb",
    hal_file="hal.dll",
    hal_pdb="hal.pdb",
    directory_pfn=0x1AE,
    self_maps=(0x1D2, 0x18B, 0x1F1),
    stack_size=0x6000,
    initial_gap=0x3D0,
    kdbg_size=0x380,
    runs=_RUNS_64,
    kernel_bases=(0xFFFFF8013E200000, 0xFFFFF8044F400000, 0xFFFFF80736C00000),
    driver_bases=(0xFFFFF8014A800000, 0xFFFFF80462000000, 0xFFFFF8073FA00000),
    pool_bases=(0xFFFFD70C9A600000, 0xFFFFBE8A41200000, 0xFFFF8E0BC8400000),
    stack_bases=(0xFFFFF88A2B380000, 0xFFFFA20711900000, 0xFFFFC10329640000),
    system_bases=(0xFFFFE4006A400000, 0xFFFFB18024800000, 0xFFFFD78011A00000),
    regions=(0xFFFF988000000000, 0xFFFFCA0000000000, 0xFFFFF30000000000, 0xFFFFFFFFFFD00000),
)

PROFILES = {profile.name: profile for profile in (WIN10_X64, WIN7_X64, WIN7_X86_PAE, XP_X86, WIN11_X64)}


@dataclass(frozen=True, slots=True)
class Host:
    """A computer: what differs between two machines of one Windows version.

    Attributes:
        crash_time, uptime: FILETIME of the crash; time since boot in units of 100 ns.
        extra: programs that run here besides Windows' own, as (name, parent).
        first_pid: where process identifiers begin.
        time_zone_bias: minutes west of UTC.
        kva_shadow: whether its processor is one that needs KVA shadowing (Windows 10 only here): directories then carry
            PCID bits, and every process has a second one for user mode.
    """

    computer: str
    crash_time: int
    uptime: int
    extra: tuple[tuple[str, str], ...]
    first_pid: int
    time_zone_bias: int
    kva_shadow: bool = False


_DAY = 24 * 3600 * 10_000_000
# 2021-03-05 14:11:02 UTC and 2022-11-23 06:45:49 UTC as FILETIME
HOSTS = (
    Host(
        "DESKTOP-7QK2M1L", 132594270620000000, 3 * _DAY + 211_145_678_901, (("chrome.exe", "explorer.exe"),), 0x1A4, -60
    ),
    Host(
        "LAB-PC-0042",
        133136595490000000,
        _DAY // 3 + 7_771_234_567,
        (("notepad.exe", "explorer.exe"), ("outlook.exe", "explorer.exe")),
        0x128,
        480,
        True,
    ),
)
