"""Parameters of bugchecks of the driver verifier: what it checks itself, and rules of its compliance checker by name.

Source: Microsoft's bug check code reference, pages 0xC4 and 0x1C4.
"""

from __future__ import annotations

from volplugins.bugcheck.words.parameters.table import read_table

# rules of the compliance checker, by the number that parameter 1 has
_RULES = """
0x20002=IrqlApcLte 0x20003=IrqlDispatch 0x20004=IrqlExAllocatePool 0x20005=IrqlExApcLte1 0x20006=IrqlExApcLte2
0x20007=IrqlExApcLte3 0x20008=IrqlExPassive 0x20009=IrqlIoApcLte 0x2000a=IrqlIoPassive1 0x2000b=IrqlIoPassive2
0x2000c=IrqlIoPassive3 0x2000d=IrqlIoPassive4 0x2000e=IrqlIoPassive5 0x2000f=IrqlKeApcLte1 0x20010=IrqlKeApcLte2
0x20011=IrqlKeDispatchLte 0x20015=IrqlKeReleaseSpinLock 0x20016=IrqlKeSetEvent 0x20019=IrqlMmApcLte
0x2001a=IrqlMmDispatch 0x2001b=IrqlObPassive 0x2001c=IrqlPsPassive 0x2001d=IrqlReturn 0x2001e=IrqlRtlPassive
0x2001f=IrqlZwPassive 0x20022=IrqlIoDispatch 0x20023=IrqlIoRtlZwPassive 0x20024=IrqlNtifsApcPassive 0x20025=IrqlKeMore
0x40003=CriticalRegions 0x40006=QueuedSpinLock 0x40007=QueuedSpinLockRelease 0x40009=SpinLock 0x4000a=SpinlockRelease
0x4000e=GuardedRegions 0x4100b=RequestedPowerIrp 0x4100f=IoSetCompletionExCompleteIrp 0x43006=PnpRemove
0x71001=PcIrqlDDIs 0x71003=PcIrqlIport 0x71004=PcUnmapAllocatedPages 0x71005=PcAllocatedPages
0x71006=PcRegisterAdapterPower 0x71007=PcAddAdapterDevice 0x71008=PcPropertyRequest 0x71009=PcAllocateAndMapPages
0x7100a=PcPoRequestPowerIrp 0x72001=PcTimedWaveRtStreamSetState 0x81001=KsDeviceMutex 0x81002=KsStreamPointerClone
0x81003=KsStreamPointerLock 0x81004=KsStreamPointerUnlock 0x81005=KsCallbackReturn 0x81006=KsIrqlDeviceCallbacks
0x81007=KsIrqlFilterCallbacks 0x81008=KsIrqlPinCallbacks 0x81009=KsIrqlDDIs 0x8100a=KsFilterMutex
0x8100b=KsProcessingMutex 0x8100c=KsInvalidStreamPointer 0x82001=KsTimedPinSetDeviceState
0x82002=KsTimedDeviceCallbacks 0x82003=KsTimedFilterCallbacks 0x82004=KsTimedPinCallbacks
0x82005=KsTimedProcessingMutex 0x91001=NdisOidComplete 0x91002=NdisOidDoubleComplete 0x9100e=NdisOidDoubleRequest
0x92003=NdisTimedOidComplete 0x9200d=NdisTimedDataSend 0x9200f=NdisTimedDataHang 0x92010=NdisFilterTimedPauseComplete
0x92011=NdisFilterTimedDataSend 0x92012=NdisFilterTimedDataReceive 0x93004=WlanAssociation
0x93005=WlanConnectionRoaming 0x93006=WlanDisassociation 0x93101=WlanAssert 0x94007=WlanTimedAssociation
0x94008=WlanTimedConnectionRoaming 0x94009=WlanTimedConnectRequest 0x9400b=WlanTimedLinkQuality 0x9400c=WlanTimedScan
"""

