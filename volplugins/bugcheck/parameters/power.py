"""Parameters of bugchecks about power and watchdogs. Source: Microsoft's bug check code reference."""

from __future__ import annotations

from volplugins.bugcheck.parameters.parameter import RESERVED, BugcheckParameters, Parameter, Role

_KIND = Parameter(
    "what went wrong",
    Role.SUBCODE,
    ((1, "a device was freed with a power IRP waiting"), (2, "a power IRP was completed for a device that had none"),
     (3, "a device held a power IRP for too long"), (4, "a power transition timed out waiting for Plug and Play"),
     (5, "a device did not finish a directed power change in time"),
     (6, "a device did not answer the power framework")),
)  # fmt: skip
_DEVICE = Parameter("physical device object of the device", Role.DEVICE_OBJECT)
_BLOCK = Parameter("triage block that Windows gathered")
_IRP = Parameter("the IRP that was not completed", Role.IRP)

TABLE = (
    BugcheckParameters(
        0x9F,
        (_KIND, Parameter("detail, by what went wrong"), Parameter("detail, by what went wrong"), RESERVED),
        1,
        ((3, (_KIND, _DEVICE, _BLOCK, _IRP)),),
    ),
)
