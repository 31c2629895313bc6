"""Parameters of bugchecks that somebody asked for. Source: Microsoft's bug check code reference."""

from __future__ import annotations

from volplugins.bugcheck.parameters.parameter import RESERVED, BugcheckParameters, Parameter

_CALLER = Parameter("given by whoever asked for the crash")

TABLE = (
    BugcheckParameters(0xE2, (_CALLER, _CALLER, _CALLER, _CALLER)),
    BugcheckParameters(0xDEADDEAD, (_CALLER, _CALLER, _CALLER, _CALLER)),
    BugcheckParameters(0x80, (RESERVED, RESERVED, RESERVED, RESERVED)),
)
