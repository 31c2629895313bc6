"""The maker for crash dumps and small dumps: the header tells where the kernel is."""

from __future__ import annotations

from volplugins.dumpfile.dump import Dump
from volplugins.dumpfile.dump_type import DESCRIPTIONS, DumpType
from volplugins.kernel.kernel_space import KernelAnchors
from volplugins.target.target import Bugcheck, Target, TargetKind


def target_of_dump(dump: Dump) -> Target:
    """The target that a dump is."""
    header, triage = dump.header, dump.triage
    block = triage.debugger_data if triage is not None else None
    return Target(
        kind=TargetKind.SMALL_DUMP if triage is not None else TargetKind.CRASH_DUMP,
        format=DESCRIPTIONS[DumpType(header.dump_type)],
        machine=header.machine,
        bits=header.bits,
        pae=header.pae,
        build=header.minor_version,
        memory=dump.memory,
        triage=triage,
        directory_table_base=header.directory_table_base,
        directory_source="the header",
        anchors=KernelAnchors(
            header.ps_loaded_module_list, header.ps_active_process_head, header.kd_debugger_data_block
        ),
        kernel_base=0,
        number_processors=header.number_processors,
        debugger_data=block.data if block is not None else None,
        bugcheck=Bugcheck(header.bugcheck_code, header.bugcheck_parameters, "dump header"),
        context=header.context,
        exception=header.exception,
        system_time=header.system_time,
        system_uptime=header.system_uptime,
        completeness=dump.completeness,
        notes=dump.notes,
        dump=dump,
    )


def as_target(dump: Dump | Target) -> Target:
    """The target itself, or the one that a dump is."""
    return target_of_dump(dump) if isinstance(dump, Dump) else dump
