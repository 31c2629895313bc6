"""Parameters of bugchecks about memory that was accessed wrongly. Source: Microsoft's bug check code reference."""

from __future__ import annotations

from volplugins.bugcheck.words.parameters.table import read_table

TABLE = read_table("""
0xa  | {address} address that was accessed | {irql} IRQL at the time | {irql-access} kind of access | {ip} address of the instruction that failed
0xd1 | {address} address that was accessed | {irql} IRQL at the time | {irql-access} kind of access | {ip} address of the instruction that failed
0x50 | {address} address that was accessed | {fault-error} kind of access | {ip} instruction that made the access, where it is known | what kind of address it was (Windows 10 and later) [0=its page table entry is free; 2=no page table leads to it; 3=session space without a session; 4=not canonical; 0xf=a user address that the kernel may not touch here]
0xc5 | {address} address that was accessed | {irql} IRQL at the time | {irql-access} kind of access | {ip} address of the instruction that failed
0xd0 | {address} address that was accessed | {irql} IRQL at the time | {irql-access} kind of access | {ip} address of the instruction that failed
0xd3 | {address} address that was accessed | {irql} IRQL at the time | {irql-access} kind of access | {ip} address of the instruction that failed
0xcc | {address} freed address that was accessed | {access} kind of access | {ip} instruction that made the access, where it is known | -
0xcd | {address} address behind the allocation that was accessed | {access} kind of access | {ip} instruction that made the access, where it is known | -
0xce | {address} address in the unloaded driver | {access} kind of access | {ip} instruction that made the access, where it is known | -
0xd5 | {address} freed address that the driver accessed | {access} kind of access | {ip} instruction that made the access, where it is known | -
0xd6 | {address} address behind the allocation that the driver accessed | {access} kind of access | {ip} instruction that made the access, where it is known | -
0xfc | {executed} address whose execution was attempted | {pte} contents of its page table entry | - | -
0xbe | {written} read-only address that was written to | {pte} contents of its page table entry | - | -
0x11c | {written} protected registry storage that was written to | {pte} contents of its page table entry | - | -
""")