_TABLE = """
0xc4 | {subcode} rule that the verifier saw broken [0=asked for no bytes of pool; 1=paged pool at raised IRQL; 2=nonpaged pool above dispatch level; 3=more than a page of pool that must succeed; 0x10=freed an address that was not given out; 0x11=freed paged pool at raised IRQL; 0x12=freed nonpaged pool above dispatch level; 0x13=freed pool twice; 0x14=freed pool twice; 0x15=freed pool with an active timer; 0x16=freed pool at a bad address; 0x17=freed pool with an active resource; 0x30=raised to a lower IRQL; 0x31=lowered to a higher IRQL; 0x32=spin lock released at a wrong IRQL; 0x33=fast mutex at raised IRQL; 0x34=fast mutex released at a wrong IRQL; 0x35=spin lock released at a wrong IRQL; 0x36=queued spin lock released at a wrong IRQL; 0x37=resource acquired with APCs enabled; 0x38=resource released with APCs enabled; 0x39=mutex acquired at a wrong IRQL; 0x3a=mutex released at a wrong IRQL; 0x3b=a wait at raised IRQL; 0x3c=reference by a bad handle; 0x3d=unaligned resource; 0x3e=left a critical region that was not entered; 0x3f=reference count of an object; 0x40=spin lock below dispatch level; 0x41=spin lock released below dispatch level; 0x42=spin lock above dispatch level; 0x51=wrote past an allocation; 0x52=wrote past an allocation; 0x53=wrote past an allocation; 0x54=wrote past an allocation; 0x59=wrote past an allocation; 0x60=unloaded with pool left; 0x61=asked for pool while unloading; 0x62=unloaded with pool left; 0x6f=locked pages that are no memory; 0x70=locked pages at raised IRQL; 0x71=locked pages at raised IRQL; 0x72=locked pages at raised IRQL; 0x73=mapped device memory at raised IRQL; 0x74=mapped pages at raised IRQL; 0x75=mapped pages for user mode at raised IRQL; 0x76=mapped pages at raised IRQL; 0x77=mapped pages for user mode at raised IRQL; 0x78=unlocked pages at raised IRQL; 0x79=unmapped pages at raised IRQL; 0x7a=unmapped pages of user mode at raised IRQL; 0x7b=unmapped device memory at raised IRQL; 0x7c=unlocked pages that are not locked; 0x7d=unlocked nonpaged pool; 0x7e=pages for an MDL at raised IRQL; 0x7f=an MDL of paged pool as nonpaged; 0x80=event set above dispatch level; 0x81=an MDL that was not locked; 0x82=mapping that may not fail; 0x83=mapped device memory that is not locked; 0x85=mapped pages that are not locked; 0x89=pages in an MDL that are no memory; 0x91=switched stacks in an unsupported way; 0xa0=checksum of a disk sector; 0xa1=checksum of a disk sector; 0xa2=copies of a checksum differ; 0xb0=MDL flags when locking; 0xb1=MDL flags when locking; 0xb2=MDL flags when mapping; 0xb3=MDL flags when mapping; 0xb4=unlocked a partial MDL; 0xb5=unmapped a partial MDL; 0xb6=unmapped an MDL that is not mapped; 0xb7=firmware damaged low memory in sleep; 0xb8=MDL freed with pages mapped; 0xb9=unmapped a bad user address; 0xc0=called a driver with interrupts disabled; 0xc1=dispatch routine left interrupts disabled; 0xc2=fast I/O with interrupts disabled; 0xc3=fast I/O routine left interrupts disabled; 0xc5=dispatch routine changed the APC disable count; 0xc6=fast I/O routine changed the APC disable count; 0xca=lookaside list initialised twice; 0xcb=lookaside list deleted that is none; 0xcc=freed pool with a lookaside list; 0xcd=blocks of a lookaside list too small; 0xd0=resource initialised twice; 0xd1=resource deleted that is none; 0xd2=freed pool with an active resource; 0xd5=remove lock released with another tag; 0xd6=remove lock released with another tag; 0xd7=remove lock initialised again; 0xda=unloaded with a WMI callback; 0xdb=device deleted that is registered with WMI; 0xdc=bad handle of an event provider; 0xdd=unloaded with an event provider; 0xdf=synchronization object in session space; 0xe0=user address given to the kernel; 0xe1=synchronization object pageable or invalid; 0xe2=user address in a kernel IRP; 0xe3=user address given to a Zw routine; 0xe4=malformed string given to a Zw routine; 0xe5=kernel routine at a wrong IRQL; 0xe6=Zw routine at raised IRQL or with APCs disabled; 0xea=push lock acquired with APCs enabled; 0xeb=push lock released with APCs enabled; 0xf0=copy between overlapping buffers; 0xf5=null handle; 0xf6=a user handle as a kernel handle; 0xf7=a kernel handle as a user handle; 0xfa=completion routine changed the IRQL; 0xfb=completion routine changed the APC disable count; 0xfc=bad context of a registry notification; 0x105=IRP freed as pool; 0x10a=quota charged to the idle process; 0x10b=quota charged from a DPC; 0x110=interrupt routine changed the extended context; 0x111=interrupt routine changed the IRQL; 0x115=shutdown took too long; 0x11a=entered a critical region at raised IRQL; 0x11b=left a critical region at raised IRQL; 0x120=a wait above dispatch level; 0x121=a wait at dispatch level without timeout; 0x122=a wait at dispatch level with a timeout; 0x123=a wait for a kernel stack as user; 0x130=work item in session space; 0x131=work item in pageable memory; 0x135=cancelled IRP not completed in time; 0x13a=pool block damaged; 0x13b=pool block damaged; 0x13c=pool block damaged; 0x13d=pool block damaged; 0x13e=another pool block freed; 0x13f=another size freed; 0x140=an MDL of pageable memory that is not locked; 0x141=physical memory below 4 GiB asked for; 0x1000=resource acquired again by its owner; 0x1001=order of locks broken; 0x1002=resource not initialised; 0x1003=resources released in a wrong order; 0x1004=resource released by another thread; 0x1005=resource initialised twice; 0x1007=resource released that is not acquired; 0x1008=lock acquired with a wrong routine; 0x1009=lock released with a wrong routine; 0x100a=thread ended owning a lock; 0x100b=lock deleted that is owned; 0x1010=buffer of a write changed; 0x1011=buffer of a read changed; 0x1012=state of an extension damaged; 0x1013=callbacks that were kept damaged; 0x2000=executable pool; 0x2001=executable page protection; 0x2002=executable mapping; 0x2003=image section both executable and writable; 0x2004=image section not aligned; 0x2005=import table in an executable section; RULES] | detail, by rule | detail, by rule | detail, by rule
0xc4:0 | = | {irql} IRQL at the time | pool type [0=nonpaged; 1=paged] | {count} bytes asked for
0xc4:1,2 | = | {irql} IRQL at the time | pool type [0=nonpaged; 1=paged] | {count} bytes asked for
0xc4:10 | = | {pool} address that was to be freed | - | -
0xc4:11,12 | = | {irql} IRQL at the time | pool type [0=nonpaged; 1=paged] | {pool} address of the pool
0xc4:13,14 | = | - | header of the block | contents of the header
0xc4:15 | = | the timer | pool type [0=nonpaged; 1=paged] | {pool} address that was to be freed
0xc4:16 | = | - | {pool} address that was to be freed | -
0xc4:17 | = | the resource | pool type [0=nonpaged; 1=paged] | {pool} address that was to be freed
0xc4:30 | = | {irql} IRQL at the time | {level} IRQL asked for | -
0xc4:31 | = | {irql} IRQL at the time | {level} IRQL asked for | why [0=no such IRQL; 1=not from a DPC]
0xc4:32,40,41,42 | = | {irql} IRQL at the time | the spin lock | -
0xc4:33 | = | {irql} IRQL at the time | the fast mutex | -
0xc4:34 | = | {irql} IRQL at the time | APC disable count of the thread | the fast mutex
0xc4:35 | = | {irql} IRQL at the time | the spin lock | {level} IRQL before
0xc4:36 | = | {irql} IRQL at the time | number of the spin lock | {level} IRQL before
0xc4:37,38 | = | {irql} IRQL at the time | APC disable count of the thread | the resource
0xc4:39,3a | = | {irql} IRQL at the time | APC disable count of the thread | the mutex
0xc4:3b | = | {irql} IRQL at the time | object to wait for | timeout
0xc4:3c,f5 | = | the handle | kind of object | -
0xc4:3d | = | - | - | the resource
0xc4:3e,91,c2,dc,10a,10b | = | - | - | -
0xc4:3f | = | the object | its new reference count | -
0xc4:51 | = | {pool} the allocation | address behind it that was written to | {count} bytes charged
0xc4:52 | = | {pool} the allocation | hash entry | {count} bytes charged
0xc4:53,54,59 | = | {pool} the allocation | detail, by rule | detail, by rule
0xc4:60,61 | = | {count} bytes of paged pool | {count} bytes of nonpaged pool | {count} allocations left
0xc4:62 | = | name of the driver | - | {count} allocations left
0xc4:6f | = | the MDL | {pfn} page to be locked | {pfn} highest page
0xc4:70,74,75,76,77 | = | {irql} IRQL at the time | the MDL | processor mode [0=kernel; 1=user]
0xc4:71,72 | = | {irql} IRQL at the time | the MDL | {process} process
0xc4:73 | = | {irql} IRQL at the time | physical address | {count} bytes
0xc4:78 | = | {irql} IRQL at the time | the MDL | -
0xc4:79,7a | = | {irql} IRQL at the time | address to be unmapped | the MDL
0xc4:7b | = | {irql} IRQL at the time | address to be unmapped | {count} bytes
0xc4:7c,7d,81,82,b8 | = | the MDL | {flags} its flags [1=mapped to a system address; 2=pages locked; 4=source is nonpaged pool; 8=allocated with a fixed size; 0x10=partial; 0x20=partial, has been mapped; 0x40=I/O page read; 0x80=write operation; 0x200=free extra entries; 0x800=I/O space] | -
0xc4:7e | = | {irql} IRQL at the time | {level} highest IRQL allowed | -
0xc4:7f | = | {irql} IRQL at the time | the MDL | {flags} its flags [1=mapped to a system address; 2=pages locked; 4=source is nonpaged pool; 0x10=partial; 0x800=I/O space]
0xc4:80 | = | {irql} IRQL at the time | the event | -
0xc4:83 | = | first physical address | {count} bytes to map | {pfn} first page that is not locked
0xc4:85 | = | the MDL | {count} pages to map | {pfn} first page that is not locked
0xc4:89 | = | the MDL | where in it the page number stands | {pfn} the page number
0xc4:a0,a1,a2 | = | {some-irp} IRP of the transfer, or its copy | {some-device} device below | number of the sector
0xc4:b0,b1,b2,b3,b4,b5,b6 | = | the MDL | {flags} its flags [1=mapped to a system address; 2=pages locked; 4=source is nonpaged pool; 0x10=partial; 0x20=partial, has been mapped; 0x800=I/O space] | {flags} flags that are wrong or absent [1=mapped to a system address; 2=pages locked; 4=source is nonpaged pool; 0x10=partial; 0x20=partial, has been mapped; 0x800=I/O space]
0xc4:b7 | = | {count} pages damaged | {pfn} first of them | {pfn} last of them
0xc4:b9 | = | address to be unmapped | the MDL | -
0xc4:c0,105 | = | {some-irp} the IRP | - | -
0xc4:c1,c3 | = | {routine} the driver's routine | - | -
0xc4:c5,c6 | = | {routine} the driver's routine | APC disable count now | APC disable count before
0xc4:ca,cb | = | the lookaside list | - | -
0xc4:cc | = | the lookaside list | {pool} the allocation | {count} its size
0xc4:cd | = | the lookaside list | {count} size of a block | {count} smallest size
0xc4:d0,d1 | = | the resource | - | -
0xc4:d2 | = | the resource | {pool} the allocation | {count} its size
0xc4:d5 | = | the remove lock | tag given | -
0xc4:d6 | = | the remove lock | tag given | tag of the acquisition
0xc4:d7 | = | the remove lock, the verifier's | the remove lock, the driver's | -
0xc4:da | = | start of the driver | {routine} its WMI callback | -
0xc4:db | = | {some-device} the device object | - | -
0xc4:dd | = | {routine} call that registered the provider | start of the driver | handle of the provider (Windows 8 and later)
0xc4:df,e1 | = | the synchronization object | - | -
0xc4:e0 | = | the user address | {count} bytes | -
0xc4:e2 | = | {some-irp} the IRP | the user address | -
0xc4:e3 | = | {routine} the call | the user address | -
0xc4:e4 | = | {routine} the call | the string (UNICODE_STRING) | -
0xc4:e5,11a,11b | = | {irql} IRQL at the time | - | -
0xc4:e6 | = | {routine} the call | {irql} IRQL at the time | whether special kernel APCs are disabled
0xc4:ea,eb | = | {irql} IRQL at the time | APC disable count of the thread | the push lock
0xc4:f0 | = | destination | source | {count} bytes
0xc4:f6 | = | the handle | {process} process | {routine} place in the driver
0xc4:f7 | = | the handle | kind of object | processor mode [0=kernel; 1=user]
0xc4:fa | = | {routine} completion routine | {level} IRQL before | {irql} IRQL after
0xc4:fb | = | {routine} completion routine | APC disable count now | APC disable count before
0xc4:fc | = | {routine} place in the driver | context that was given | -
0xc4:110 | = | {routine} interrupt routine | extended context before | extended context after
0xc4:111 | = | {routine} interrupt routine | {level} IRQL before | {irql} IRQL after
0xc4:115 | = | {thread} thread of the shutdown | - | -
0xc4:120,121,122 | = | address of the IRQL | object to wait for | address of the timeout
0xc4:123 | = | object to wait for | - | -
0xc4:130,131 | = | the work item | - | -
0xc4:135 | = | {some-irp} the IRP | time allowed, in milliseconds | -
0xc4:13a,13c | = | {pool} block that was to be freed | wrong value | address of the wrong value
0xc4:13b | = | {pool} block that was to be freed | address of the wrong value | where the wrong page is named
0xc4:13d | = | {pool} block that was to be freed | address of the wrong value | right value
0xc4:13e | = | {pool} block that was to be freed | {pool} block that is known | where that is kept
0xc4:13f | = | {pool} block that was to be freed | {count} bytes to be freed | where the known size is kept
0xc4:140 | = | {irql} IRQL at the time | the MDL | its virtual address
0xc4:141 | = | highest physical address asked for | {count} bytes | -
0xc4:1000,1001,1002,1005,1007,1008,1009 | = | the lock | - | -
0xc4:1003 | = | the lock | lock that should be released first | -
0xc4:1004 | = | the lock | {thread} thread that acquired it | {thread} thread now
0xc4:100a | = | the lock | {thread} thread that owns it | -
0xc4:100b | = | the lock | {thread} thread that owns it | -
0xc4:1010,1011 | = | {some-device} device the IRP was for | {some-irp} the IRP | address of the buffer
0xc4:1012 | = | text that says what was found | data concerned | data concerned
0xc4:1013 | = | {some-driver} the driver object | the callbacks | -
0xc4:2000 | = | {routine} place in the driver | pool type | pool tag
0xc4:2001 | = | {routine} place in the driver | page protection | -
0xc4:2002 | = | {routine} place in the driver | page priority and flags of the mapping | -
0xc4:2003,2004 | = | name of the image (UNICODE_STRING) | header of the section | name of the section
0xc4:2005 | = | name of the image (UNICODE_STRING) | import table | name of the section
0xc4:NUMBERS | = | text that describes the rule | inner state of the rule, for some rules | further state of the rule, for some rules
0x1c4 | {subcode} rule that the verifier saw broken [RULES] | text that describes the rule | inner state of the rule, for some rules | further state of the rule, for some rules
"""


def _with_rules(text: str) -> str:
    pairs = _RULES.split()
    numbers = ",".join(pair.partition("=")[0].removeprefix("0x") for pair in pairs)
    return text.replace("RULES", "; ".join(pairs)).replace("NUMBERS", numbers)


TABLE = read_table(_with_rules(_TABLE))
