"""Parameters of bugchecks about power. Source: Microsoft's bug check code reference."""

from __future__ import annotations

from volplugins.bugcheck.parameters.table import read_table

TABLE = read_table("""
0x9f   | {subcode} what went wrong [1=a device was freed with a power IRP waiting; 2=a system power IRP was completed without asking for the next one; 3=a device held a power IRP for too long; 4=a power transition timed out waiting for Plug and Play; 5=a device did not finish a directed power change in time; 6=the callback for a directed power change failed; 0x500=a system power IRP was completed without asking for the next one] | detail, by what went wrong | detail, by what went wrong | detail, by what went wrong
0xa0 | {subcode} what went wrong [1=handling of a power IRP; 2=a power event; 3=checksum of a hibernation context page; 4=checksum of a page for the hibernation file; 5=an unknown shutdown code] | detail, by what went wrong | detail, by what went wrong | detail, by what went wrong
0x9f:3 | {subcode} what went wrong [3=a device held a power IRP for too long] | {device} physical device object of the device | triage block that Windows gathered | {irp} the IRP that was not completed
0x9f:1 | {subcode} what went wrong [1=a device was freed with a power IRP waiting] | {device} device object | - | -
0x9f:2 | {subcode} what went wrong [2=a system power IRP was completed without asking for the next one] | device that the IRP was for, where known | {device} device object | {driver} driver object, where known
0x9f:4 | {subcode} what went wrong [4=a power transition timed out waiting for Plug and Play] | timeout, in seconds | {thread} thread that holds the Plug and Play lock | triage block that Windows gathered
0x9f:5 | {subcode} what went wrong [5=a device did not finish a directed power change in time] | {device} physical device object of the device | its device in the power framework (POP_FX_DEVICE) | -
0x9f:6 | {subcode} what went wrong [6=the callback for a directed power change failed] | its device in the power framework (POP_FX_DEVICE) | direction [0=power up; 1=power down] | -
0x9f:500 | {subcode} what went wrong [0x500=a system power IRP was completed without asking for the next one] | - | device that the IRP was for, where known | {device} device object
0xa0:1 | {subcode} what went wrong [1=handling of a power IRP] | kind of failure [1=too many references to a device; 2=too many inrush IRPs; 3=too many inrush IRPs; 4=too many inrush IRPs; 5=IRP sent to a passive-level device; 6=no memory for an IRP] | limit, or device object, by the kind | for kind 6: whose power IRP [0=system; 1=device]
0xa0:2 | {subcode} what went wrong [2=a power event] | - | - | -
0xa0:3 | {subcode} what went wrong [3=checksum of a hibernation context page] | checksum that was expected | checksum that was found | line number
0xa0:4 | {subcode} what went wrong [4=checksum of a page for the hibernation file] | checksum that was expected | checksum that was found | line number
0xa0:8 | {subcode} what went wrong [8=a system power event] | always 0x100 | {device} device object | summary of the power channel
0xa0:9 | {subcode} what went wrong [9=preparing the hibernation file] | {status} status of the failure | mirroring phase | -
0xa0:a | {subcode} what went wrong [0xa=wake-up with a requested bugcheck] | when it was asked for [0=at once; 1=non-pageable devices are on; 2=all devices are on] | - | -
0xa0:b | {subcode} what went wrong [0xb=hibernation file too small] | size of the file | progress [0=free map; 1=resume context; 2=processor state; 3=secure ranges; 4=memory ranges; 5=table pages; 6=memory image] | size of what remains, for progress 4
0xa0:c | {subcode} what went wrong [0xc=dump stack did not start] | {status} status of the failure | dump stack context | -
0xa0:d | {subcode} what went wrong [0xd=a power transition took too long] | power state in transition | last sleep checkpoint | power action (POP_POWER_ACTION)
0xa0:f | {subcode} what went wrong [0xf=a power transition took too long] | power state in transition | last sleep checkpoint | {thread} thread that handles the request
0xa0:f0 | {subcode} what went wrong [0xf0=suspend took too long] | power state in transition | last sleep checkpoint | {thread} thread that handles the request
0xa0:f1 | {subcode} what went wrong [0xf1=resume took too long] | power state in transition | last sleep checkpoint | {thread} thread that handles the request
0xa0:101 | {subcode} what went wrong [0x101=exception during a power event] | - | pointer to the exception | -
0xa0:108 | {subcode} what went wrong [0x108=hibernation file not written] | - | hibernation context (POP_HIBER_CONTEXT) | -
0xa0:10a | {subcode} what went wrong [0x10a=hibernation file not read or written] | - | hibernation context (POP_HIBER_CONTEXT) | {status} status of the failure
0xa0:10e | {subcode} what went wrong [0x10e=corrupt data read from the hibernation file] | - | checksum that is wrong | checksum of the read before
0xa0:200 | {subcode} what went wrong [0x200=unknown kind of device in the idle check] | - | {device} device object | its power extension
0xa0:300 | {subcode} what went wrong [0x300=unknown status of a battery IRP] | - | {device} device object | {irp} power IRP
0xa0:301 | {subcode} what went wrong [0x301=unknown state of the battery] | - | {device} device object | {irp} power IRP
0xa0:400 | {subcode} what went wrong [0x400=too many references to a device] | - | I/O stack location | {device} device object
0xa0:401 | {subcode} what went wrong [0x401=too many inrush IRPs] | - | list of pending IRPs | {device} device object
0xa0:402 | {subcode} what went wrong [0x402=too many inrush IRPs] | - | list of pending IRPs | {device} device object
0xa0:403 | {subcode} what went wrong [0x403=too many inrush IRPs] | - | list of pending IRPs | {device} device object
0xa0:404 | {subcode} what went wrong [0x404=IRP sent to a passive-level device] | - | I/O stack location | {device} device object
0xa0:500 | {subcode} what went wrong [0x500=unknown status of a thermal IRP] | - | {irp} power IRP | {device} device object
0xa0:600 | {subcode} what went wrong [0x600=second registration with the power framework] | {device} physical device object | - | -
0xa0:619 | {subcode} what went wrong [0x619=a device held up the deepest idle state] | its device in the power framework (POP_FX_DEVICE) | number of its component | device node of the child at fault, where known
0xa0:701 | {subcode} what went wrong [0x701=a processor hangs in an idle transition] | idle state that was chosen | control block (PRCB) of the processor | {cpu} number of the processor that hangs
0xa0:900 | {subcode} what went wrong [0x900=a power-setting callback changed the IRQL] | the callback | IRQL before it | IRQL after it
0xa0:901 | {subcode} what went wrong [0x901=a driver changed the APC state over a power IRP] | {device} device object | {irp} power IRP | APC disable count of the thread
0x14c | - | - | - | -
""")
