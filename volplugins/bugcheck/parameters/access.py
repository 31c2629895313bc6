"""Parameters of bugchecks about an address that could not be accessed. Source: Microsoft's bug check code reference."""

from __future__ import annotations

from volplugins.bugcheck.parameters.parameter import FAILING_IP, BugcheckParameters, Parameter, Role

_ADDRESS = Parameter("address that was accessed", Role.ADDRESS_REFERENCED)
_IRQL = Parameter("IRQL at the time", Role.IRQL)
_KIND = Parameter("kind of access", Role.ACCESS_KIND, ((0, "read"), (1, "write"), (8, "execute")))
_KIND_50 = Parameter("kind of access", Role.ACCESS_KIND, ((0, "read"), (1, "write"), (2, "write"), (0x10, "execute")))
_IP_50 = Parameter("instruction that made the access, where it is known", Role.INSTRUCTION_POINTER)
_CAUSE_50 = Parameter("what kind of address it was (builds from Windows 10 on)")

TABLE = (
    BugcheckParameters(0x0A, (_ADDRESS, _IRQL, _KIND, FAILING_IP)),
    BugcheckParameters(0xD1, (_ADDRESS, _IRQL, _KIND, FAILING_IP)),
    BugcheckParameters(0x50, (_ADDRESS, _KIND_50, _IP_50, _CAUSE_50)),
)
