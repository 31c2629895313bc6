"""Parameters of bugchecks of the memory manager: page tables, page frames, paging. Source: Microsoft's bug check code
reference."""

from __future__ import annotations

from volplugins.bugcheck.parameters.table import read_table

TABLE = read_table("""
0x1a | {subcode} what is inconsistent [0x31=an image's relocations or code; 0x3f=a page read back with another checksum; 0x403=page table and page frame database; 0x404=a system page's table entry as it is deleted; 0x411=a page table entry; 0x1010=a pageable section unlocked that is not locked; 0x1233=a driver mapped a page that is not locked; 0x1235=protection of an MDL without mapping; 0x1236=an MDL with a page that is not locked; 0x1240=an MDL for addresses not resident; 0x3300=a page marked copy on write by mistake; 0x3451=table entries of a swapped kernel stack; 0x3453=page tables of an exiting process left over; 0x5003=free list of a working set; 0x41284=a page table entry or a working set list; 0x41287=a fault inside the memory manager; 0x41790=use count of a page table page; 0x41792=a page table entry that should be empty] | {pte} entry or address concerned, by what is inconsistent | detail, by what is inconsistent | detail, by what is inconsistent
0x2e | virtual address of the access | physical address of the access | processor status register | faulting instruction register
0x34 | source file and line in the cache manager | - | - | -
0x3f | which kind of entry ran out [0=for system expansion; 1=for nonpaged pool] | entries asked for | free system page table entries | all system page table entries
0x4e | {subcode} what is corrupt [1=head of a page list; 2=an entry of a page list; 6=a page table entry or its prototype; 7=a driver unlocked a page too often; 0x8d=list of free pages; 0x8f=head of the free or zeroed list; 0x99=a page table entry or its page; 0x9a=a page freed that is locked for I/O] | {pfn} page frame or list | detail, by what is corrupt | detail, by what is corrupt
0x51 | reserved, or where it failed | - | hive, where it is known | status of the check of the hive
0x76 | {subcode} who holds the pages [0=the process ends with pages locked; 1=a driver unlocks pages that are not locked] | {process} process, or the MDL for 1 | {count} pages that are locked | record of the callers, where it was kept
0x77 | {status} status of the read, or where the page came from [0=from the cache; 1=from the disk; 2=from the disk, too short] | word found instead of the signature, or the status of the I/O | zero, or the page file's number | address of the signature, or the offset in the page file
0x7a | lock held, or the page table entry | {status} status of the read | process, or contents of the page table entry | address that could not be paged in
0xd8 | name of the driver as a UNICODE_STRING, or zero | page table entries that it took | free system page table entries | all system page table entries
0xda | {subcode} how system page table entries were misused [1=a mapping freed twice; 2=a wrong number of mappings freed; 3=a wrong address freed; 4=first page of the MDL changed; 5=start address of the MDL changed; 6=an MDL freed that is not mapped; 7=given out twice; 8=a wrong number freed; 9=some were free already; 0xa=none asked for] | detail, by misuse | detail, by misuse | detail, by misuse
0x12b | virtual address of the page, or a status | {pfn} page with the wrong bit, or detail | zero, or detail of the compression | zero, or detail of the compression
0x1c7 | {subcode} what in the store is corrupt [0=a buffer's hash; 1=a buffer's hash after an exception] | the buffer | hash that it should have | {pfn} page of the damage
""")
