"""Parameters of bugchecks about processes and threads. Source: Microsoft's bug check code reference."""

from __future__ import annotations

from volplugins.bugcheck.parameters.parameter import RESERVED, BugcheckParameters, Parameter, Role

_EF_KIND = Parameter("what ended", Role.NONE, ((0, "a process"), (1, "a thread")))
_F4_KIND = Parameter("what ended", Role.NONE, ((3, "a process"), (6, "a thread")))

TABLE = (
    BugcheckParameters(
        0xEF,
        (
            Parameter("process object (EPROCESS) that ended", Role.PROCESS),
            _EF_KIND,
            RESERVED,
            RESERVED,
        ),
    ),
    BugcheckParameters(
        0xF4,
        (
            _F4_KIND,
            Parameter("process or thread object that ended", Role.PROCESS),
            Parameter("name of its image, as text"),
            Parameter("text that says why"),
        ),
    ),
)
