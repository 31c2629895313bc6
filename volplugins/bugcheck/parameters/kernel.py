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
""")
