"""The options of ``volplugins lab`` that say what a machine is like, and the machine made by them."""

from __future__ import annotations

import argparse

from volplugins.lab.damage.directories import DIRECTORY_DEFECTS, with_directory_defect
from volplugins.lab.damage.gates import GATE_HOOKS, with_gate_hook
from volplugins.lab.damage.io import IO_DEFECTS, with_io_defect
from volplugins.lab.damage.page_database import PFN_DEFECTS, with_pfn_defect
from volplugins.lab.damage.shadow_stacks import SHADOW_DEFECTS, with_shadow_defect
from volplugins.lab.damage.unknown_kernel import without_symbols
from volplugins.lab.damage.user import USER_DEFECTS, with_user_defect
from volplugins.lab.machine.snapshot import Snapshot
from volplugins.lab.order import VARIANTS

_VICTIM = "explorer.exe"


def add_machine_options(make: argparse.ArgumentParser) -> None:
    """Add them to a command; ``--machine`` and ``--fault`` are its own."""
    from volplugins.lab.machine.profiles import HOSTS  # noqa: PLC0415 - large tables: only when asked for
    from volplugins.lab.machines.catalogue import BASES  # noqa: PLC0415 - as above

    bases, hosts = range(BASES), range(len(HOSTS))
    make.add_argument("--base", type=int, choices=bases, default=0, help="which addresses everything lies at")
    make.add_argument("--host", type=int, choices=hosts, default=0, help="which computer: other processes and times")
    make.add_argument(
        "--sections", action="store_true", help="user pages of every state: shared, in transition, paged out, large"
    )
    make.add_argument(
        "--populous", type=int, metavar="N", help="N more processes, each with 200 modules and 300 ranges of addresses"
    )
    make.add_argument("--wow64", action="store_true", help="a program of 32-bit code as well (x64 machines)")
    make.add_argument("--vdm", action="store_true", help="a program that runs 16-bit code as well (x86 machines)")
    make.add_argument(
        "--user-memory", type=int, metavar="MIB", default=0,
        help="x86 machines: booted with increaseuserva, which gives programs this much, 2048 to 3072",
    )  # fmt: skip
    make.add_argument("--litter", action="store_true", help="stacks full of what earlier calls left there")
    make.add_argument("--sparse", action="store_true", help="kernel and drivers without PDBs that export few functions")
    make.add_argument(
        "--no-symbols", action="store_true", help="a kernel of which there is no symbol table: another GUID"
    )
    make.add_argument("--processor", type=int, choices=(0, 1), default=0, help="which processor crashes")
    _add_damage(make)


def _add_damage(make: argparse.ArgumentParser) -> None:
    """The options that damage the machine before it is written or served."""
    make.add_argument(
        "--directory",
        metavar="NAME",
        choices=tuple(DIRECTORY_DEFECTS),
        help="damage the page directory of one process in this way",
    )
    make.add_argument(
        "--user",
        metavar="NAME",
        choices=tuple(USER_DEFECTS),
        help="damage the PEB, lists, parameters, VADs or threads of one process in this way",
    )
    make.add_argument(
        "--io", metavar="NAME", choices=tuple(IO_DEFECTS), help="damage drivers, devices, requests or their directories"
    )
    make.add_argument(
        "--gates", metavar="NAME", choices=tuple(GATE_HOOKS), help="change a processor's descriptor tables in this way"
    )
    make.add_argument(
        "--shadow", metavar="NAME", choices=tuple(SHADOW_DEFECTS),
        help="overwrite a thread's stack in this way, whose shadow stack tells the truth (win11-24h2-x64)",
    )  # fmt: skip
    make.add_argument(
        "--pfn", metavar="NAME", choices=tuple(PFN_DEFECTS),
        help="let the database of page frames contradict the page tables in this way (win11-24h2-x64)",
    )  # fmt: skip
    make.add_argument(
        "--victim", metavar="IMAGE",
        help="whose (default: explorer.exe; of --shadow in the kernel the crashing thread; --directory: * for all but "
        "System's)",
    )  # fmt: skip
    make.add_argument(
        "--narrow", action="store_true", help="--user: the 32-bit structures of a 32-bit program on x64 (--wow64)"
    )


def build_machine(machine: str, arguments: argparse.Namespace) -> Snapshot:
    """The machine that the options ask for, with the damage that they ask for.

    Raises:
        ValueError: options that do not go together, or that this machine does not have.
    """
    snapshot = _build(machine, arguments)
    victim = arguments.victim or _VICTIM
    if arguments.directory:
        snapshot = with_directory_defect(snapshot, arguments.directory, victim)
    if arguments.user:
        snapshot = with_user_defect(snapshot, arguments.user, victim, arguments.narrow)
    if arguments.io:
        snapshot = with_io_defect(snapshot, arguments.io)
    if arguments.gates:
        snapshot = with_gate_hook(snapshot, arguments.gates)
    if arguments.shadow:
        snapshot = with_shadow_defect(snapshot, arguments.shadow, arguments.victim or "")
    if arguments.pfn:
        snapshot = with_pfn_defect(snapshot, arguments.pfn)
    return without_symbols(snapshot) if arguments.no_symbols else snapshot


def _build(machine: str, arguments: argparse.Namespace) -> Snapshot:
    if arguments.populous is None:
        from volplugins.lab.machines.catalogue import build  # noqa: PLC0415 - as above

        variants = {name: getattr(arguments, name) for name in VARIANTS}
        return build(machine, arguments.fault, arguments.base, arguments.host, arguments.sections, **variants)
    from volplugins.lab.machines.populous import build_populous  # noqa: PLC0415 - as above

    others = ("all", "base", "host", "sections", *VARIANTS)
    if any(getattr(arguments, name, False) for name in others):
        raise ValueError(
            f"--populous goes with --machine, --fault and --kind, not with {', '.join('--' + name for name in others)}"
        )
    return build_populous(arguments.populous, machine=machine, fault=arguments.fault)
