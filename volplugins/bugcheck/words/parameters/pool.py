"""Parameters of bugchecks about pool memory. Source: Microsoft's bug check code reference."""

from __future__ import annotations

from volplugins.bugcheck.words.parameters.table import read_table

TABLE = read_table("""
0x19 | {subcode} how the pool is corrupt [2=special pool pattern overwritten; 3=free list broken; 5=two neighbouring headers contradict each other; 6=size of the previous block too large; 7=size in the header; 8=size in the header is zero; 9=size in the header too large; 0xa=no entry where one should be; 0xd=header of a freed block changed; 0xe=header of a freed block changed; 0xf=header of a freed block changed; 0x20=size in the header; 0x21=data behind the block overwritten; 0x22=address that was not allocated or freed before; 0x23=header of a freed block changed; 0x24=header of a freed block changed; 0x25=header of a freed block changed] | pool entry concerned, by how it is corrupt | detail, by how it is corrupt | detail, by how it is corrupt
0x19:2 | {subcode} how the pool is corrupt [2=special pool pattern overwritten] | {pool} pool entry that was checked | {count} size of the block | -
0x19:3 | {subcode} how the pool is corrupt [3=free list broken] | {pool} pool entry that was checked | forward link as read | backward link as read (sound: same as the entry)
0x19:5 | {subcode} how the pool is corrupt [5=two neighbouring headers contradict each other] | {pool} one of the two entries | - | the other entry
0x19:6 | {subcode} how the pool is corrupt [6=size of the previous block too large] | {pool} entry whose place came out wrong | - | entry with the wrong size
0x19:7 | {subcode} how the pool is corrupt [7=size in the header] | - | - | {pool} entry with the wrong size
0x19:8 | {subcode} how the pool is corrupt [8=size in the header is zero] | - | - | {pool} entry with the wrong size
0x19:9 | {subcode} how the pool is corrupt [9=size in the header too large] | {pool} entry whose place came out wrong | - | entry with the wrong size
0x19:0xa | {subcode} how the pool is corrupt [0xa=no entry where one should be] | {pool} entry that was looked for | - | page that was searched for it
0x19:0xd | {subcode} how the pool is corrupt [0xd=header of a freed block changed] | - | - | -
0x19:0xe | {subcode} how the pool is corrupt [0xe=header of a freed block changed] | - | - | -
0x19:0xf | {subcode} how the pool is corrupt [0xf=header of a freed block changed] | - | - | -
0x19:0x20 | {subcode} how the pool is corrupt [0x20=size in the header] | {pool} entry that was looked for | entry after it | -
0x19:0x21 | {subcode} how the pool is corrupt [0x21=data behind the block overwritten] | {pool} block that was freed | {count} size of the block, in bytes | value found behind the block
0x19:0x22 | {subcode} how the pool is corrupt [0x22=address that was not allocated or freed before] | {pool} address that was to be freed | - | -
0x19:0x23 | {subcode} how the pool is corrupt [0x23=header of a freed block changed] | - | - | -
0x19:0x24 | {subcode} how the pool is corrupt [0x24=header of a freed block changed] | - | - | -
0x19:0x25 | {subcode} how the pool is corrupt [0x25=header of a freed block changed] | - | - | -
0xc1 | address that was to be freed, or the IRQL | detail, by what was wrong | detail, by what was wrong | {subcode} what was wrong [0x20=memory that was never allocated; 0x21=an address that was not given out; 0x22=an address that was not given out; 0x23=bytes in the same page overwritten; 0x24=bytes behind the allocation overwritten; 0x30=wrong IRQL to allocate; 0x31=wrong IRQL to free; 0x32=one bit in the same page flipped]
0xc1@4:0x20 | {pool} address that was to be freed | - | - | {subcode} what was wrong [0x20=memory that was never allocated]
0xc1@4:0x21 | {pool} address that was to be freed | {count} bytes asked for | {count} bytes given out | {subcode} what was wrong [0x21=an address that was not given out]
0xc1@4:0x22 | {pool} address that was to be freed | {count} bytes asked for | {count} bytes given out | {subcode} what was wrong [0x22=an address that was not given out]
0xc1@4:0x23 | {pool} address that was to be freed | where the damage is | - | {subcode} what was wrong [0x23=bytes in the same page overwritten]
0xc1@4:0x24 | {pool} address that was to be freed | where the damage is | - | {subcode} what was wrong [0x24=bytes behind the allocation overwritten]
0xc1@4:0x30 | {irql} IRQL at the time | pool type [0=nonpaged; 1=paged] | {count} bytes asked for | {subcode} what was wrong [0x30=wrong IRQL to allocate]
0xc1@4:0x31 | {irql} IRQL at the time | pool type [0=nonpaged; 1=paged] | {pool} address that was to be freed | {subcode} what was wrong [0x31=wrong IRQL to free]
0xc1@4:0x32 | {pool} address that was to be freed | where the flipped bit is | - | {subcode} what was wrong [0x32=one bit in the same page flipped]
0xc2 | {subcode} what the caller did wrong [0=asked for no bytes; 1=pool header corrupt; 2=pool header corrupt; 4=pool header corrupt; 6=freed it twice; 7=freed it twice; 8=allocated at a wrong IRQL; 9=freed at a wrong IRQL; 0xa=freed with another tag; 0xb=quota of a corrupt block; 0x40=freed a user address; 0x41=freed nonpaged pool that is not allocated; 0x42=freed what never was pool; 0x43=freed what never was pool; 0x46=freed an invalid address; 0x48=freed paged pool that is not allocated] | detail, by what was done | detail, by what was done | detail, by what was done
0xc2:0 | {subcode} what the caller did wrong [0=asked for no bytes] | - | pool type [0=nonpaged; 1=paged] | pool tag
0xc2:1 | {subcode} what the caller did wrong [1=pool header corrupt] | {pool} header of the block | first part of the header's contents | -
0xc2:2 | {subcode} what the caller did wrong [2=pool header corrupt] | {pool} header of the block | first part of the header's contents | -
0xc2:4 | {subcode} what the caller did wrong [4=pool header corrupt] | {pool} header of the block | first part of the header's contents | -
0xc2:6 | {subcode} what the caller did wrong [6=freed it twice] | - | {pool} header of the block | contents of the header
0xc2:7 | {subcode} what the caller did wrong [7=freed it twice] | - | contents of the header | {pool} block that was to be freed
0xc2:8 | {subcode} what the caller did wrong [8=allocated at a wrong IRQL] | {irql} IRQL at the time | pool type [0=nonpaged; 1=paged] | {count} bytes asked for
0xc2:9 | {subcode} what the caller did wrong [9=freed at a wrong IRQL] | {irql} IRQL at the time | pool type [0=nonpaged; 1=paged] | {pool} block that was to be freed
0xc2:0xa | {subcode} what the caller did wrong [0xa=freed with another tag] | {pool} block that was to be freed | tag it was allocated with | tag it was freed with
0xc2:0xb | {subcode} what the caller did wrong [0xb=quota of a corrupt block] | {pool} block whose quota was to be returned | tag it was allocated with | bad pointer to the process charged
0xc2:0xc | {subcode} what the caller did wrong [0xc=quota of a corrupt block] | {pool} block whose quota was to be returned | tag it was allocated with | bad pointer to the process charged
0xc2:0xd | {subcode} what the caller did wrong [0xd=quota of a corrupt block] | {pool} block whose quota was to be returned | tag it was allocated with | bad pointer to the process charged
0xc2:0x40 | {subcode} what the caller did wrong [0x40=freed a user address] | user address that was to be freed | where system addresses begin | -
0xc2:0x41 | {subcode} what the caller did wrong [0x41=freed nonpaged pool that is not allocated] | {pool} address that was to be freed | {pfn} page frame behind it | {pfn} highest page frame
0xc2:0x42 | {subcode} what the caller did wrong [0x42=freed what never was pool] | address that was to be freed | - | -
0xc2:0x43 | {subcode} what the caller did wrong [0x43=freed what never was pool] | address that was to be freed | - | -
0xc2:0x44 | {subcode} what the caller did wrong [0x44=freed nonpaged pool that is not allocated] | {pool} address that was to be freed | - | -
0xc2:0x46 | {subcode} what the caller did wrong [0x46=freed an invalid address] | address that was to be freed | - | -
0xc2:0x47 | {subcode} what the caller did wrong [0x47=freed nonpaged pool that is not allocated] | {pool} address that was to be freed | {pfn} page frame behind it | {pfn} highest page frame
0xc2:0x48 | {subcode} what the caller did wrong [0x48=freed paged pool that is not allocated] | {pool} address that was to be freed | - | -
0xc2:0x50 | {subcode} what the caller did wrong [0x50=freed paged pool that is not allocated] | {pool} address that was to be freed | its offset in paged pool, in pages | {count} size of paged pool, in bytes
0xc2:0x60 | {subcode} what the caller did wrong [0x60=freed a bad contiguous memory block] | address that was to be freed | - | -
0xc2:0x99 | {subcode} what the caller did wrong [0x99=freed an invalid address, or its header is corrupt] | address that was to be freed | - | -
0xc2:0x9a | {subcode} what the caller did wrong [0x9a=asked for pool that must succeed] | pool type [0=nonpaged; 1=paged] | {count} bytes asked for | pool tag
0xc2:0x9b | {subcode} what the caller did wrong [0x9b=allocated with tag zero] | pool type [0=nonpaged; 1=paged] | {count} bytes asked for | {routine} address of the caller
0xc2:0x9c | {subcode} what the caller did wrong [0x9c=allocated with the tag BIG] | pool type [0=nonpaged; 1=paged] | {count} bytes asked for | {routine} address of the caller
0xc2:0x9d | {subcode} what the caller did wrong [0x9d=allocated with a tag without letters and digits] | tag that was given | pool type [0=nonpaged; 1=paged] | {routine} address of the caller
0xc2:0x41286 | {subcode} what the caller did wrong [0x41286=freed the middle of a paged block] | - | - | offset in paged pool, in pages
0xc6 | {address} freed address that was accessed | {access} kind of access | processor mode [0=kernel; 1=user] | -
0x126 | {subcode} what is invalid [1=pool; 2=an MDL] | memory block or MDL | page, or pool of a processor | pool of a processor, or its header
0x126:1 | = | = | the page | pool of a processor
0x126:2 | = | the MDL | pool of a processor | header of the pool
""")
