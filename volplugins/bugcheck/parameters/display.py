"""Parameters of bugchecks about graphics and windows. Source: Microsoft's bug check code reference."""

from __future__ import annotations

from volplugins.bugcheck.parameters.table import read_table

TABLE = read_table("""
0x116 | recovery context of the timeout (TDR_RECOVERY_CONTEXT), where there is one | place in the driver that is responsible | {status} status of the operation that failed last, where known | internal detail, where there is any
0x117 | recovery context of the timeout (TDR_RECOVERY_CONTEXT), where there is one | place in the driver that is responsible | second key by which the driver sorts its reports | internal detail, where there is any
0x141 | recovery context of the timeout (TDR_RECOVERY_CONTEXT), where there is one | place in the driver that is responsible | second key by which the driver sorts its reports | internal detail, where there is any
0x142 | recovery context of the timeout (TDR_RECOVERY_CONTEXT), where there is one | place in the driver that is responsible | second key by which the driver sorts its reports | id of the process that lost its access to the GPU
0xea  | {thread} thread that is stuck | watchdog that noticed it (DEFERRED_WATCHDOG) | name of the driver, as text | {count} times that a debugger caught this bugcheck
0x119 | {subcode} what the scheduler met [1=a fence id that does not exist; 2=a command that could not be submitted; 3=a command buffer that could not be patched; 4=a flip capability that cannot be; 5=a failed system or paging command; 6=an interrupt without adapter mask; 7=vertical sync of an adapter without display; 8=a reset without its node; 9=a failed cancel; 0xa=an aborted fence out of range; 0xc=a fatal page fault of the GPU] | detail, by kind | detail, by kind | detail, by kind
0x10e | {subcode} what went wrong with video memory [1=rotation of a range that cannot rotate; 2=a process heap destroyed while not empty; 3=unmapping from an aperture segment; 4=a rotation that must succeed; 5=a deferred command; 6=new resources during a cancelled eviction; 7=a deferred free; 8=reference in a split DMA buffer; 9=an eviction; 0xa=use of a pinned allocation; 0xb=error code of a paging buffer; 0xc=a leak in a segment] | detail, by kind | detail, by kind | detail, by kind
0x164   | {subcode} what failed in Win32k [1=region exceeds its surface; 2=operator new was used; 3=an API set extension is missing; 4=shape of a living sprite was deleted; 5=pointer device would not open; 8=public device context refers to a private object; 0xa=bad table index in TTFD; 0xb=bad table index in ATMFD; 0xc=bad table index in a palette; 0x10=secure attention key not registered] | detail, by what failed | detail, by what failed | detail, by what failed
0x164:1 | {subcode} what failed in Win32k [1=region exceeds its surface] | device context | surface | region
0x164:2 | {subcode} what failed in Win32k [2=operator new was used] | - | - | -
0x164:3 | {subcode} what failed in Win32k [3=an API set extension is missing] | name of the absent function, as text | - | -
0x164:4 | {subcode} what failed in Win32k [4=shape of a living sprite was deleted] | handle of the surface | {count} references to the surface | process id of its owner
0x164:5 | {subcode} what failed in Win32k [5=pointer device would not open] | name of the device (UNICODE_STRING) | - | -
0x164:8 | {subcode} what failed in Win32k [8=public device context refers to a private object] | device context | id of the process with the object | -
0x164:a | {subcode} what failed in Win32k [0xa=bad table index in TTFD] | - | - | -
0x164:b | {subcode} what failed in Win32k [0xb=bad table index in ATMFD] | - | - | -
0x164:c | {subcode} what failed in Win32k [0xc=bad table index in a palette] | palette | index that was used | first index that is too large
0x164:10 | {subcode} what failed in Win32k [0x10=secure attention key not registered] | virtual key | modifier keys | flags
0xad | given by the driver | given by the driver | given by the driver | {count} reports since the start
0x187 | {subcode} why the display fell back [1=the window manager did not start] | - | - | -
0x190 | {subcode} what failed in Win32k [1=region exceeds its surface; 2=operator new was used] | device context | surface | region
0x190:2 | = | - | - | -
0x19b | {subcode} what failed in terminals [1=no terminal object] | {status} status | - | -
0x1a8 | {subcode} why the dump of a black screen was taken [1=hot key; 2=volume keys; 4=inner reason; 8=power button; 9=test; 0xa=monitor connected, no mode set] | - | - | -
0x1b8 | {subcode} why the dump of a black screen was taken [1=hot key; 2=volume keys; 4=inner reason; 8=power button] | - | - | -
0x1e4 | {subcode} what the memory manager of graphics met [1=bad kind of physical object; 2=IOMMU switched on for a bad reason; 3=IOMMU switched off for a bad reason; 4=list over memory that is not locked; 5=memory unlocked while lists use it; 6=adapter objects leaked; 7=list leaked; 8=block pool leaked; 9=allocator of block pools leaked; 0xa=domain not attached again] | - | - | -
""")
