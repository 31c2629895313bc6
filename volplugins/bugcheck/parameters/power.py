"""Parameters of bugchecks about power. Source: Microsoft's bug check code reference."""

from __future__ import annotations

from volplugins.bugcheck.parameters.table import read_table

TABLE = read_table("""
0x9f   | {subcode} what went wrong [1=a device was freed with a power IRP waiting; 2=a power IRP was completed for a device that had none; 3=a device held a power IRP for too long; 4=a power transition timed out waiting for Plug and Play; 5=a device did not finish a directed power change in time; 6=a device did not answer the power framework] | detail, by what went wrong | detail, by what went wrong | detail, by what went wrong
0x9f:3 | {subcode} what went wrong [3=a device held a power IRP for too long] | {device} physical device object of the device | triage block that Windows gathered | {irp} the IRP that was not completed
""")
