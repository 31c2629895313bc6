"""Parameters of bugchecks about the kernel's own rules: calls, waits, objects. Source: Microsoft's bug check code
reference."""

from __future__ import annotations

from volplugins.bugcheck.parameters.table import read_table

TABLE = read_table("""
0x1  | system service or worker routine that returned | ApcStateIndex of the thread | both APC disable counts of the thread, packed | who returned [0=a system call; 1=a worker routine]
0x5  | process to attach to, or the original one | process that the thread is attached to now | APC state index of the thread | non-zero while a DPC runs on this processor
0x18 | type of the object | object whose reference count went wrong | - | -
0x20 | APC that was still pending | APC disable count of the thread | {irql} IRQL at the time | -
0x21 | {process} process that the quota was charged to, if known | which quota | amount to be returned at first | amount that could not be returned
0x35 | {irp} the IRP that ran out of stack locations | - | - | -
0x3d | {exception} exception record, where there is one | {context} context record, where there is one | - | -
0x44 | {irp} the IRP that was completed twice | - | - | -
0x48 | {irp} the IRP that still had a cancel routine | the cancel routine | - | -
0x4a | system service that returned at raised IRQL | {irql} IRQL at the time | - | -
0x93 | the handle | table of the handle, or what was wrong with it | - | how it was used [0=it was closed; 1=it was referenced]
0xb8 | {thread} thread that ran | {thread} thread to be switched to | stack of the thread that ran | -
0xc7 | {subcode} what was found wrong [0=a timer in memory where none may be; 1=a DPC in memory where none may be; 2=a DPC routine in memory where none may be; 3=a DPC for a processor that is not there; 4=a DPC changed the APC disable count; 5=a timer's DPC changed the APC disable count] | the object or routine | start of the memory searched, or count before | end of the memory searched, or count after
0xc8 | current IRQL, expected IRQL and kind of caller, packed | routine that was called, by kind of caller | what it was called with | what it was called with
0xca | {subcode} what was wrong [1=two device objects for one device; 2=not a physical device object; 3=device ids that are no text; 4=a deleted device reported again; 5=a device freed while in the device tree; 8=a null among the devices of a bus; 9=kind of an interrupt disconnected; 0xa=a callback changed IRQL or APC state] | device object, by what was wrong | second object, by what was wrong | -
0xcb | record of the lock | caller, or reserved | MDL whose pages stayed locked | {count} pages that stayed locked
0xe1 | worker routine | {irql} IRQL at which it returned | parameter of the work item | address of the work item
0xe3 | resource (ERESOURCE) | {thread} thread that released it | table of its owners, where there is one | -
0xf7 | cookie found on the stack | cookie that should be there | complement of the right cookie | -
0x67 | - | place in the initialisation | {status} status | -
0xac | bytes asked for | - | name of the file that asked, as text | -
0x2a | {irp} the IRP whose fields contradict each other | - | - | -
0x30 | stack pointer to be set | stack pointer before | {trap} address of the trap frame | -
0x73 | - | {status} status of the load that failed | place of the hive in the list of hives | file name of the hive as a UNICODE_STRING
0x7d | {count} physical pages found | {pfn} lowest page | {pfn} highest page | -
0x98 | expiry time, low half | expiry time, high half | - | -
0x9e | {process} process that missed its health check | time allowed, in seconds | part of the cluster service that watched | -
0xba | session id | {count} mapped views left over | table of the session's mapped views | size of that table
0xbc | IPv4 address in use, lowest byte first | hardware address of the other machine, first part | hardware address of the other machine, second part | hardware address, last part (zero for Ethernet)
0xcf | {address} address in the missing driver | {access} kind of access [0=read; 1=write] | {ip} instruction that made the access, where it is known | -
0xd4 | {address} address that was accessed | {irql} IRQL at the time | {access} kind of access [0=read; 1=write] | {ip} instruction that made the access
0xe9 | {thread} thread (ETHREAD) that was ending | - | - | -
0xf6 | {subcode} what was found wrong with PCI [1=firmware changed an active bridge at docking; 2=power register not updated in time; 3=a driver wrote configuration space that Windows owns] | - | - | -
0x11b | {irp} cancelled IRP, possibly freed since | its cancel routine | - | -
0x121 | {subcode} IRQL rule that a driver broke [1=a call that needs one exact IRQL; 2=a call above its highest IRQL] | {irql} IRQL at the time | IRQL needed, or the highest allowed | -
0x149 | source line | {exception} exception record | {context} context record | {ip} address where the exception happened
0x192 | {thread} thread that took the lock | address of the lock | {irql} IRQL when the lock was taken | -
0x1d5 | name of the device's service, its first characters as bytes | triage record of the watchdog (Windows 10 1803 on) | {thread} thread that holds up Plug and Play | time since the watchdog was armed, in milliseconds
0x178 | {subcode} what failed [0=TPM attestation could not be revoked; 0x10000=failure defined by the vendor] | image information of the driver, or vendor's value | failure code of the TPM service, or vendor's value | vendor's own data block
""")
