"""Parameters of bugchecks about power. Source: Microsoft's bug check code reference."""

from __future__ import annotations

from volplugins.bugcheck.words.parameters.table import read_table

TABLE = read_table("""
0x9f   | {subcode} what went wrong [1=a device was freed with a power IRP waiting; 2=a system power IRP was completed without asking for the next one; 3=a device held a power IRP for too long; 4=a power transition timed out waiting for Plug and Play; 5=a device did not finish a directed power change in time; 6=the callback for a directed power change failed; 0x500=a system power IRP was completed without asking for the next one] | detail, by what went wrong | detail, by what went wrong | detail, by what went wrong
0xa0 | {subcode} what went wrong [1=handling of a power IRP; 2=a power event; 3=checksum of a hibernation context page; 4=checksum of a page for the hibernation file; 5=an unknown shutdown code; 7=an exception; 0x102=working buffer of hibernation not aligned; 0x103=working pages of hibernation lost; 0x104=hibernation memory mapped while locked; 0x105=hibernation memory of a bad type; 0x106=an MDL of hibernation not aligned; 0x107=inner data of hibernation; 0x109=checksum of the processor state; 0x10b=pages for the boot phase marked at a wrong time; 0x10c=pages for hibernation marked wrongly; 0x10d=the secure kernel gave no data; 0x10f=a sleep checkpoint; 0x110=sleep states not switched off; 0x111=user present, and a dump was asked for; 0x601=no plug-in took a device; 0x602=sleeps and activations of a device differ; 0x603=bad request of a plug-in; 0x605=a notification not taken; 0x606=component already in that condition; 0x607=lock against removal not acquired; 0x608=idle without active before; 0x609=power asked for twice; 0x610=power not needed while needed; 0x611=no such component; 0x612=work without a buffer; 0x613=completed what was not asked for; 0x614=bad transition of a component; 0x615=bad end of an activation; 0x616=bad idle transition; 0x617=bad answer to a registration; 0x618=a power worker is blocked; 0x61a=bad performance states; 0x61b=performance state before registration; 0x61c=bad performance state; 0x61d=performance state while one is under way; 0x61e=critical transition of the debugger device; 0x61f=idle state that is not the platform's; 0x620=idle state that is not the platform's; 0x621=idle state that is not the platform's; 0x622=unregistered with dependents; 0x666=conflicting activity; 0x667=activity ended that does not run; 0x668=constraint removed that is none; 0x669=count of an idle state; 0x680=a table of ACPI; 0x700=bad idle dependencies] | detail, by what went wrong | detail, by what went wrong | detail, by what went wrong
0x9f:3 | {subcode} what went wrong [3=a device held a power IRP for too long] | {device} physical device object of the device | triage block that Windows gathered | {irp} the IRP that was not completed
0x9f:1 | {subcode} what went wrong [1=a device was freed with a power IRP waiting] | {device} device object | - | -
0x9f:2 | {subcode} what went wrong [2=a system power IRP was completed without asking for the next one] | {some-device} device that the IRP was for, where known | {device} device object | {driver} driver object, where known
0x9f:4 | {subcode} what went wrong [4=a power transition timed out waiting for Plug and Play] | timeout, in seconds | {thread} thread that holds the Plug and Play lock | triage block that Windows gathered
0x9f:5 | {subcode} what went wrong [5=a device did not finish a directed power change in time] | {device} physical device object of the device | its device in the power framework (POP_FX_DEVICE) | -
0x9f:6 | {subcode} what went wrong [6=the callback for a directed power change failed] | its device in the power framework (POP_FX_DEVICE) | direction [0=power up; 1=power down] | -
0x9f:500 | {subcode} what went wrong [0x500=a system power IRP was completed without asking for the next one] | - | {some-device} device that the IRP was for, where known | {device} device object
0xa0:1 | {subcode} what went wrong [1=handling of a power IRP] | kind of failure [1=too many references to a device; 2=too many inrush IRPs; 3=too many inrush IRPs; 4=too many inrush IRPs; 5=IRP sent to a passive-level device; 6=no memory for an IRP] | limit, or device object, by the kind | for kind 6: whose power IRP [0=system; 1=device]
0xa0:2 | {subcode} what went wrong [2=a power event] | - | - | -
0xa0:3 | {subcode} what went wrong [3=checksum of a hibernation context page] | checksum that was expected | checksum that was found | line number
0xa0:4 | {subcode} what went wrong [4=checksum of a page for the hibernation file] | checksum that was expected | checksum that was found | line number
0xa0:8 | {subcode} what went wrong [8=a system power event] | always 0x100 | {device} device object | summary of the power channel
0xa0:9 | {subcode} what went wrong [9=preparing the hibernation file] | {status} status of the failure | mirroring phase | -
0xa0:a | {subcode} what went wrong [0xa=wake-up with a requested bugcheck] | when it was asked for [0=at once; 1=non-pageable devices are on; 2=all devices are on] | - | -
0xa0:b | {subcode} what went wrong [0xb=hibernation file too small] | {count} size of the file | progress [0=free map; 1=resume context; 2=processor state; 3=secure ranges; 4=memory ranges; 5=table pages; 6=memory image] | size of what remains, for progress 4
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
0xa0:900 | {subcode} what went wrong [0x900=a power-setting callback changed the IRQL] | {routine} the callback | {level} IRQL before it | {level} IRQL after it
0xa0:901 | {subcode} what went wrong [0x901=a driver changed the APC state over a power IRP] | {device} device object | {irp} power IRP | APC disable count of the thread
0x14c | - | - | - | -
0xa0:5,7,110,111,61e | = | - | - | -
0xa0:102 | = | - | context of the dump's start | hibernation context (POP_HIBER_CONTEXT)
0xa0:103,104,105 | = | - | hibernation context (POP_HIBER_CONTEXT) | -
0xa0:106 | = | - | the MDL | -
0xa0:107 | = | - | hibernation context (POP_HIBER_CONTEXT) | list of memory ranges
0xa0:109 | = | - | checksum that was expected | checksum that was found
0xa0:10b | = | - | how far hibernation was | -
0xa0:10c | = | - | {flags} flags that were given | {count} length to mark
0xa0:10d | = | - | hibernation context (POP_HIBER_CONTEXT) | {status} status of the failure
0xa0:10f | = | last sleep checkpoint | kind of error [0=written while paging was off; 1=written by another processor; 2=firmware runs elsewhere] | -
0xa0:601 | = | its device in the power framework (POP_FX_DEVICE) | its registration | -
0xa0:602 | = | device node | {count} sleeps | -
0xa0:603 | = | power engine plug-in | kind of work | -
0xa0:605 | = | number of the notification | power engine plug-in | -
0xa0:606 | = | component | {flags} its flags | its new condition
0xa0:607 | = | its device in the power framework (POP_FX_DEVICE) | {status} status of the failure | -
0xa0:608 | = | component | {flags} its flags | -
0xa0:609 | = | power engine plug-in | its device in the power framework (POP_FX_DEVICE) | request made twice [0=power needed; 1=power not needed]
0xa0:610,61a | = | power engine plug-in | its device in the power framework (POP_FX_DEVICE) | -
0xa0:611 | = | power engine plug-in | its device in the power framework (POP_FX_DEVICE) | number of the component
0xa0:612 | = | power engine plug-in | - | -
0xa0:613 | = | its device in the power framework (POP_FX_DEVICE) | number of its component | operation [0=power not needed; 1=powered on; 2=idle condition]
0xa0:614 | = | its device in the power framework (POP_FX_DEVICE) | number of its component | what is wrong [0=blocking at raised IRQL; 1=both blocking and asynchronous; 2=number of the component]
0xa0:615 | = | power engine plug-in | component | what is wrong [0=not in idle state 0; 1=active already; 2=no activation asked; 3=idle transition under way]
0xa0:616 | = | power engine plug-in | component | what is wrong [0=no such idle state; 1=in that state already; 2=not by way of idle state 0]
0xa0:617 | = | power engine plug-in | id of the device (UNICODE_STRING) | its registration
0xa0:618 | = | watchdog of the work | - | -
0xa0:61b | = | its device in the power framework (POP_FX_DEVICE) | number of its component | -
0xa0:61c | = | its device in the power framework (POP_FX_DEVICE) | number of its component | what is wrong [0=too many changes]
0xa0:61d | = | its device in the power framework (POP_FX_DEVICE) | number of its component | request under way
0xa0:61f,620 | = | its device in the power framework (POP_FX_DEVICE) | number of the coordinated idle state | -
0xa0:621 | = | its device in the power framework (POP_FX_DEVICE) | number of its component | number of the coordinated idle state
0xa0:622 | = | component above | component below | -
0xa0:666 | = | activity | new activity [0=device power on; 1=change of idle state; 2=component activating; 3=component active; 4=device power off; 5=device suspend] | activity in its way [0=device power on; 1=change of idle state; 2=component activating; 3=component active; 4=device power off; 5=device suspend]
0xa0:667 | = | activity | kind of activity [0=device power on; 1=change of idle state; 2=component activating; 3=component active; 4=device power off; 5=device suspend] | its status
0xa0:668 | = | coordinated state | reference count that was found | platform idle states, a bit each
0xa0:669 | = | coordinated state | reference count that was found | -
0xa0:680 | = | {status} status of the failure | - | -
0xa0:700 | = | handle of the plug-in | idle state that was chosen | -
""")
