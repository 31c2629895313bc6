"""Parameters of bugchecks about pool memory. Source: Microsoft's bug check code reference."""

from __future__ import annotations

from volplugins.bugcheck.parameters.table import read_table

TABLE = read_table("""
0x19 | {subcode} how the pool is corrupt [2=special pool pattern overwritten; 3=free list broken; 5=two neighbouring headers contradict each other; 6=size of the previous block too large; 7=size in the header; 8=size in the header is zero; 9=size in the header too large; 0xa=no entry where one should be; 0xd=header of a freed block changed; 0xe=header of a freed block changed; 0xf=header of a freed block changed; 0x20=size in the header; 0x21=data behind the block overwritten; 0x22=address that was not allocated or freed before; 0x23=header of a freed block changed; 0x24=header of a freed block changed; 0x25=header of a freed block changed] | {pool} pool entry that was checked | detail, by how it is corrupt | detail, by how it is corrupt
0xc1 | {pool} address that was to be freed, or the IRQL | detail, by what was wrong | detail, by what was wrong | {subcode} what was wrong [0x20=memory that was never allocated; 0x21=an address that was not given out; 0x22=an address that was not given out; 0x23=bytes in the same page overwritten; 0x24=bytes behind the allocation overwritten; 0x30=wrong IRQL to allocate; 0x31=wrong IRQL to free; 0x32=one bit in the same page flipped]
0xc2 | {subcode} what the caller did wrong [0=asked for no bytes; 1=pool header corrupt; 2=pool header corrupt; 4=pool header corrupt; 6=freed it twice; 7=freed it twice; 8=allocated at a wrong IRQL; 9=freed at a wrong IRQL; 0xa=freed with another tag; 0xb=quota of a corrupt block; 0x40=freed a user address; 0x41=freed nonpaged pool that is not allocated; 0x42=freed what never was pool; 0x43=freed what never was pool; 0x46=freed an invalid address; 0x48=freed paged pool that is not allocated] | detail, by what was done | detail, by what was done | {pool} pool block or caller's detail
0xc6 | freed address that was modified | kind of access [0=read; 1=write] | processor mode [0=kernel; 1=user] | -
""")
