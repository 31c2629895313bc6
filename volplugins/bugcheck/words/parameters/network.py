"""Parameters of bugchecks and live dumps about networks. Source: Microsoft's bug check code reference."""

from __future__ import annotations

from volplugins.bugcheck.words.parameters.table import read_table

TABLE = read_table("""
0xd2 | miniport's block, or the driver's (MiniBlock) | detail, by what was wrong | detail, by what was wrong | detail, by what was wrong [1=initialization, or memory asked for at raised IRQL; 2=halt]
0xfa | {subcode} state of the HTTP driver [1=a work item is not valid] | work item | file that checked it, as text | line in that file
0x112 | {subcode} rule of kernel RPC that was broken [1=went on after an exception that ends all; 2=ALPC gave an error that it may not give; 3=driver unloaded while in use; 4=bad close command; 5=bad close command; 6=handle bound twice; 7=handle not bound; 8=security set on a bound handle; 9=option set on a bound handle; 0xa=bad asynchronous call cancelled; 0xb=pipe pushed when not expected; 0xc=pipe pushed without waiting; 0xe=pipe pushed without waiting; 0xf=pipe ended twice; 0x15=inner error; 0x16=order of calls that cannot be kept; 0x17=still subscribed after the call; 0x18=bad use of the asynchronous handle] | object concerned, by the rule | - | -
0x112:1 | = | {code} code of the exception | - | -
0x112:2 | = | {status} the error | - | -
0x112:3,4,5 | = | session to the server | - | -
0x112:6,7,8,9 | = | binding handle | - | -
0x112:a,b,17 | = | call object | - | -
0x112:c,e,f | = | pipe object | - | -
0x112:16 | = | - | - | -
0x156 | endpoint of the socket driver (AFD) | {subcode} kind of endpoint [1=UDP datagram; 2=raw datagram; 3=TCP listener; 4=TCP endpoint] | {count} bytes waiting to be sent, for datagrams | triage block (NETIO_SUPER_TRIAGE_BLOCK)
0x15e | {subcode} what NDIS met [1=a miniport asked to be started again after a fatal error; 0x25=an operation took too long; 0x30=a miniport keeps a packet (NBL)] | miniport's block, or the operation | detail, by kind | detail, by kind
0x15e:1 | = | miniport's block | {some-device} physical device object of the miniport | why [70=user mode asked; 71=miniport was removed; 72=device instance would not initialize; 73=restart failed; 74=power-up request failed; 75=power-down request failed]
0x15e:25 | = | operation [1=pausing a protocol; 2=Plug and Play event for a protocol; 3=status for a protocol; 4=unbinding a protocol; 0x11=pausing a filter; 0x12=Plug and Play event for a filter; 0x13=status for a filter; 0x14=detaching a filter; 0x21=pausing a miniport; 0x22=halting a miniport; 0x23=request (OID) to a miniport; 0x24=request (OID) to a filter; 0x25=idling a miniport; 0x26=cancelling idle of a miniport] | triage block of the watchdog (NDIS_WATCHDOG_TRIAGE_BLOCK) | code of the event, status or request, by the operation
0x15e:30 | = | miniport's block | - | -
0x1dd | {subcode} what mobile broadband met [0=inner data corrupt; 1=IRQL is not PASSIVE_LEVEL; 2=IRQL is above DISPATCH_LEVEL; 3=structure of a wrong size; 4=power capabilities not valid; 5=wake reason not valid; 6=nothing is being disarmed; 7=framework object not created] | - | - | -
0x1de | {subcode} what Wi-Fi met [0=inner data corrupt; 1=IRQL is not PASSIVE_LEVEL; 2=IRQL is above DISPATCH_LEVEL; 3=structure of a wrong size; 4=wake reason not valid; 5=list of power offloads not valid; 6=list of wake sources not valid; 7=context of an interface not valid; 8=kind of transmit queue not valid; 9=range of transmit queues not valid; 0xa=wake reason at a wrong time; 0xb=field that is no longer used] | detail, by kind | detail, by kind | -
0x1de:0,a | = | - | - | -
0x1de:1,2 | = | {irql} IRQL at the time | - | -
0x1de:3 | = | {count} size that the driver gave | {count} size that Windows has | -
0x1de:4 | = | wake reason | - | -
0x1de:5 | = | the list (WIFI_POWER_OFFLOAD_LIST) | - | -
0x1de:6 | = | the list (WIFI_WAKE_SOURCE_LIST) | - | -
0x1de:7 | = | the context (WIFI_INTERFACE_CONTEXT) | - | -
0x1de:8 | = | the queue's description (WIFI_ADAPTER_TX_DEMUX) | its kind | -
0x1de:9 | = | the queue's description (WIFI_ADAPTER_TX_DEMUX) | its range | -
0x1de:b | = | name of the field, as text | - | -
0x7c | {subcode} what a network driver did wrong [1=asked for shared memory at raised IRQL; 2=overwrote shared memory; 3=freed shared memory twice; 4=a driver that is not registered; 5=reported a packet that is in use; 6=reported a packet that is in use; 7=reported a packet that is in use; 8=halted with its interrupt registered; 9=halted with timers running; 0xa=unloaded too early; 0xb=initialization failed with its interrupt registered; 0xc=initialization failed with timers running; 0xd=halted in initialization with its interrupt registered; 0xe=halted in initialization with timers running; 0xf=completed a reset that was not asked for; 0x10=resume failed with its interrupt registered; 0x11=resume failed with timers running; 0x12=reported a packet that is in use; 0x13=reported a packet that is in use; 0x14=waited at raised IRQL; 0x15=called what is for older drivers; 0x16=opened an adapter wrongly while binding; 0x17=interface provider left with interfaces; 0x1b=loop of interfaces; 0x1c=failed a request that may not fail; 0x1d=completed a request wrongly; 0x1e=reference count; 0x1f=completed a transition that was not asked for; 0x20=bad status indication; 0x21=bad object header; 0x22=bad Plug and Play event; 0x23=packet direct; 0x24=inner failure of NDIS; 0x25=an operation took too long] | miniport's block, or the driver's | detail, by kind | detail, by kind
0x7c:1 | = | miniport's block | {count} bytes asked for | {irql} IRQL at the time
0x7c:2 | = | miniport's block | page that was damaged | record of the driver's shared memory
0x7c:3 | = | miniport's block | page of the memory | address that was to be freed
0x7c:4 | = | driver's block (NDIS_M_DRIVER_BLOCK) | {driver} driver object | -
0x7c:5,6,7,12,13 | = | miniport's block | packet | array of packets
0x7c:8,b,d,10 | = | miniport's block | interrupt (NDIS_MINIPORT_INTERRUPT) | -
0x7c:9,c,e,11 | = | miniport's block | queue of its timers | -
0x7c:a | = | driver's block (NDIS_M_DRIVER_BLOCK) | {driver} driver object | {count} references
0x7c:f | = | miniport's block | {status} status of the reset | whether addressing was reset
0x7c:14 | = | {irql} IRQL at the time | - | -
0x7c:15 | = | miniport's block | - | -
0x7c:16 | = | the protocol | its context of the binding | open handle
0x7c:17 | = | the provider | - | -
0x7c:1b | = | index of the interface above | index of the interface below | -
0x7c:1c | = | miniport's block | the request (OID) | {status} status that it was completed with
0x7c:1d | = | miniport's or filter's block | the request (NDIS_OID_REQUEST) | -
0x7c:1e | = | - | the count (NDIS_REFCOUNT_BLOCK) | tag
0x7c:1f | = | transition | miniport's block | -
0x7c:20 | = | kind of status | driver that indicated it | what goes with it
0x7c:21 | = | driver | object with the header | -
0x7c:22 | = | driver | the event (NET_PNP_EVENT_NOTIFICATION) | -
0x7c:23 | = | kind of failure | detail, by kind | detail, by kind
0x7c:24 | = | operation [1=waiting for an object] | {status} status of the failure | -
0x7c:25 | = | operation [1=pausing a protocol; 2=Plug and Play event for a protocol; 3=status for a protocol; 4=unbinding a protocol; 0x11=pausing a filter; 0x12=Plug and Play event for a filter; 0x13=status for a filter; 0x14=detaching a filter; 0x21=pausing a miniport; 0x22=halting a miniport; 0x23=request (OID) to a miniport; 0x24=request (OID) to a filter; 0x25=idling a miniport; 0x26=cancelling idle of a miniport] | triage block of the watchdog (NDIS_WATCHDOG_TRIAGE_BLOCK) | code of the event, status or request, by the operation
""")
