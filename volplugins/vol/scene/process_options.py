"""The options by which every command takes its processes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from volatility3.framework.configuration import requirements

if TYPE_CHECKING:
    from volatility3.framework.interfaces.configuration import RequirementInterface


def process_options() -> list[RequirementInterface]:
    """--pid and --process."""
    return [
        requirements.ListRequirement(name="pid", element_type=int, description="Process IDs", optional=True),
        requirements.ListRequirement(
            name="process",
            element_type=str,
            description="Processes: a PID (decimal, or 0x...), image name, EPROCESS, DirBase or PFN; a prefix says "
            "which it is (pid: name: eprocess: dirbase: pfn:)",
            optional=True,
        ),
    ]


def directory_option() -> RequirementInterface:
    """--dirbase."""
    return requirements.StringRequirement(
        name="dirbase",
        description="A page directory base in hexadecimal, or its page frame number (dirbase: pfn:): the processes "
        "named are read through it; else those that have it, else it alone",
        optional=True,
    )


def scan_options(what: str = "processes that are not listed") -> list[RequirementInterface]:
    """--scan and --no-scan; ``what`` is searched for."""
    return [
        requirements.BooleanRequirement(
            name="scan",
            description=f"Search memory for {what}, however large the dump (done up to 8 GiB)",
            default=False,
            optional=True,
        ),
        requirements.BooleanRequirement(
            name="no-scan", description="Search no memory: show what is listed only", default=False, optional=True
        ),
    ]


def budget_options() -> list[RequirementInterface]:
    """--budget."""
    return [
        requirements.StringRequirement(
            name="budget",
            description="How many times the usual budget of rows, bytes, seconds and memory; 0 without end",
            optional=True,
        )
    ]


def chosen(config: Any) -> list[str]:
    """What --pid and --process say, as the core resolves it."""
    return [f"pid:{pid}" for pid in config.get("pid", None) or []] + list(config.get("process", None) or [])


def scan_wanted(config: Any) -> bool | None:
    """What --scan and --no-scan say; None where neither was given."""
    if config.get("no-scan", False):
        return False
    return True if config.get("scan", False) else None
