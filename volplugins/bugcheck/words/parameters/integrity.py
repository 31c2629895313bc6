"""Parameters of bugchecks about damaged structures and broken rules. Source: Microsoft's bug check code reference."""

from __future__ import annotations

from volplugins.bugcheck.words.parameters.table import read_table

TABLE = read_table("""
0x109 | - | - | - | {subcode} what was changed [0=data; 1=code of a function; 2=interrupt table (IDT); 3=segment table (GDT); 4=process list, type 1; 5=process list, type 2; 6=debug routine; 7=model-specific register (MSR); 8=object type; 9=interrupt vectors (IVT); 0xa=system service; 0xb=session data; 0xc=session function; 0xd=import table; 0xe=session import table; 0xf=callout to Win32k; 0x10=switch of the debugger; 0x11=allocation of IRPs; 0x12=dispatch of IRPs; 0x13=completion of IRPs; 0x14=freeing of IRPs; 0x15=control register; 0x16=floating-point control register; 0x17=local APIC; 0x18=notification callout; 0x19=list of loaded modules; 0x1a=process list, type 3; 0x1b=process list, type 4; 0x1c=driver object; 0x1d=callback object; 0x1e=padding of a module; 0x1f=protected process; 0x20=data; 0x21=hash of a page; 0x22=hash of a session page; 0x23=load configuration; 0x24=inverted function table; 0x25=session configuration; 0x26=extended control register; 0x27=pool, type 1; 0x28=pool, type 2; 0x29=pool, type 3; 0x101=pool; 0x102=win32k.sys]
0x139 | {fast-fail} check that failed [0=stack buffer overrun, old /GS check; 1=virtual function table not valid; 2=stack buffer overrun, by its cookie; 3=list entry damaged; 5=fatal bad argument; 6=stack cookie never set up; 7=exit on a fatal error; 8=array index out of bounds; 9=unsafe registry query; 10=indirect call to a forbidden target; 11=write to a forbidden target; 13=register context not valid; 14=reference count of an object not valid; 18=jump buffer not valid; 19=read-only data was changed; 21=exception chain not valid; 28=buffer access out of bounds; 29=balanced tree damaged; 37=switch table entry out of range; 38=longjmp to a forbidden target] | {trap} trap frame of the failed check | {exception} exception record of the failed check | -
0x13a | {subcode} kind of heap damage [3=entry header; 4=several entry headers; 5=header of a large allocation; 6=looks like a buffer overrun; 7=looks like a buffer underrun; 8=free block used as busy; 9=bad argument; 0xa=inner, by kind of allocation; 0xb=looks like use after free; 0xc=wrong heap; 0xd=free list; 0xe=another list; 0xf=forbidden operation on a free block; 0x10=inner state, maybe an overflow; 0x11=inner state, maybe a double free; 0x12=inner state, maybe use after free; 0x13=no heap handle; 0x14=allocation too large; 0x15=commit limit; 0x16=inner error; 0x17=list of delayed frees] | heap that noticed the damage | address where the damage is | -
0x18b | - | - | - | -
0x154 | store context or data manager | information about the exception | - | -
0xc000021a | text that names the problem | {status} status of the failure | - | -
0xab  | number of the session | {count} bytes of paged pool not freed | {count} bytes of nonpaged pool not freed | allocations not freed (nonpaged in the upper half, paged in the lower)
0x1d3 | {subcode} what was wrong with the packet [1=a callout injected inbound a list that holds several buffers] | - | the packet, a NET_BUFFER_LIST | -
0xf5 | {subcode} what a minifilter did wrong [0x66=callback asked for, but not registered; 0x67=no room for an inner object; 0x68=file name information released too often; 0x6a=open or create could not be cancelled; 0x6b=state of the reserved IRP control not valid; 0x6c=page faults nested too deeply; 0x6d=context released too often; 0x6e=context used after it was freed] | detail, by its kind | detail, by its kind | detail, by its kind
0xf5:66 | {subcode} what a minifilter did wrong [0x66=callback asked for, but not registered] | callback data of the operation | - | -
0xf5:67 | {subcode} what a minifilter did wrong [0x67=no room for an inner object] | callback data of the operation | - | {status} status of the operation
0xf5:68 | {subcode} what a minifilter did wrong [0x68=file name information released too often] | - | the name information (FLT_FILE_NAME_INFORMATION) | -
0xf5:6a | {subcode} what a minifilter did wrong [0x6a=open or create could not be cancelled] | file object | - | -
0xf5:6b | {subcode} what a minifilter did wrong [0x6b=state of the reserved IRP control not valid] | number of the frame | - | {thread} thread
0xf5:6c | {subcode} what a minifilter did wrong [0x6c=page faults nested too deeply] | number of the frame | list of reserved controls | {thread} thread
0xf5:6d | {subcode} what a minifilter did wrong [0x6d=context released too often] | context of the minifilter | its node (CONTEXT_NODE) | -
0xf5:6e | {subcode} what a minifilter did wrong [0x6e=context used after it was freed] | context of the minifilter | its node (CONTEXT_NODE) | -
0xe4 | {subcode} what happened to the work item [0=freed while active; 1=queued while active; 2=I/O work item freed while queued; 3=I/O work item given a bad object; 5=queued before the queues were set up; 6=queue type not valid; 7=worker routine not valid] | work item | detail, by what happened | detail, by what happened
0xe4:0 | {subcode} what happened to the work item [0=freed while active] | work item | {pool} pool block that was freed | end of that block
0xe4:1 | {subcode} what happened to the work item [1=queued while active] | work item | number of the queue | -
0xe4:2 | {subcode} what happened to the work item [2=I/O work item freed while queued] | work item | {routine} its I/O worker routine | -
0xe4:3 | {subcode} what happened to the work item [3=I/O work item given a bad object] | work item | object that is not valid | -
0xe4:5 | {subcode} what happened to the work item [5=queued before the queues were set up] | work item | number of the queue | NUMA node [0xffffffff=any; 0xffffffffffffffff=any]
0xe4:6 | {subcode} what happened to the work item [6=queue type not valid] | work item | number of the queue | -
0xe4:7 | {subcode} what happened to the work item [7=worker routine not valid] | work item | number of the queue | -
0x10d | {subcode} rule of the driver framework that was broken [1=power operation timed out; 2=lock is already held; 3=completed request still has references; 4=a null argument; 5=handle of the wrong type; 6=request handled fatally wrong; 7=object deleted the wrong way; 8=DMA transaction in the wrong state; 0xa=request of a queue failed fatally; 0xb=lock taken or released wrongly; 0xc=second Plug and Play IRP at a time; 0xd=power IRP that was not asked for; 0xe=callback changed the IRQL; 0xf=callback stayed in a critical region] | detail, by the rule | detail, by the rule | -
0x10d:1 | {subcode} rule of the driver framework that was broken [1=power operation timed out] | data of the timeout (WDF_POWER_ROUTINE_TIMED_OUT_DATA) | - | -
0x10d:2 | {subcode} rule of the driver framework that was broken [2=lock is already held] | - | - | -
0x10d:3 | {subcode} rule of the driver framework that was broken [3=completed request still has references] | request handle | {count} references to its buffers | -
0x10d:4 | {subcode} rule of the driver framework that was broken [4=a null argument] | - | {routine} address in the caller | -
0x10d:5 | {subcode} rule of the driver framework that was broken [5=handle of the wrong type] | handle that was given | - | -
0x10d:6 | {subcode} rule of the driver framework that was broken [6=request handled fatally wrong] | kind of failure [1=no stack location left in the IRP; 2=request without an IRP; 3=request was sent already; 4=too many bytes written to the output buffer] | IRP, request handle or data, by the kind | -
0x10d:7 | {subcode} rule of the driver framework that was broken [7=object deleted the wrong way] | handle of the object | - | -
0x10d:8 | {subcode} rule of the driver framework that was broken [8=DMA transaction in the wrong state] | handle of the transaction | - | -
0x10d:a | {subcode} rule of the driver framework that was broken [0xa=request of a queue failed fatally] | data of the failure (WDF_QUEUE_FATAL_ERROR_DATA) | - | -
0x10d:b | {subcode} rule of the driver framework that was broken [0xb=lock taken or released wrongly] | handle of the object or spin lock | kind of failure [0=object without such locks; 1=another thread took the lock] | -
0x10d:c | {subcode} rule of the driver framework that was broken [0xc=second Plug and Play IRP at a time] | framework device handle | {irp} Plug and Play IRP that came second | -
0x10d:d | {subcode} rule of the driver framework that was broken [0xd=power IRP that was not asked for] | framework device handle | {irp} power IRP | -
0x10d:e | {subcode} rule of the driver framework that was broken [0xe=callback changed the IRQL] | {level} IRQL when the callback began | {level} IRQL when the callback ended | -
0x10d:f | {subcode} rule of the driver framework that was broken [0xf=callback stayed in a critical region] | {routine} callback | - | -
0x9a | {subcode} licence rule that was broken [0=product type changed offline; 1=evaluation period changed offline; 2=setup key would not open; 3=setup mode could not be told; 4=SystemPrefix value absent; 5=processor licence changed offline; 6=ProductOptions key would not open; 7=ProductType value unreadable; 8=no watch on ProductOptions; 9=no watch on SystemPrefix; 0xa=workstation turned into a server; 0xb=reference to the setup key; 0xc=reference to the product key; 0xd=ProductOptions key, in a worker; 0xf=setup key would not open; 0x10=worker of the setup key; 0x11=worker of the product key; 0x12=suite key would not open; 0x13=suite key unreadable; 0x14=memory; 0x15=limit of a suite key; 0x16=key of a suite product; 0x17=limit of a suite product; 0x18=no watch on suites; 0x19=suite needs a domain controller; 0x1a=listing of suites; 0x1b=policy cache was changed] | detail, by its kind | detail, by its kind | detail, by its kind
0x9a:0 | {subcode} licence rule that was broken [0=product type changed offline] | product that it should be [0=workstation; 1=server] | part of the serial number | start of the product type, two characters
0x9a:1 | {subcode} licence rule that was broken [1=evaluation period changed offline] | evaluation time, first source | part of the serial number | evaluation time, second source
0x9a:2 | {subcode} licence rule that was broken [2=setup key would not open] | {status} status of the failure | - | -
0x9a:3 | {subcode} licence rule that was broken [3=setup mode could not be told] | {status} status of the failure | - | -
0x9a:4 | {subcode} licence rule that was broken [4=SystemPrefix value absent] | {status} status of the failure | - | -
0x9a:5 | {subcode} licence rule that was broken [5=processor licence changed offline] | setup code | processors found, which is not valid | {count} processors in the licence
0x9a:6 | {subcode} licence rule that was broken [6=ProductOptions key would not open] | {status} status of the failure | - | -
0x9a:7 | {subcode} licence rule that was broken [7=ProductType value unreadable] | {status} status of the failure | - | -
0x9a:8 | {subcode} licence rule that was broken [8=no watch on ProductOptions] | {status} status of the failure | - | -
0x9a:9 | {subcode} licence rule that was broken [9=no watch on SystemPrefix] | {status} status of the failure | - | -
0x9a:a | {subcode} licence rule that was broken [0xa=workstation turned into a server] | - | - | -
0x9a:1b | {subcode} licence rule that was broken [0x1b=policy cache was changed] | - | - | -
0x9a:b,c,d,f,12,13,15,16,17,18,1a | = | {status} status of the failure | - | -
0x9a:10,11 | = | {status} status of the failure | what failed [0=setting a value; 1=the watch] | -
0x9a:14 | = | {count} size of the allocation | - | -
0x9a:19 | = | - | - | -
""")
