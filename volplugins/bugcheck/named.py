"""What the bugcheck's parameters name: values by role, and the instruction that failed."""

from __future__ import annotations

from volplugins.bugcheck.codes import base_code
from volplugins.bugcheck.parameters import Parameter, Role, parameters_for
from volplugins.bugcheck.scene import CrashScene
from volplugins.dumpfile.header import DumpHeader

Named = tuple[tuple[Parameter, int], ...]

ACCESS_VIOLATION = 0xC0000005
EXECUTED_DATA = 0xFC  # ATTEMPTED_EXECUTE_OF_NOEXECUTE_MEMORY: parameter 1 is the address that was executed
_INSTRUCTION_FETCH = {0xA: 8, 0xD1: 8, 0x50: 0x10}  # the bit of the access parameter that says so


def parameters_of(scene: CrashScene) -> Named:
    """The four parameters' meanings with their values; empty where the code is not in the table."""
    return header_parameters(scene.dump.header)


def header_parameters(header: DumpHeader) -> Named:
    """The same from the header alone."""
    known = parameters_for(header.bugcheck_code, header.bugcheck_parameters)
    return tuple(zip(known, header.bugcheck_parameters, strict=True)) if known else ()


def value_of(parameters: Named, role: Role) -> int | None:
    """Value of the first parameter of ``role`` that is not zero (an IRQL may be zero)."""
    for parameter, value in parameters:
        if parameter.role is role and (value or role is Role.IRQL):
            return value
    return None


def named_instruction(scene: CrashScene) -> int | None:
    """Address of the failing instruction as the parameters name it; zero only where they say that zero was executed."""
    parameters = parameters_of(scene)
    code = base_code(scene.dump.header.bugcheck_code)
    fetched = _fetched(scene, parameters, code)
    if fetched is not None:
        return fetched
    named = value_of(parameters, Role.INSTRUCTION_POINTER)
    if named is None and value_of(parameters, Role.EXCEPTION_CODE) is not None and _has_instruction(parameters):
        raised = (value_of(parameters, Role.EXCEPTION_CODE) or 0) & 0xFFFFFFFF
        return 0 if raised == ACCESS_VIOLATION else None
    return named


def _fetched(scene: CrashScene, parameters: Named, code: int) -> int | None:
    """The address that could not be executed: where the fault was the fetch itself, it is the instruction pointer.

    Where nothing is no-execute, a fetch is called a read: the address accessed is then that of the instruction itself.
    """
    if code == EXECUTED_DATA:
        return scene.dump.header.bugcheck_parameters[0]
    address = next((value for parameter, value in parameters if parameter.role is Role.ADDRESS_REFERENCED), None)
    ip = next((value for parameter, value in parameters if parameter.role is Role.INSTRUCTION_POINTER), None)
    if address is not None and address == ip:
        return ip
    bit = _INSTRUCTION_FETCH.get(code)
    kind = next((value for parameter, value in parameters if parameter.role is Role.ACCESS_KIND), 0)
    if bit is None or not kind & bit or kind & 1:
        return None
    return address


def _has_instruction(parameters: Named) -> bool:
    return any(parameter.role is Role.INSTRUCTION_POINTER for parameter, _ in parameters)
