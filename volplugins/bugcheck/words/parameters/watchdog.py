"""Parameters of bugchecks and live dumps about waits that took too long, and of dumps of a live system. Source: Microsoft's bug check code reference."""

from __future__ import annotations

from volplugins.bugcheck.words.parameters.table import read_table

TABLE = read_table("""
0x101   | length of the clock interrupt timeout, in clock ticks | - | processor control block (PRCB) of the processor that hangs | {cpu} number of the processor that hangs
0x133   | {subcode} what ran for too long [0=one DPC or ISR; 1=all work at DISPATCH_LEVEL or above together] | detail, by what ran for too long | detail, by what ran for too long | detail, by what ran for too long
0x133:0 | {subcode} what ran for too long [0=one DPC or ISR] | time that the DPC took, in ticks | time that a DPC may take, in ticks | triage block of the DPC watchdog (DPC_WATCHDOG_GLOBAL_TRIAGE_BLOCK)
0x133:1 | {subcode} what ran for too long [1=all work at DISPATCH_LEVEL or above together] | period of the watchdog | triage block of the DPC watchdog (DPC_WATCHDOG_GLOBAL_TRIAGE_BLOCK) | -
0x1ca   | interrupt time passed since the last reset of the watchdog | interrupt time now | performance counter (QPC) now | {cpu} number of the processor that keeps the clock
0x1c8   | how long the power button was held, in milliseconds | triage block of the power button (POP_POWER_BUTTON_TRIAGE_BLOCK) | - | -
0x161   | who asked for the dump, as text in the number [0x5461736b6d6772=Task Manager] | - | - | -
0x1a1   | {thread} thread that keeps a Win32k callout from returning | - | - | -
0x193   | {subcode} reason of the live dump [0x100=internal] | - | - | -
0x14f       | number of the client that hangs | {subcode} kind of client [1=notification; 2=resiliency; 3=activator; 0x100=Win32k, turning the monitor on] | the client, or the reason of the monitor request | triage data, or the way the request took
0x14f@2:1   | number of the client that hangs | {subcode} kind of client [1=notification] | notification client that did not answer (PDC_NOTIFICATION_CLIENT) | triage data (PDC_14F_TRIAGE)
0x14f@2:2   | number of the client that hangs | {subcode} kind of client [2=resiliency] | resiliency client that did not answer (PDC_RESILIENCY_CLIENT) | triage data (PDC_14F_TRIAGE)
0x14f@2:3   | number of the client that hangs | {subcode} kind of client [3=activator] | activator client that did not let go (PDC_ACTIVATOR_CLIENT) | triage data (PDC_14F_TRIAGE)
0x14f@2:100 | number of the client that hangs | {subcode} kind of client [0x100=Win32k, turning the monitor on] | last reason for the request (POWER_MONITOR_REQUEST_REASON) | number of the inner way the request took
0x15f | {subcode} what kept the machine awake [1=no deep idle although nothing asked; 2=a device's constraint; 3=a platform extension's veto; 4=deep sleep; 5=deep sleep after a power setting] | record of the watchdog, device or veto | duration in milliseconds, or detail | -
0x15f:1 | {subcode} which standby watchdog ran out [1=deepest idle state never reached] | metrics of the watchdog (POP_DRIPS_WATCHDOG_METRICS) | time outside the deepest idle state, in milliseconds | -
0x15f:2 | {subcode} which standby watchdog ran out [2=a device held up the deepest idle state] | triage copy of the device (TRIAGE_POP_FX_DEVICE) | number of its component | -
0x15f:3 | {subcode} which standby watchdog ran out [3=a platform veto held up the deepest idle state] | code of the veto | name of the veto, as text | callback of the platform extension
0x15f:4 | {subcode} which standby watchdog ran out [4=deep sleep] | metrics of the watchdog | time outside deep sleep, in milliseconds | -
0x15f:5 | {subcode} which standby watchdog ran out [5=deep sleep, by a power setting] | metrics of the watchdog | time outside deep sleep, in milliseconds | -
0x102   | length of the DPC watchdog's timeout, in clock ticks | processor control block (PRCB) of the processor that hangs | - | -
0x15c       | number of the client that hangs | {subcode} kind of client [1=notification; 2=resiliency; 3=activator] | client that hangs (PDC) | triage data (PDC_14F_TRIAGE)
0x17c   | {thread} thread that holds the PDC lock | timeout, in milliseconds | - | -
0x17d   | number of the client whose activator was revoked | the client | the activation | process of the client (PDC_CLIENT_PROCESS_INFO)
0x19c   | {subcode} what makes no progress [0x10=queue of power requests; 0x20=setting the power state; 0x30=powering graphics up; 0x40=window manager; 0x50=monitor driver] | {thread} thread that works on it, if any | lock of Win32k, for 0x10 | power request, for 0x10
0x1a0   | {subcode} what of a terminal's device makes no progress [1=assigning it; 2=closing it; 3=input mode; 4=display state; 5=built-in panel; 6=primary display] | the device | {thread} worker thread | {routine} callout routine
0x1a2   | {thread} thread that keeps a Win32k callout from returning | - | - | -
0x1a3   | {process} process whose call has not returned | {thread} thread whose call has not returned | timeout, in milliseconds | watchdog (PO_CALL_HAS_NOT_RETURNED_WATCHDOG)
0x1a4   | time in the deepest idle state by software, in microseconds | time in it by hardware, in microseconds | - | -
0x1a9   | its device in the power framework (POP_FX_DEVICE) | direction [0=power up; 1=power down] | - | -
0x1cf   | interrupt time passed since the last reset of the watchdog | interrupt time now | performance counter (QPC) now | {cpu} number of the processor that keeps the clock
0x1db   | frequency of the performance counter (QPC) | the counter now | the counter to compare with | -
0x1eb   | delay of the user session (DAM) | - | - | -
0x356   | why the dump was taken, on leaving connected standby | - | - | -
""")
