"""Device nodes in words: states by build, problem codes, flags.

Source: PNP_DEVNODE_STATE of public symbol tables (the two pending states came with 20348 and moved all behind them);
problem codes from the public header cfg and Microsoft's page on Device Manager's error messages; flags from Microsoft's
page on device node status flags.
"""

from __future__ import annotations

from volplugins.io.words.flag_words import in_words, numbered

_FIRST_STATE = 0x300
_PENDING_STATES_BUILD = 20348
_OLD_STATES = """
Unspecified Uninitialized Initialized DriversAdded ResourcesAssigned StartPending StartCompletion StartPostWork Started
QueryStopped Stopped RestartCompletion EnumeratePending EnumerateCompletion AwaitingQueuedDeletion
AwaitingQueuedRemoval QueryRemoved RemovePendingCloses Removed DeletePendingCloses Deleted
""".split()
_NEW_STATES = [*_OLD_STATES[:2], "UninitializedPending", "InitializedPending", *_OLD_STATES[2:]]
STARTED = "DeviceNodeStarted"

# from 1 on; 2, 4 and others are of Windows 9x and never set by this family
PROBLEMS = ("", *(
    f"CM_PROB_{name}"
    for name in """
    NOT_CONFIGURED DEVLOADER_FAILED OUT_OF_MEMORY ENTRY_IS_WRONG_TYPE LACKED_ARBITRATOR BOOT_CONFIG_CONFLICT
    FAILED_FILTER DEVLOADER_NOT_FOUND INVALID_DATA FAILED_START LIAR NORMAL_CONFLICT NOT_VERIFIED NEED_RESTART
    REENUMERATION PARTIAL_LOG_CONF UNKNOWN_RESOURCE REINSTALL REGISTRY VXDLDR WILL_BE_REMOVED DISABLED
    DEVLOADER_NOT_READY DEVICE_NOT_THERE MOVED TOO_EARLY NO_VALID_LOG_CONF FAILED_INSTALL HARDWARE_DISABLED
    CANT_SHARE_IRQ FAILED_ADD DISABLED_SERVICE TRANSLATION_FAILED NO_SOFTCONFIG BIOS_TABLE IRQ_TRANSLATION_FAILED
    FAILED_DRIVER_ENTRY DRIVER_FAILED_PRIOR_UNLOAD DRIVER_FAILED_LOAD DRIVER_SERVICE_KEY_INVALID
    LEGACY_SERVICE_NO_DEVICES DUPLICATE_DEVICE FAILED_POST_START HALTED PHANTOM SYSTEM_SHUTDOWN HELD_FOR_EJECT
    DRIVER_BLOCKED REGISTRY_TOO_LARGE SETPROPERTIES_FAILED WAITING_ON_DEPENDENCY UNSIGNED_DRIVER USED_BY_DEBUGGER
    DEVICE_RESET CONSOLE_LOCKED NEED_CLASS_CONFIG GUEST_ASSIGNMENT_FAILED
    """.split()
))  # fmt: skip

# a bit each, from the lowest on
_FLAGS = """
MADEUP DUPLICATE HAL_NODE REENUMERATE ENUMERATED IDS_QUERIED HAS_BOOT_CONFIG BOOT_CONFIG_RESERVED NO_RESOURCE_REQUIRED
RESOURCE_REQUIREMENTS_NEED_FILTERED RESOURCE_REQUIREMENTS_CHANGED NON_STOPPED_REBALANCE LEGACY_DRIVER HAS_PROBLEM
HAS_PRIVATE_PROBLEM HARDWARE_VERIFICATION DEVICE_GONE LEGACY_RESOURCE_DEVICENODE NEEDS_REBALANCE LOCKED_FOR_EJECT
DRIVER_BLOCKED CHILD_WITH_INVALID_ID ASYNC_START_NOT_SUPPORTED ASYNC_ENUMERATION_NOT_SUPPORTED LOCKED_FOR_REBALANCE
UNINSTALLED NO_LOWER_DEVICE_FILTERS NO_LOWER_CLASS_FILTERS NO_SERVICE NO_UPPER_DEVICE_FILTERS NO_UPPER_CLASS_FILTERS
WAITING_FOR_FDO
"""
NODE_FLAGS = {1 << bit: f"DNF_{name}" for bit, name in enumerate(_FLAGS.split())}
HAS_PROBLEM = 0x2000


def state_word(state: int, build: int) -> str:
    """``DeviceNodeStarted``; the number where this build has no such state."""
    names = _NEW_STATES if build >= _PENDING_STATES_BUILD else _OLD_STATES
    at = state - _FIRST_STATE
    return f"DeviceNode{names[at]}" if 0 <= at < len(names) else f"0x{state:x}"


def problem_word(problem: int) -> str:
    """``CM_PROB_…``; empty for 0, the number where it has no name."""
    return numbered(PROBLEMS, problem) if problem else ""


def node_flags(value: int) -> str:
    """DEVICE_NODE.Flags as ``DNF_…|DNF_…``; ``0x0`` for none."""
    return in_words(value, NODE_FLAGS)
