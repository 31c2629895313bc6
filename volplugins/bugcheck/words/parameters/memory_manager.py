"""Parameters of bugchecks of the memory manager: page tables, page frames, paging. Source: Microsoft's bug check code
reference."""

from __future__ import annotations

from volplugins.bugcheck.words.parameters.table import read_table

TABLE = read_table("""
0x1a | {subcode} what is inconsistent [0x31=an image's relocations or code; 0x3f=a page read back with another checksum; 0x403=page table and page frame database; 0x404=a system page's table entry as it is deleted; 0x411=a page table entry; 0x1010=a pageable section unlocked that is not locked; 0x1233=a driver mapped a page that is not locked; 0x1234=a pageable section locked that is none; 0x1235=protection of an MDL without mapping; 0x1236=an MDL with a page that is not locked; 0x1240=an MDL for addresses not resident; 0x3300=a page marked copy on write by mistake; 0x3451=table entries of a swapped kernel stack; 0x3453=page tables of an exiting process left over; 0x3470=a kernel stack damaged while it was free; 0x4477=a write to unallocated user space of System; 0x5003=free list of a working set; 0x5100=bitmap of allocations; 0x5200=a free pool block changed; 0x5305=an invalid pool address freed; 0x6001=private memory of the memory store; 0x8886=priority of standby pages; 0x8887=priority of standby pages; 0x8888=inner structures; 0x8889=inner structures; 0x888a=inner structures, page table or page frame; 0x9696=a page frame cut off from its process; 0x15000=a secured range that is not found; 0x15001=a secured range released in the wrong process; 0x41201=a page frame against its table entry; 0x41202=a page table entry as its protection was asked; 0x41284=a page table entry or a working set list; 0x41286=an invalid pool address freed; 0x41287=a fault inside the memory manager; 0x41785=a working set list; 0x41790=use count of a page table page; 0x41792=a page table entry that should be empty; 0x41793=use count of a page table page; 0x61941=the hierarchy of page tables; 0x61948=a region of device memory that is not known; 0x61949=a page of device memory without record; 0x6194a=a page of device memory released too often] | entry or address concerned, by what is inconsistent | detail, by what is inconsistent | detail, by what is inconsistent
0x1a:0x3f | {subcode} what is inconsistent [0x3f=a page read back with another checksum] | offset in the page file | checksum of the page as read | checksum that it should have
0x1a:0x404 | {subcode} what is inconsistent [0x404=a system page's table entry as it is deleted] | address of the entry expected | {pte} contents of that entry | entry that the page frame names
0x1a:0x411 | {subcode} what is inconsistent [0x411=a page table entry] | address of the page table entry | detail, not documented | detail, not documented
0x1a:0x1233 | {subcode} what is inconsistent [0x1233=a driver mapped a page that is not locked] | {pfn} page that was to be mapped | detail, not documented | detail, not documented
0x1a:0x1236 | {subcode} what is inconsistent [0x1236=an MDL with a page that is not locked] | the MDL | where in it the page number stands | {pfn} the page number
0x1a:0x1240 | {subcode} what is inconsistent [0x1240=an MDL for addresses not resident] | the MDL | address of the page table entry | detail, not documented
0x1a:0x3300 | {subcode} what is inconsistent [0x3300=a page marked copy on write by mistake] | address that was written to | {pte} contents of its page table entry | kind of address space
0x1a:0x3470 | {subcode} what is inconsistent [0x3470=a kernel stack damaged while it was free] | address of the stack | cookie found there | detail, not documented
0x1a:0x4477 | {subcode} what is inconsistent [0x4477=a write to unallocated user space of System] | address that was written to | detail, not documented | detail, not documented
0x1a:0x5200 | {subcode} what is inconsistent [0x5200=a free pool block changed] | {pool} the free block | value found | value expected
0x1a:0x5305 | {subcode} what is inconsistent [0x5305=an invalid pool address freed] | address that was to be freed | {count} size of the region | detail, not documented
0x1a:0x6001 | {subcode} what is inconsistent [0x6001=private memory of the memory store] | {status} status that came back | address in the store's memory | the MDL
0x1a:0x9696 | {subcode} what is inconsistent [0x9696=a page frame cut off from its process] | {pfn} page frame concerned | detail, not documented | detail, not documented
0x1a:0x15000 | {subcode} what is inconsistent [0x15000=a secured range that is not found] | address that was looked for | detail, not documented | detail, not documented
0x1a:0x41201 | {subcode} what is inconsistent [0x41201=a page frame against its table entry] | address of the page table entry | {pte} contents of the entry | virtual address descriptor
0x1a:0x41202 | {subcode} what is inconsistent [0x41202=a page table entry as its protection was asked] | address of the page table entry | {pte} contents of the entry | virtual address descriptor
0x1a:0x41287 | {subcode} what is inconsistent [0x41287=a fault inside the memory manager] | address that was accessed | detail, not documented | detail, not documented
0x1a:0x41790 | {subcode} what is inconsistent [0x41790=use count of a page table page] | its page frame entry (32 bits: pointer to the count) | the count on 32 bits | detail, not documented
0x1a:0x41792 | {subcode} what is inconsistent [0x41792=a page table entry that should be empty] | address of the page table entry | low part of its contents | high part of its contents
0x1a:0x41793 | {subcode} what is inconsistent [0x41793=use count of a page table page] | last entry that was looked at | {count} entries in use that were found | {count} entries in use that are expected
0x1a:0x61941 | {subcode} what is inconsistent [0x61941=the hierarchy of page tables] | address whose access failed | detail, not documented | detail, not documented
0x1a:0x61948 | {subcode} what is inconsistent [0x61948=a region of device memory that is not known] | {pfn} first page frame of the region | {count} pages in the region | {pfn} page frame that has no record
0x1a:0x61949 | {subcode} what is inconsistent [0x61949=a page of device memory without record] | {pfn} page frame | detail, not documented | detail, not documented
0x1a:0x6194a | {subcode} what is inconsistent [0x6194a=a page of device memory released too often] | region that was unmapped | region that was unmapped | {pfn} page of device memory not in use
0x2e | virtual address of the access | physical address of the access | processor status register | faulting instruction register
0x34 | source file and line in the cache manager | - | - | -
0x3f | which kind of entry ran out [0=for system expansion; 1=for nonpaged pool] | {count} entries asked for | {count} free system page table entries | {count} all system page table entries
0x4e | {subcode} what is corrupt [1=head of a page list; 2=an entry of a page list; 6=a page table entry or its prototype; 7=a driver unlocked a page too often; 0x8d=list of free pages; 0x8f=head of the free or zeroed list; 0x99=a page table entry or its page; 0x9a=a page freed that is locked for I/O] | page frame or list | detail, by what is corrupt | detail, by what is corrupt
0x4e:1 | {subcode} what is corrupt [1=head of a page list] | the list head | {count} pages available | -
0x4e:2 | {subcode} what is corrupt [2=an entry of a page list] | entry that was taken off | {pfn} highest page frame | {count} references to the entry
0x4e:6 | {subcode} what is corrupt [6=a page table entry or its prototype] | {pfn} page frame | prototype page table entry | {pte} contents of the page table entry
0x4e:7 | {subcode} what is corrupt [7=a driver unlocked a page too often] | {pfn} page frame | {count} times it is shared | -
0x4e:0x8d | {subcode} what is corrupt [0x8d=list of free pages] | {pfn} page frame in an impossible state | - | -
0x4e:0x8f | {subcode} what is corrupt [0x8f=head of the free or zeroed list] | {pfn} new page frame | {pfn} old page frame | -
0x4e:0x99 | {subcode} what is corrupt [0x99=a page table entry or its page] | {pfn} page frame | state of the page | -
0x4e:0x9a | {subcode} what is corrupt [0x9a=a page freed that is locked for I/O] | {pfn} page frame | state of the page | {count} references to the page
0x51 | - | - | hive, where it is known | {status} status of the check of the hive
0x76 | {subcode} who holds the pages [0=the process ends with pages locked; 1=a driver unlocks pages that are not locked] | process, or the MDL for 1 | {count} pages that are locked | record of the callers, where it was kept
0x76:0 | {subcode} who holds the pages [0=the process ends with pages locked] | {process} process that ends | {count} pages that are locked | record of the callers, where it was kept
0x76:1 | {subcode} who holds the pages [1=a driver unlocks pages that are not locked] | the MDL | {count} pages that are locked | record of the callers, where it was kept
0x77 | {status} status of the read | {status} status of the I/O | number of the page file | offset in the page file
0x77:0 | {subcode} where the page came from [0=from the cache] | word found instead of the signature | - | address of the signature on the stack
0x77:1 | {subcode} where the page came from [1=from the disk] | word found instead of the signature | - | address of the signature on the stack
0x77:2 | {subcode} where the page came from [2=from the disk, too short] | word found instead of the signature | - | address of the signature on the stack
0x7a | address of the page table entry, or kind of lock | {status} status of the read | {pte} contents of the page table entry | address that could not be paged in
0x7a:1 | kind of lock that was held | {status} status of the read | {process} current process | address that could not be paged in
0x7a:2 | kind of lock that was held | {status} status of the read | - | address that could not be paged in
0x7a:3 | kind of lock that was held | {status} status of the read | record of the read (InPageSupport), or zero | address that could not be paged in
0x7a:4 | kind of lock that was held | {status} status of the read | record of the read (InPageSupport) | address that could not be paged in
0xd8 | name of the driver as a UNICODE_STRING, or zero | {count} page table entries that it took | {count} free system page table entries | {count} all system page table entries
0xda | {subcode} how system page table entries were misused [1=a mapping freed twice; 2=a wrong number of mappings freed; 3=a wrong address freed; 4=first page of the MDL changed; 5=start address of the MDL changed; 6=an MDL freed that is not mapped; 7=given out twice; 8=a wrong number freed; 9=some were free already; 0xa=none asked for] | detail, by misuse | detail, by misuse | detail, by misuse
0xda:1 | {subcode} how system page table entries were misused [1=a mapping freed twice] | record of the lock (internal) | the MDL | record of the other lock (internal)
0xda:2 | {subcode} how system page table entries were misused [2=a wrong number of mappings freed] | record of the lock (internal) | {count} mappings that should be freed | {count} mappings that the driver frees
0xda:3 | {subcode} how system page table entries were misused [3=a wrong address freed] | first record found (internal) | address that should be freed | address that the driver frees
0xda:4 | {subcode} how system page table entries were misused [4=first page of the MDL changed] | record of the lock (internal) | {pfn} page that the MDL began with | {pfn} page that it begins with now
0xda:5 | {subcode} how system page table entries were misused [5=start address of the MDL changed] | first record found (internal) | address that should be freed | address that the driver frees
0xda:6 | {subcode} how system page table entries were misused [6=an MDL freed that is not mapped] | the MDL | address that the driver gave | {count} mappings that the driver frees
0xda:0x100 | {subcode} how system page table entries were misused [0x100=none asked for] | {count} mappings asked for | tag of the caller | {routine} routine that called the caller
0xda:0x101 | {subcode} how system page table entries were misused [0x101=a range of another owner freed] | first mapping | tag of the caller | tag of the owner
0xda:0x102 | {subcode} how system page table entries were misused [0x102=an empty range freed] | first mapping | tag of the caller | -
0xda:0x103 | {subcode} how system page table entries were misused [0x103=a range freed that is still reserved] | mapping concerned | tag of the caller | {count} mappings in the range
0xda:0x104 | {subcode} how system page table entries were misused [0x104=an MDL mapped into another owner's range] | first mapping | tag of the caller | tag of the owner
0xda:0x105 | {subcode} how system page table entries were misused [0x105=an MDL mapped into an invalid range] | first mapping | tag of the caller | -
0xda:0x107 | {subcode} how system page table entries were misused [0x107=an MDL mapped into a range in use] | first mapping | mapping that is in use | last mapping
0xda:0x108 | {subcode} how system page table entries were misused [0x108=a locked range of another owner unmapped] | first mapping | tag of the caller | tag of the owner
0xda:0x109 | {subcode} how system page table entries were misused [0x109=an empty locked range unmapped] | first mapping | tag of the caller | -
0xda:0x10a | {subcode} how system page table entries were misused [0x10a=more unmapped than the range holds] | first mapping | {count} mappings in the range | {count} mappings to unmap
0xda:0x10b | {subcode} how system page table entries were misused [0x10b=part of a range unmapped that is not mapped] | first mapping | tag of the caller | {count} mappings to unmap
0xda:0x10c | {subcode} how system page table entries were misused [0x10c=a range unmapped in part only] | first mapping | tag of the caller | {count} mappings to unmap
0xda:0x200 | {subcode} how system page table entries were misused [0x200=an empty range reserved] | first mapping | - | -
0xda:0x201 | {subcode} how system page table entries were misused [0x201=a mapping reserved twice] | first mapping | mapping that is reserved already | {count} mappings to reserve
0xda:0x202 | {subcode} how system page table entries were misused [0x202=a mapping reserved twice] | first mapping | mapping that is reserved already | {count} mappings to reserve
0xda:0x300 | {subcode} how system page table entries were misused [0x300=an empty range released] | first mapping | - | -
0xda:0x301 | {subcode} how system page table entries were misused [0x301=a mapping released that may not be] | the mapping | - | -
0xda:0x302 | {subcode} how system page table entries were misused [0x302=an address released that is not mapped] | the address | - | -
0xda:0x303 | {subcode} how system page table entries were misused [0x303=a range released that was not reserved] | first mapping | {count} mappings to release | -
0xda:0x304 | {subcode} how system page table entries were misused [0x304=a range released from its middle] | first mapping | {count} mappings to release | -
0xda:0x305 | {subcode} how system page table entries were misused [0x305=a wrong number of mappings released] | first mapping | {count} mappings to release | {count} mappings that should be released
0xda:0x306 | {subcode} how system page table entries were misused [0x306=a mapping released that is free] | first mapping | the free mapping | {count} mappings to release
0xda:0x400 | {subcode} how system page table entries were misused [0x400=an unknown device mapping freed] | base of the mapping | {count} pages to free | -
0x12b | {status} how reading a compressed page failed | {count} compressed size of the page | buffer it was read from | buffer it was unpacked to
0x12b@3:0 | address of the page with the wrong bit | {pfn} the page | - | -
0x1c7 | {subcode} what in the store is corrupt [0=a buffer's hash; 1=a buffer's hash after an exception; 2=data of a page, and the hash of its record; 3=data of a page, and its record changed meanwhile] | detail, by what is corrupt | detail, by what is corrupt | detail, by what is corrupt
0x1c7:0 | {subcode} what in the store is corrupt [0=a buffer's hash] | the buffer | hash that it should have | {pfn} page of the damage
0x1c7:1 | {subcode} what in the store is corrupt [1=a buffer's hash after an exception] | the buffer | hash that it should have | {pfn} page of the damage
0x1c7:2 | {subcode} what in the store is corrupt [2=data of a page, and the hash of its record] | buffer that holds the record | hash that it should have | {pfn} page of the damage
0x1c7:3 | {subcode} what in the store is corrupt [3=data of a page, and its record changed meanwhile] | record as it was when the read began | record as it is now | -
0x41 | {count} size that could not be had | {count} pages used of nonpaged pool | {count} large requests to nonpaged pool | {count} pages available
0x4d | {count} dirty pages | {count} dirty pages for the page file | size of the nonpaged pool available | {status} status of the last write that failed
0xeb | {count} dirty pages | {count} dirty pages for the page file | - | {status} status of the last write that failed (Server 2003: stranded pages)
0xf3 | {count} dirty pages | {count} dirty pages for the page file | - | {status} status of the last write that failed (Server 2003: stage of the shutdown)
0xa2 | {subcode} what is wrong in the memory image [2=a table page; 3=checksum of a range] | page number | detail, by kind | detail, by kind
0xa2:2 | = | {pfn} page of the table, or of the run that does not fit | index that does not fit, or zero | -
0xa2:3 | = | {pfn} first page of the range | {count} pages of the range | {pfn} table page that holds the run
0xd9 | {subcode} how locked pages are tracked wrongly [1=MDL twice on the list of a process; 2=MDL twice on the system's list; 3=MDL found twice as it is freed; 4=MDL found after it was removed] | record of the lock (internal) | the MDL | {count} pages locked by the process
0xd9:3 | = | first record found (internal) | record of the lock (internal) | the MDL
0xd9:4 | = | = | = | -
0xec | number of the session | {count} pages of special pool that leak | - | -
0x127 | address that maps the corrupt page | {pfn} the page | - | -
0x12e | the source MDL | the target MDL | virtual address | {count} length
0x18e | {subcode} how a memory partition is freed wrongly [0=it is still referenced; 1=it is the system's; 2=work items are left] | the partition | {count} references | -
0x18e:1 | = | = | - | -
0x18e:2 | = | = | queue of the work items | -
0x1a:0x403 | = | address of the page table entry | {pte} contents of the entry | {pte} entry that should be there
0x1a:0x8886,0x8887 | = | detail, not documented | detail, not documented | the two priorities
""")
