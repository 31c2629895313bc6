"""Parameters of bugchecks and live dumps about storage. Source: Microsoft's bug check code reference."""

from __future__ import annotations

from volplugins.bugcheck.words.parameters.table import read_table

TABLE = read_table("""
0xf0 | {subcode} what a storage miniport did not finish [1=a request, although the reset succeeded; 2=a request, although the abort succeeded; 3=a request within its time; 4=an operation on encryption keys] | name of the driver (UNICODE_STRING) | request block, or the operation | detail, by kind
0xf0:1 | = | = | request block (SRB) | {device} device object of the unit
0xf0:2 | = | = | block of the abort (SRB) | request block that was aborted
0xf0:3 | = | = | request block (SRB) | timeout of the request
0xf0:4 | = | = | kind of operation (STOR_CRYPTO_OPERATION_TYPE) | -
0xf1 | {subcode} what a SCSI miniport did wrong [0x1000=bad arguments to initialize with; 0x1001=stalled the processor above 0.1 s; 0x1002=a routine took too long; 0x1003=completed a request twice; 0x1004=completed with a bad status; 0x1005=asked for the next request with one under way; 0x1006=a virtual address that is not mapped; 0x1007=requests left after a bus reset; 0x2001=stalled the processor above 0.1 s; 0x2002=uncached extension asked for at the wrong place; 0x2003=device address not assigned to it; 0x2004=completed a request twice; 0x2005=a virtual address that is not mapped] | detail, by kind | detail, by kind | detail, by kind
0xf1:1000 | = | first argument | second argument | -
0xf1:1001,2001 | = | delay, in microseconds | - | -
0xf1:1002 | = | {routine} routine that took too long | device extension of the miniport | how long it took, in microseconds
0xf1:1003 | = | device extension of the miniport | request block (SRB) | -
0xf1:1004 | = | request block (SRB) | device extension of the miniport | -
0xf1:1005 | = | device extension of the miniport | extension of the logical unit | -
0xf1:1006 | = | device extension of the miniport | the address | -
0xf1:1007 | = | extension of the adapter | device extension of the miniport | -
0xf1:2002,2003,2004,2005 | = | - | - | -
0x12f | {subcode} step of starting from a virtual disk that failed [1=finding the disk on the boot device; 2=waiting for its parent; 3=memory for its path; 4=its path; 5=mounting it; 6=switching sleep states off; 7=memory for its information; 8=its information] | {status} status | - | -
0x15a | work packet of the SD bus that failed | socket of the controller | request packet sent to the bus driver | -
0x19d | {subcode} what failed with a shared virtual disk [1=mounting it] | context of the disk (SVHDX_VIRTUALDISK_CONTEXT) | file object | {status} status
0x1e1 | {subcode} class of the device that reported itself [1=storage] | issue [1=the device panicked] | id of its maker (IEEE) | -
""")
