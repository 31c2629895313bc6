"""The lab's machines: a Snapshot of any of them at the moment of any crash."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from volplugins.lab.crashes.crash import Crash
from volplugins.lab.crashes.crash_records import BREAKPOINT, context_record, exception_record
from volplugins.lab.crashes.device_crashes import DEVICE_FAULTS, device_scenarios
from volplugins.lab.crashes.hard import HARD_FAULTS, hard_scenarios
from volplugins.lab.crashes.running import RUNNING_STATES
from volplugins.lab.crashes.scenarios_x64 import SCENARIOS_X64
from volplugins.lab.crashes.scenarios_x86 import SCENARIOS_X86
from volplugins.lab.kernel.descriptor_truth import write_descriptor_truth
from volplugins.lab.kernel.interrupt_objects import connect_interrupts
from volplugins.lab.kernel.kernel_data import (
    pfn_database,
    write_bugcheck_data,
    write_bugcheck_driver,
    write_memory_runs,
)
from volplugins.lab.kernel.page_database import write_page_database
from volplugins.lab.kernel.process_records import write_thread
from volplugins.lab.kernel.processes import RUNNING, Process, Thread
from volplugins.lab.kernel.processor_tables import LOCAL_TABLE, write_current_thread
from volplugins.lab.kernel.shadow_stacks import write_shadow_stacks
from volplugins.lab.machine.machine import Machine, new_machine
from volplugins.lab.machine.processors import ProcessorStatus, cpu_of, write_processor
from volplugins.lab.machine.profiles import HOSTS, PROFILES
from volplugins.lab.machine.real_mode import low_page
from volplugins.lab.machine.snapshot import Cpu, Snapshot
from volplugins.lab.waits.hang_scenes import HANGS, hang_scenarios
from volplugins.lab.world.section_pages import LARGE_FRAME, LARGE_FRAMES, add_section_pages
from volplugins.lab.world.thread_stacks import halt, idle_stack
from volplugins.lab.world.world import World, complete, populate

#: Every machine; MACHINES are those of which every combination with faults, kinds and defects is tried.
EVERY_MACHINE = tuple(PROFILES)
MACHINES = tuple(name for name in PROFILES if name != "win11-24h2-x64")
FAULTS = tuple(SCENARIOS_X64)
EVERY_FAULT = (*FAULTS, *HARD_FAULTS, *DEVICE_FAULTS, *HANGS)
BASES = 3
# faults that are the same failure as another one
_SAME = {"myfault-loaded-only": "driver-read"}


def build(
    machine: str,
    fault: str = "driver-read",
    base: int = 0,
    host: int = 0,
    sections: bool = False,
    wow64: bool = False,
    litter: bool = False,
    sparse: bool = False,
    processor: int = 0,
    vdm: bool = False,
    user_memory: int = 0,
) -> Snapshot:
    """Make a machine and let it crash.

    Args:
        machine: one of EVERY_MACHINE.
        fault: one of EVERY_FAULT, or of RUNNING_STATES: a machine that did not crash, of which there are images only.
        base: load layout, 0 to 2: other addresses for everything.
        host: computer, 0 or 1: other processes, identifiers, pool addresses, times.
        sections: give two processes user pages of every state: shared, by prototype, in transition, paged out, large.
        wow64: one more program, of 32-bit code (x64 machines only); truth["user32"] is what its 32-bit side says.
        litter: two fifths of the unused slots of kernel stacks point into images, as earlier calls left them; of the
            crashed thread's stack truth["stale_words"] says where.
        sparse: kernel and drivers of another build, whose PDBs nobody has and which export one function in ten.
        processor: number of the processor that crashes, 0 or 1.
        vdm: one more program, NTVDM with 16-bit code in two of its threads (x86 machines only); truth["segmented"] says
            by TID where they are.
        user_memory: x86 machines: MiB of user addresses by the boot option increaseuserva, 2048 to 3072; 0 is 2048.

    Raises:
        ValueError: no such machine, fault, layout, computer or processor, or a fault that this machine's Windows does
            not have, or ``wow64`` of an x86 machine, or ``vdm`` or ``user_memory`` of an x64 one.
    """
    if machine not in EVERY_MACHINE or fault not in every_fault_of(machine):
        raise ValueError(f"{machine} has no fault {fault}" if machine in EVERY_MACHINE else f"no machine {machine}")
    if not (0 <= base < BASES and 0 <= host < len(HOSTS)):
        raise ValueError(f"no load layout {base} (0 to {BASES - 1}) or no computer {host} (0 to {len(HOSTS) - 1})")
    if wow64 and PROFILES[machine].bits != 64:
        raise ValueError(f"{machine} runs 32-bit code only: WOW64 is of x64 machines")
    if vdm and PROFILES[machine].bits != 32:
        raise ValueError(f"{machine} runs no 16-bit code: NTVDM is of x86 machines")
    if processor not in (0, 1):
        raise ValueError(f"no processor {processor} (0 or 1)")
    profile = PROFILES[machine].with_user_memory(user_memory) if user_memory else PROFILES[machine]
    scenario = {
        **_scenarios(machine), **hard_scenarios(profile), **device_scenarios(profile), **hang_scenarios(profile),
        **RUNNING_STATES,
    }[fault]  # fmt: skip
    made = new_machine(profile, base, host, (LARGE_FRAME, LARGE_FRAMES) if sections else None)
    made.littered, made.sparse = litter, sparse
    world = populate(made, "myfault" in fault, _extra(made, fault), wow64, vdm)
    world.crashing = processor
    user_pages = add_section_pages(world) if sections else {}
    crash = scenario(world)
    snapshot = finish(world, crash, fault)
    snapshot.truth["user_pages"] = user_pages
    return snapshot


def finish(world: World, crash: Crash, fault: str) -> Snapshot:
    """Write what waits for the end of the scenario, and take the snapshot."""
    cpus = _write_processors(world, crash)
    complete(world)
    write_bugcheck_data(world.machine, crash.code, crash.parameters)
    write_bugcheck_driver(world.machine, crash.parameters)
    write_memory_runs(world.machine)
    _write_interrupts(world, crash)
    write_shadow_stacks(world.machine, [*world.processes, world.idle])
    write_page_database(world.machine, world.processes, pfn_database(world.machine))
    snapshot = _snapshot(world, crash, fault)
    snapshot.cpus, snapshot.crashed, snapshot.blocks = cpus, crash.crashed, tuple(crash.blocks)
    snapshot.outside = {0: low_page(world.machine)}
    return snapshot


def faults_of(machine: str) -> tuple[str, ...]:
    """The faults that a machine can have: the DPC watchdog came with Windows 8."""
    return tuple(fault for fault in _scenarios(machine) if fault != "dpc-watchdog" or PROFILES[machine].build >= 9200)


def hard_faults_of(machine: str) -> tuple[str, ...]:
    """Those of HARD_FAULTS that a machine can have."""
    return tuple(hard_scenarios(PROFILES[machine]))


def device_faults_of(machine: str) -> tuple[str, ...]:
    """Those of DEVICE_FAULTS that a machine can have."""
    return tuple(device_scenarios(PROFILES[machine]))


def hangs_of(machine: str) -> tuple[str, ...]:
    """The hangs that a machine can have, crashed by hand or (``-running``) in images only."""
    return tuple(hang_scenarios(PROFILES[machine]))


def every_fault_of(machine: str) -> tuple[str, ...]:
    """All that a machine can have, and the states of one that runs."""
    return (
        *faults_of(machine), *hard_faults_of(machine), *device_faults_of(machine), *hangs_of(machine), *RUNNING_STATES
    )  # fmt: skip


def _scenarios(machine: str) -> dict[str, Callable[[World], Crash]]:
    return SCENARIOS_X64 if PROFILES[machine].bits == 64 else SCENARIOS_X86


def _extra(machine: Machine, fault: str) -> tuple[tuple[str, str], ...]:
    """Programs that run only where the fault needs them, with their parents."""
    return ((machine.notmyfault, "explorer.exe"),) if fault == "notmyfault" else ()


def _write_processors(world: World, crash: Crash) -> tuple[Cpu, ...]:
    """One processor crashed, or runs a thread; the other idles in the halt instruction, or hangs in a thread."""
    machine = world.machine
    idles = [world.idle.threads[each.number].address for each in world.processors]
    process = crash.thread.process
    first = ProcessorStatus(
        crash.thread.address, idles[world.crashing], crash.context,
        process.shadow if crash.user and process.shadow else process.directory_table_base, crash.cr2, crash.irql,
        crash.crashed, crash.thread.teb, crash.user, crash.task, LOCAL_TABLE if process.local_table else 0,
    )  # fmt: skip
    second = _other_status(world, idles[1 - world.crashing], crash.crashed)
    statuses = (first, second) if world.crashing == 0 else (second, first)
    for processor, status in zip(world.processors, statuses, strict=True):
        write_processor(machine, processor, status)
    return tuple(cpu_of(machine, *each) for each in zip(world.processors, statuses, strict=True))


def _write_interrupts(world: World, crash: Crash) -> None:
    """What the processors' tables lead to, last, so that nothing else moves in memory for it."""
    machine, others = world.machine, world.idle.threads
    for processor in world.processors:
        crashing = processor.number == world.crashing
        hung = world.hung[0] if world.hung else others[processor.number]
        write_current_thread(machine, processor, crash.thread if crashing else hung)
    tasks = [crash.task if number == world.crashing else 0 for number in range(len(world.processors))]
    write_descriptor_truth(machine, world.processors, connect_interrupts(machine, world.processors), tasks)


