"""Parameters of bugchecks about the kernel's own rules: calls, waits, objects. Source: Microsoft's bug check code
reference."""

from __future__ import annotations

from volplugins.bugcheck.words.parameters.table import read_table

TABLE = read_table("""
0x1  | system service or worker routine that returned | ApcStateIndex of the thread | both APC disable counts of the thread, packed | who returned [0=a system call; 1=a worker routine]
0x5  | process to attach to, or the original one | {process} process that the thread is attached to now | APC state index of the thread | non-zero while a DPC runs on this processor
0x18 | type of the object | object whose reference count went wrong | - | -
0x20 | APC that was still pending | APC disable count of the thread | {irql} IRQL at the time | -
0x21 | {process} process that the quota was charged to, if known | which quota | amount to be returned at first | amount that could not be returned
0x35 | {irp} the IRP that ran out of stack locations | - | - | -
0x3d | {exception} exception record, where there is one | {context} context record, where there is one | - | -
0x44 | {irp} the IRP that was completed twice | - | - | -
0x48 | {irp} the IRP that still had a cancel routine | {routine} the cancel routine | - | -
0x4a | {some-routine} system service that returned at raised IRQL | {irql} IRQL at the time | - | -
0x93 | the handle | table of the handle, or what was wrong with it | - | how it was used [0=it was closed; 1=it was referenced]
0xb8 | {thread} thread that ran | {thread} thread to be switched to | stack of the thread that ran | -
0xc7 | {subcode} what was found wrong [0=a timer in memory where none may be; 1=a DPC in memory where none may be; 2=a DPC routine in memory where none may be; 3=a DPC for a processor that is not there; 4=a DPC changed the APC disable count; 5=a timer's DPC changed the APC disable count] | the object or routine | start of the memory searched, or count before | end of the memory searched, or count after
0xc7:0 | {subcode} what was found wrong [0=a timer in memory where none may be] | the timer | start of the memory searched | end of the memory searched
0xc7:1 | {subcode} what was found wrong [1=a DPC in memory where none may be] | the DPC | start of the memory searched | end of the memory searched
0xc7:2 | {subcode} what was found wrong [2=a DPC routine in memory where none may be] | {routine} the DPC routine | start of the memory searched | end of the memory searched
0xc7:3 | {subcode} what was found wrong [3=a DPC for a processor that is not there] | the DPC | {cpu} processor it is for | {count} processors of the machine
0xc7:4 | {subcode} what was found wrong [4=a DPC changed the APC disable count] | {routine} the DPC routine | count before | count after
0xc7:5 | {subcode} what was found wrong [5=a timer's DPC changed the APC disable count] | {routine} the DPC routine | count before | count after
0xc8 | current IRQL, expected IRQL and kind of caller, packed | routine that was called, by kind of caller | what it was called with | what it was called with
0xca | {subcode} what was wrong [1=two device objects for one device; 2=not a physical device object; 3=device ids that are no text; 4=a deleted device reported again; 5=a device freed while in the device tree; 8=a null among the devices of a bus; 9=kind of an interrupt disconnected; 0xa=a callback changed IRQL or APC state; 0xb=a deleted device reported for removal] | device object, by what was wrong | second object, by what was wrong | -
0xca:1 | {subcode} what was wrong [1=two device objects for one device] | {device} device object newly reported | {device} older device object for the same device | -
0xca:2 | {subcode} what was wrong [2=not a physical device object] | what was passed as a device object | {driver} driver object | -
0xca:3 | {subcode} what was wrong [3=device ids that are no text] | {device} device object asked for its ids | buffer of the ids | which ids [1=device; 2=unique; 3=hardware; 4=compatible]
0xca:4 | {subcode} what was wrong [4=a deleted device reported again] | {device} device object being deleted | - | -
0xca:5 | {subcode} what was wrong [5=a device freed while in the device tree] | {some-device} device object, freed since | - | -
0xca:8 | {subcode} what was wrong [8=a null among the devices of a bus] | {device} device object of the bus | {count} devices reported | place of the first null
0xca:9 | {subcode} what was wrong [9=kind of an interrupt disconnected] | kind of connection passed | - | -
0xca:a | {subcode} what was wrong [0xa=a callback changed IRQL or APC state] | {driver} driver object | {irql} IRQL after the callback | both APC disable counts after it, packed
0xca:b | {subcode} what was wrong [0xb=a deleted device reported for removal] | {device} device object related to it | list of the removal | -
0xcb | record of the lock | caller, or reserved | MDL whose pages stayed locked | {count} pages that stayed locked
0xe1 | {routine} worker routine | {irql} IRQL at which it returned | parameter of the work item | address of the work item
0xe3 | resource (ERESOURCE) | {thread} thread that released it | table of its owners, where there is one | -
0xf7 | cookie found on the stack | cookie that should be there | complement of the right cookie | -
0x67 | - | place in the initialisation | {status} status | -
0xac | bytes asked for | - | name of the file that asked, as text | -
0x2a | {irp} the IRP whose fields contradict each other | - | - | -
0x30 | stack pointer to be set | stack pointer before | {trap} address of the trap frame | -
0x73 | - | {status} status of the load that failed | place of the hive in the list of hives | file name of the hive as a UNICODE_STRING
0x7d | {count} physical pages found | {pfn} lowest page | {pfn} highest page | -
0x98 | expiry time, low half | expiry time, high half | - | -
0x9e | {process} process that missed its health check | time allowed, in seconds | {subcode} who watched [0=not said; 1=resource host that should end; 2=resource host told to stop the machine; 3=exception of a resource; 4=exception of a resource host; 5=resource that hangs; 6=resource type that hangs; 7=exception of the cluster service; 8=another node asked; 9=user-mode watchdog; 0xa=heartbeat of the cluster service; 0x65=disk that hangs; 0x66=storage pool that hangs; 0x67=file server that hangs; 0x68=scale-out file server that hangs; 0x69=storage replica that hangs; 0x6a=storage QoS that hangs; 0x6b=NFS that hangs; 0xc9=resource type disk hangs; 0xca=resource type storage pool hangs; 0xcb=resource type file server hangs; 0xcc=resource type scale-out file server hangs; 0xcd=resource type storage replica hangs; 0xce=resource type storage QoS hangs; 0xcf=resource type NFS hangs] | -
0xba | session id | {count} mapped views left over | table of the session's mapped views | size of that table
0xbc | IPv4 address in use, lowest byte first | hardware address of the other machine, first part | hardware address of the other machine, second part | hardware address, last part (zero for Ethernet)
0xcf | {address} address in the missing driver | {access} kind of access | {ip} instruction that made the access, where it is known | -
0xd4 | {address} address that was accessed | {irql} IRQL at the time | {irql-access} kind of access | {ip} instruction that made the access
0xe9 | {thread} thread (ETHREAD) that was ending | - | - | -
0xf6 | {subcode} what was found wrong with PCI [1=firmware changed an active bridge at docking; 2=power register not updated in time; 3=a driver wrote configuration space that Windows owns] | - | - | -
0x11b | {some-irp} cancelled IRP, possibly freed since | {routine} its cancel routine | - | -
0x121 | {subcode} IRQL rule that a driver broke [1=a call that needs one exact IRQL; 2=a call above its highest IRQL] | {irql} IRQL at the time | IRQL needed, or the highest allowed | -
0x121:1 | {subcode} IRQL rule that a driver broke [1=a call that needs one exact IRQL] | {irql} IRQL at the time | {level} IRQL needed | -
0x121:2 | {subcode} IRQL rule that a driver broke [2=a call above its highest IRQL] | {irql} IRQL at the time | {level} highest IRQL allowed | -
0x149 | source line | {exception} exception record | {context} context record | {ip} address where the exception happened
0x192 | {thread} thread that took the lock | address of the lock | {irql} IRQL when the lock was taken | -
0x1d5 | name of the device's service, its first characters as bytes | triage record of the watchdog (Windows 10 1803 on) | {thread} thread that holds up Plug and Play | time since the watchdog was armed, in milliseconds
0x178 | {subcode} what failed [0=TPM attestation could not be revoked; 0x10000=failure defined by the vendor] | image information of the driver, or vendor's value | failure code of the TPM service, or vendor's value | vendor's own data block
0x1c | - | - | - | -
0x2b | {trap} address of the trap frame | - | - | -
0x32 | {status} status that initialisation failed with | - | - | -
0x36 | {device} device object that was still referenced | - | - | -
0x39 | {routine} worker routine that broke the rule | parameter of the work item | address of the work item | -
0x5d | - | - | - | -
0x69 | - | - | - | -
0x6d | {status} status that starting Windows failed with | - | - | -
0x6e | {status} status that starting Windows failed with | - | - | -
0x6f | {status} status that starting Windows failed with | - | - | -
0x70 | {status} status that starting Windows failed with | - | - | -
0x71 | {status} status that starting Windows failed with | - | - | -
0x75 | - | {status} status of the conversion that failed | - | -
0x8b | disk signature in the master boot record | checksum by the loader | checksum by the system | -
0x92 | base address of the driver | - | - | -
0x94 | - | - | - | -
0x96 | queue entry with an empty link | queue that was used | start of the array of worker queues | {routine} worker routine that a valid item would have called
0xa3 | - | - | - | -
0xbb | {subcode} step of network boot that failed [1=writing the registry; 2=starting the network; 3=handing the DHCP address over] | {status} status | - | -
0xbd | {subcode} hardware that changed during hibernation [1=there are fewer processors] | processors before, for 1 | processors after, for 1 | -
0xbf | address of the mutex | {thread} thread that is to blame | - | -
0xd7 | virtual address of the view | what was done with the view [1=it was unmapped; 2=it was committed] | - | -
0xdb | {address} address that was accessed | {irql} IRQL at the time | {irql-access} kind of access | {ip} instruction that made the access
0xde | - | - | - | -
0xdf | {routine} worker routine that broke the rule | parameter of the work item | address of the work item | -
0xf8 | {subcode} step of starting from a RAM disk that failed [1=finding its descriptor; 2=opening its driver; 3=creating the disk; 4=making text of its GUID; 5=linking its name] | {status} status | - | -
0xfd | {count} modified pages | {count} modified pages that cannot be written | - | {status} status of the last write that failed
0x10f | {exception} exception record | {context} context record | address of the exception code | address of the resource manager
0x131 | {subcode} which check of extended processor state failed [0=feature mask; 1=IRQL above dispatch level; 2=saved level not below the current one; 3=saved by another thread; 4=saved at another level] | detail, by check | detail, by check | detail, by check
0x131:0 | {subcode} which check of extended processor state failed [0=feature mask] | non-zero if extended state is switched on | feature mask, low half | feature mask, high half
0x131:1 | {subcode} which check of extended processor state failed [1=IRQL above dispatch level] | {irql} IRQL at the time | - | -
0x131:2 | {subcode} which check of extended processor state failed [2=saved level not below the current one] | level of the saved state | level now | -
0x131:3 | {subcode} which check of extended processor state failed [3=saved by another thread] | {thread} thread of the saved state | {thread} thread now | -
0x131:4 | {subcode} which check of extended processor state failed [4=saved at another level] | level of the saved state | level now | -
0x135 | {code} code of the exception in a registry filter | {context} context record of the exception | {routine} callback routine of the driver | -
0x136 | {subcode} what failed with the disk image booted from [0=growing it to full size] | {status} status | - | -
0x13c | {thread} thread whose boost state is wrong | boost state or throttle count | - | -
0x145 | {status} status of the failure | address of the Secure Boot policy | {count} size of the policy | -
0x153 | {thread} thread that ended holding a lock entry | the entry | state of the entry [1=its lock is set; 2=reserved bits of its thread are set; 3=its thread is corrupt; 4=it still holds boosts] | -
0x157 | {thread} thread whose priority floor is wrong | priority that was meant | what was wrong [1=counter overflowed; 2=counter underflowed; 3=no such priority] | -
0x160 | {count} functions on the stack inside an atomic operation | - | - | -
0x162 | {thread} thread that released a lock it does not own | address of the lock | session id of the thread | -
0x163 | {flags} test flags in force | {flags} flag of the test that failed | - | -
0x16c | {flags} flags the caller gave that do not exist | address of the rundown reference | - | -
0x16e | resource (ERESOURCE) that was released | {thread} thread that runs | {thread} thread that was wrongly named | -
0x189 | object header that is corrupt | object type found for it | what is corrupt [0=index of the type; 1=security descriptor] | -
0x191 | - | - | - | -
0x196 | security version of the loader | security version of Windows | - | -
0x19a | {routine} worker routine | parameter of the work item | address of the work item | -
0x1aa | stack pointer at the time | kind of stack expected [0=of a bugcheck; 1=of DPCs; 2=expanded; 3=of a kernel thread; 4=during a thread switch; 5=of a win32k callout; 6=of interrupts; 7=of the debugger; 8=of NMIs; 9=of machine checks; 0xa=of exceptions] | {context} context record being unwound or dispatched | {exception} exception record being dispatched
0x1ab | stack pointer at the time | kind of stack expected [0=of a bugcheck; 1=of DPCs; 2=expanded; 3=of a kernel thread; 4=during a thread switch; 5=of a win32k callout; 6=of interrupts; 7=of the debugger; 8=of NMIs; 9=of machine checks; 0xa=of exceptions] | {context} context record being unwound | -
0x1cb | {thread} thread that was attached | silo it was attached to before | {process} process of the thread | -
0x1d2 | {subcode} what was wrong [0=a worker thread ended with I/O outstanding] | {thread} the worker thread | - | -
0x1d6 | {routine} worker routine | workload class at return | parameter of the work item | address of the work item
0x1ed | - | - | - | -
0x1f1 | kind of operation | kind of internal error | detail | detail
0x1f2 | {address} address that was accessed | {count} bytes accessed | {ip} address of the caller | {kasan-access} kind of access and shadow code
0x20001 | - | - | - | -
0xc0000218 | name of the hive that could not be loaded | - | - | -
0xc0000221 | - | - | - | -
0x1c6 | {subcode} rule of fast resources that was broken [0=IRQL too high; 1=owner entry not initialised; 2=owner entry in use already; 3=an old resource in a fast routine; 4=resource still held; 5=inside a DPC; 6=inside a special kernel APC; 7=normal kernel APCs not disabled; 8=entry does not hold this resource; 9=entry of another thread; 0xa=entry was disowned; 0xb=shared and exclusive mixed up; 0xc=entry does not hold this resource; 0xd=entry was not disowned; 0xe=a fast resource in an old routine; 0xf=a fast resource not made for old routines; 0x10=bad flags; 0x11=released for another thread; 0x12=disowned although acquired more than once; 0x13=converted although acquired more than once; 0x14=a thread ended with resources held; 0x15=a thread ended with disowned resources held; 0x16=converted without holding it] | detail, by rule | detail, by rule | detail, by rule
0x1c6:0 | {subcode} rule of fast resources that was broken [0=IRQL too high] | {irql} IRQL of the caller | {level} highest IRQL allowed | -
0x1c6:2 | {subcode} rule of fast resources that was broken [2=owner entry in use already] | the owner entry | resource that the entry holds | -
0x1c6:8 | {subcode} rule of fast resources that was broken [8=entry does not hold this resource] | resource that was named | the owner entry | resource that the entry holds
0x1c6:9 | {subcode} rule of fast resources that was broken [9=entry of another thread] | the owner entry | {thread} thread the entry belongs to | -
0xe7 | {subcode} what is wrong with saved floating-point state [0=its flags; 1=IRQL changed since; 2=of another thread] | saved flags, IRQL or thread | now | -
0xe7:0 | = | saved flags | - | -
0xe7:1 | = | {level} saved IRQL | {irql} IRQL now | -
0xe7:2 | = | {thread} thread that saved it | {thread} thread now | -
0xe8 | file object | {some-device} device object | - | -
0xf2 | {routine} interrupt routine of the storming vector, the first of its chain | context of that routine | interrupt object | whether others share the vector [1=no; 2=yes]
0xff | reserve queue | {count} its size | - | -
0x11f | handle of the driver object | {status} status of taking a reference | {driver} driver object | -
0x120 | {subcode} kind of problem | - | - | -
0x128 | {routine} worker routine that left another I/O priority | I/O priority now | parameter of the work item | work item
0x129 | {routine} worker routine that left another paging priority | paging priority now | parameter of the work item | work item
0x15b | {routine} worker routine that left another page priority | page priority now | parameter of the work item | work item
0x132 | the resource (ERESOURCE) | its table of owners | {thread} thread at the time | owner
0x137 | - | object, where known | - | -
0x14a | {subcode} what is wrong with kernel WMI [0=an entry referenced again from zero; 1=a data source removed too early] | the entry, or the data source | - | -
0x152 | {flags} flags that the caller gave | push lock | - | -
0x16d | {flags} flags that the caller gave | - | - | -
0x173 | {subcode} kind of failure | - | - | -
0x174 | {subcode} kind of failure | - | - | -
0x179 | {irp} IRP that ran into the timeout | - | - | -
0x1c5 | {subcode} pool of threads [0=untrusted] | its work queue (EX_WORK_QUEUE) | - | -
0x1cc | resource (ERESOURCE) that took too long | {thread} thread that noticed | {count} times that it was waited for | time allowed, in seconds
0x1d1 | relative address in the module | name of the module | time stamp of the module | size of the module
0x197 | {subcode} what is wrong with a Win32k object [1=its handle entry does not lead back to it] | kind of object | handle entry | object that should be there
0x199 | the storage array | - | - | -
0x4000008a | {thread} thread that owns the mutex | the mutex (KMUTEX) | - | -
0x1c6:1,a,d | = | the owner entry | - | -
0x1c6:3,4,e,f,12,13 | = | the resource | - | -
0x1c6:5,6,7 | = | - | - | -
0x1c6:b | = | the owner entry | kind of acquisition, of the entry (upper half) and given (lower half); 1 shared, 0 exclusive | -
0x1c6:c | = | resource that was named | the owner entry | resource that the entry holds
0x1c6:10 | = | the resource | {flags} flags that were given | -
0x1c6:11 | = | the resource | {thread} thread that was given | -
0x1c6:14,15 | = | {thread} the thread | one of its owner entries | -
0x1c6:16 | = | the resource | {thread} the thread | -
0xbd:1 | = | {count} processors before | {count} processors after | -
""")
