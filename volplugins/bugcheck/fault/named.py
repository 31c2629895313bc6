"""What the bugcheck's parameters name: values by role, and the instruction that failed."""

from __future__ import annotations

from volplugins.bugcheck.scene.crash_scene import CrashScene
from volplugins.bugcheck.words.access import EXECUTE, access_of_parameters
from volplugins.bugcheck.words.parameters import Parameter, Role, parameters_for
from volplugins.target.target import Bugcheck

Named = tuple[tuple[Parameter, int], ...]

ACCESS_VIOLATION = 0xC0000005


def parameters_of(scene: CrashScene) -> Named:
    """The four parameters' meanings with their values; empty where the code is not in the table."""
    return named_parameters(scene.target.bugcheck)


def named_parameters(bugcheck: Bugcheck) -> Named:
    """The same from the bugcheck alone."""
    known = parameters_for(bugcheck.code, bugcheck.parameters)
    return tuple(zip(known, bugcheck.parameters, strict=True)) if known else ()


def value_of(parameters: Named, role: Role) -> int | None:
    """Value of the first parameter of ``role`` that is not zero (an IRQL may be zero)."""
    for parameter, value in parameters:
        if parameter.role is role and (value or role is Role.IRQL):
            return value
    return None


def named_instruction(scene: CrashScene) -> int | None:
    """Address of the failing instruction as the parameters name it; zero only where they say that zero was executed."""
    parameters = parameters_of(scene)
    fetched = _fetched(scene, parameters)
    if fetched is not None:
        return fetched
    named = value_of(parameters, Role.INSTRUCTION_POINTER)
    if named is None and value_of(parameters, Role.EXCEPTION_CODE) is not None and _has_instruction(parameters):
        raised = (value_of(parameters, Role.EXCEPTION_CODE) or 0) & 0xFFFFFFFF
        return 0 if raised == ACCESS_VIOLATION else None
    return named


def _fetched(scene: CrashScene, parameters: Named) -> int | None:
    """The address that could not be executed: where the fault was the fetch itself, it is the instruction pointer."""
    access, _ = access_of_parameters(parameters, scene.target.machine, scene.target.build)
    return access.address if access is not None and access.kind == EXECUTE else None


def _has_instruction(parameters: Named) -> bool:
    return any(parameter.role is Role.INSTRUCTION_POINTER for parameter, _ in parameters)