def _other_status(world: World, idle_thread: int, saved: bool) -> ProcessorStatus:
    """What the processor does that the scenario is not about."""
    machine = world.machine
    if world.hung is not None:
        thread, context = world.hung
        directory = thread.process.directory_table_base
        return ProcessorStatus(thread.address, idle_thread, context, directory, 0, 2, saved, thread.teb)
    stack, idle = idle_stack(machine, world.idle, 1 - world.crashing)
    ip = halt(machine, stack)
    context = context_record(machine, stack.registers, ip, stack.sp)
    write_thread(machine, idle, RUNNING, machine.symbol("nt!KiIdleLoop"), stack.sp, 0)
    world.done.add(idle.address)
    return ProcessorStatus(
        idle.address, idle.address, context, world.idle.directory_table_base, 0, 2, saved, idle.teb
    )  # fmt: skip


def _snapshot(world: World, crash: Crash, fault: str) -> Snapshot:
    machine = world.machine
    virtual = dict(machine.kernel.pages)
    kernel_pfns = set(virtual.values()) | machine.tables.table_pfns
    return Snapshot(
        machine=machine.profile.name,
        bits=machine.profile.bits,
        pae=machine.profile.mode.name == "pae",
        pages=dict(machine.memory.contents()),
        runs=list(machine.profile.runs),
        kernel_pfns=kernel_pfns,
        header=_header(machine, crash),
        context=crash.context,
        exception=exception_record(machine, BREAKPOINT, crash.ip),
        virtual=virtual,
        truth=_truth(world, crash, fault),
    )


def _header(machine: Machine, crash: Crash) -> dict[str, Any]:
    profile = machine.profile
    header = {
        "MajorVersion": 15,
        "MinorVersion": profile.build,
        "DirectoryTableBase": crash.thread.process.directory_table_base,
        "PfnDataBase": pfn_database(machine) if profile.build < 9200 else machine.symbol("nt!MmPfnDatabase"),
        "PsLoadedModuleList": machine.symbol("nt!PsLoadedModuleList"),
        "PsActiveProcessHead": machine.symbol("nt!PsActiveProcessHead"),
        "MachineImageType": 0x8664 if profile.bits == 64 else 0x14C,
        "NumberProcessors": 2,
        "BugCheckCode": crash.code,
        "KdDebuggerDataBlock": machine.symbol("nt!KdDebuggerDataBlock"),
        "PaeEnabled": int(profile.mode.name == "pae"),
        "SystemTime": machine.host.crash_time,
        "SystemUpTime": machine.host.uptime,
        "ProductType": 1,
        "SuiteMask": 0x110,
    }
    for number, value in enumerate(crash.parameters, 1):
        header[f"BugCheckParameter{number}"] = value
    return header


def _truth(world: World, crash: Crash, fault: str) -> dict[str, Any]:
    machine = world.machine
    culprit = machine.images.get(crash.culprit)
    blamed = [int(each["ip"]) for each in crash.frames if culprit and culprit.base <= int(each["ip"]) < culprit.end]
    process = crash.thread.process
    return {
        "access": None,
        "caller": None,
        "stack_links": [],
        "memory_error": False,
        **machine.truth,
        "fault": fault,
        "computer": machine.host.computer,
        "processes": [_process_truth(each) for each in world.processes],
        "process": _process_truth(process),
        "thread": {"ethread": crash.thread.address, "tid": crash.thread.tid, "stack_base": crash.thread.base,
                   "stack_limit": crash.thread.limit},
        "culprit": crash.culprit,
        "culprit_ip": blamed[0] if blamed else None,
        "culprit_rva": blamed[0] - culprit.base if culprit and blamed else None,
        "fault_ip": crash.fault_ip,
        "manual": crash.manual,
        "trap_frame": crash.trap_frame,
        "irql": crash.irql,
        "signature": _SAME.get(fault, fault),
        "stack": crash.frames,
        "symbols": {stem: dict(loaded.image.symbols) for stem, loaded in machine.images.items()},
        "exports": {stem: dict(loaded.image.exports) for stem, loaded in machine.images.items()},
        "directories": {each.pid: each.space.directory for each in world.processes if not each.exited},
        "system_directory": machine.kernel.directory,
        "self_map": machine.tables.self_map,
        "processor": world.crashing,
        "processors": [
            {"pcr": each.pcr, "prcb": each.prcb, "stacks": asdict(each.stacks)} for each in world.processors
        ],
    }  # fmt: skip


def _process_truth(process: Process) -> dict[str, Any]:
    return {
        "pid": process.pid,
        "ppid": process.parent,
        "name": process.name,
        "eprocess": process.address,
        "dtb": process.directory_table_base,
        "shadow": process.shadow,
        "peb": process.peb,
        "session": process.session,
        "created": process.created,
        "exited": process.exited,
        "wow64": bool(process.wow64),
        "peb32": process.peb32,
        "threads": [_thread_truth(each) for each in process.threads],
    }


def _thread_truth(thread: Thread) -> dict[str, Any]:
    """One thread; ``win32_start`` is zero where its record holds none, ``exited`` where it has not ended."""
    return {
        "ethread": thread.address,
        "tid": thread.tid,
        "stack": thread.frames,
        "stack32": thread.frames32,
        "state": thread.state,
        "reason": thread.reason,
        "switches": thread.switches,
        "start": thread.start,
        "win32_start": thread.win32_start,
        "created": thread.created,
        "exited": thread.exited,
        "exit_status": thread.exit_status,
    }
