"""Parameters of bugchecks of driver frameworks, buses and the verifier. Source: Microsoft's bug check code reference."""

from __future__ import annotations

from volplugins.bugcheck.words.parameters.table import read_table

TABLE = read_table("""
0xc9 | {subcode} I/O rule that the verifier saw broken [1=freed what is no IRP; 2=freed an IRP that a thread still owns; 3=sent what is no IRP; 4=sent to what is no device; 5=IRQL changed across a call; 6=completed as pending; 7=completed with a cancel routine set; 8=built a request with a bad buffer; 9=built a control request with a bad buffer; 0x10=called a driver above dispatch level] | detail, by rule | detail, by rule | detail, by rule
0xc9:1 | {subcode} I/O rule that the verifier saw broken [1=freed what is no IRP] | address that was to be freed | - | -
0xc9:2 | {subcode} I/O rule that the verifier saw broken [2=freed an IRP that a thread still owns] | {some-irp} the IRP | - | -
0xc9:3 | {subcode} I/O rule that the verifier saw broken [3=sent what is no IRP] | address that was sent as an IRP | - | -
0xc9:4 | {subcode} I/O rule that the verifier saw broken [4=sent to what is no device] | address that was given as a device | - | -
0xc9:5 | {subcode} I/O rule that the verifier saw broken [5=IRQL changed across a call] | {some-device} device of the driver that was called | {level} IRQL before the call | {level} IRQL after the call
0xc9:6 | {subcode} I/O rule that the verifier saw broken [6=completed as pending] | {status} status in the IRP | {some-irp} the IRP | -
0xc9:7 | {subcode} I/O rule that the verifier saw broken [7=completed with a cancel routine set] | {routine} the cancel routine | {some-irp} the IRP | -
0xc9:8 | {subcode} I/O rule that the verifier saw broken [8=built a request with a bad buffer] | {some-device} device object | major function of the IRP | {status} code of the exception
0xc9:9 | {subcode} I/O rule that the verifier saw broken [9=built a control request with a bad buffer] | {some-device} device object | I/O control code | {status} code of the exception
0xc9:0xa | {subcode} I/O rule that the verifier saw broken [0xa=timer of a device initialised twice] | {some-device} device object | - | -
0xc9:0xc | {subcode} I/O rule that the verifier saw broken [0xc=status block on a stack that was left] | the status block | - | -
0xc9:0xd | {subcode} I/O rule that the verifier saw broken [0xd=event on a stack that was left] | the event | - | -
0xc9:0xe | {subcode} I/O rule that the verifier saw broken [0xe=completed above dispatch level] | {irql} IRQL at the time | {some-irp} the IRP | -
0xc9:0xf | {subcode} I/O rule that the verifier saw broken [0xf=opened a file object that is closed] | {some-device} device that it was sent to | {some-irp} the IRP | file object
0xc9:0x10 | {subcode} I/O rule that the verifier saw broken [0x10=called a driver above dispatch level] | {irql} IRQL at the time | - | -
0xc9:0x11 | {subcode} I/O rule that the verifier saw broken [0x11=IRQL wrong around a fast I/O routine] | {routine} the driver's routine | {level} IRQL before the call | {irql} IRQL now
0xc9:0x12 | {subcode} I/O rule that the verifier saw broken [0x12=IRQL wrong around a dispatch routine] | {routine} the driver's routine | {level} IRQL before the call | {irql} IRQL now
0xc9:0x202 | {subcode} I/O rule that the verifier saw broken [0x202=detached a device that is not attached] | {routine} place in the driver where it was seen | {some-device} device object | -
0xc9:0x203 | {subcode} I/O rule that the verifier saw broken [0x203=forwarded with a cancel routine set] | {routine} place in the driver where it was seen | {some-irp} the IRP | -
0xc9:0x205 | {subcode} I/O rule that the verifier saw broken [0x205=forwarded while queued further down] | {routine} place in the driver where it was seen | {some-irp} the IRP | -
0xc9:0x207 | {subcode} I/O rule that the verifier saw broken [0x207=copied the completion routine of the driver above] | {routine} place in the driver where it was seen | {some-irp} the IRP | -
0xc9:0x208 | {subcode} I/O rule that the verifier saw broken [0x208=stack locations of the IRP run out] | {routine} place in the driver where it was seen | {some-irp} the IRP | -
0xc9:0x209 | {subcode} I/O rule that the verifier saw broken [0x209=completed while queued further down] | {routine} place in the driver where it was seen | {some-irp} the IRP | -
0xc9:0x20b | {subcode} I/O rule that the verifier saw broken [0x20b=freed an IRP in use] | {routine} place in the driver where it was seen | {some-irp} the IRP | -
0xc9:0x20c | {subcode} I/O rule that the verifier saw broken [0x20c=freed an IRP that a thread still owns] | {routine} place in the driver where it was seen | {some-irp} the IRP | -
0xc9:0x20d | {subcode} I/O rule that the verifier saw broken [0x20d=initialised an IRP that was allocated] | {routine} place in the driver where it was seen | {some-irp} the IRP | -
0xe6 | {subcode} rule of DMA that the verifier saw broken [0=flush or map registers; 1=performance counter ran backwards; 2=performance counter ran too fast; 3=common buffers freed too often; 4=adapter channels freed too often; 5=map registers freed too often; 6=scatter/gather lists freed too often] | detail, by rule | detail, by rule | detail, by rule
0xe6:0 | {subcode} rule of DMA that the verifier saw broken [0=flush or map registers] | 1: flushed too much; 2: registers ran out | left of the MDL, or registers needed | left to flush, or registers in a row
0xe6:3 | {subcode} rule of DMA that the verifier saw broken [3=common buffers freed too often] | {count} buffers freed too many | - | -
0xe6:4 | {subcode} rule of DMA that the verifier saw broken [4=adapter channels freed too often] | {count} channels freed too many | - | -
0xe6:5 | {subcode} rule of DMA that the verifier saw broken [5=map registers freed too often] | {count} registers freed too many | - | -
0xe6:6 | {subcode} rule of DMA that the verifier saw broken [6=scatter/gather lists freed too often] | {count} lists allocated | {count} lists freed | -
0xe6:7 | {subcode} rule of DMA that the verifier saw broken [7=adapter released with common buffers left] | DMA adapter | {count} buffers left | record of the verifier (internal)
0xe6:8 | {subcode} rule of DMA that the verifier saw broken [8=adapter released with channels left] | DMA adapter | {count} channels left | record of the verifier (internal)
0xe6:9 | {subcode} rule of DMA that the verifier saw broken [9=adapter released with map registers left] | DMA adapter | {count} registers left | record of the verifier (internal)
0xe6:0xa | {subcode} rule of DMA that the verifier saw broken [0xa=adapter released with scatter/gather lists left] | DMA adapter | {count} lists left | record of the verifier (internal)
0xe6:0xb | {subcode} rule of DMA that the verifier saw broken [0xb=too many channels at a time] | {count} channels in use | - | -
0xe6:0xc | {subcode} rule of DMA that the verifier saw broken [0xc=too many map registers at a time] | {count} registers needed | {count} registers allowed | -
0xe6:0xd | {subcode} rule of DMA that the verifier saw broken [0xd=adapter buffers not flushed] | {count} bytes mapped | {count} bytes allowed at once | -
0xe6:0xe | {subcode} rule of DMA that the verifier saw broken [0xe=buffer not locked in memory] | MDL of the buffer | - | -
0xe6:0xf | {subcode} rule of DMA that the verifier saw broken [0xf=written outside the buffer] | what was overwritten [1=tag in front; 2=tag behind; 3=free map register; 4=padding in front; 5=padding behind] | detail, by what was overwritten | detail, by what was overwritten
0xe6:0x10 | {subcode} rule of DMA that the verifier saw broken [0x10=registers freed while mapped] | {count} registers still mapped | - | -
0xe6:0x11 | {subcode} rule of DMA that the verifier saw broken [0x11=too many references to the adapter] | {count} references | DMA adapter | record of the verifier (internal)
0xe6:0x13 | {subcode} rule of DMA that the verifier saw broken [0x13=routine called at a wrong IRQL] | how it is wrong [1=not as expected; 2=too high] | {level} IRQL allowed | {irql} IRQL at the time
0xe6:0x15 | {subcode} rule of DMA that the verifier saw broken [0x15=too many map registers asked for] | {count} registers allocated | {count} registers allowed | -
0xe6:0x16 | {subcode} rule of DMA that the verifier saw broken [0x16=buffer flushed that is not mapped] | address of the map register | record of the verifier (internal) | -
0xe6:0x18 | {subcode} rule of DMA that the verifier saw broken [0x18=adapter used after its release] | DMA adapter | record of the verifier (internal) | -
0xe6:0x1b | {subcode} rule of DMA that the verifier saw broken [0x1b=address outside the MDL] | the address | the MDL | -
0xe6:0x1d | {subcode} rule of DMA that the verifier saw broken [0x1d=range mapped twice] | start of the buffer | end of the buffer | address that is mapped already
0xe6:0x1f | {subcode} rule of DMA that the verifier saw broken [0x1f=invalid buffer] | what is wrong [1=in front of the MDL; 2=behind the MDL; 3=length crosses a page; 4=address not aligned; 5=length not aligned] | detail, by what is wrong | detail, by what is wrong
0xe6:0x20 | {subcode} rule of DMA that the verifier saw broken [0x20=register flushed that is not mapped] | base of the map registers | start of the buffer | MDL of the buffer
0xe6:0x21 | {subcode} rule of DMA that the verifier saw broken [0x21=empty buffer mapped] | record of the verifier (internal) | - | -
0xe6:0x22 | {subcode} rule of DMA that the verifier saw broken [0x22=buffer not mapped for the system] | the MDL | - | -
0xe6:0x23 | {subcode} rule of DMA that the verifier saw broken [0x23=channel flushed that is not done] | kind of violation [0=flush not allowed] | number of the controller | number of the channel
0xe6:0x24 | {subcode} rule of DMA that the verifier saw broken [0x24=buffer too small] | {count} length not covered | - | -
0xe6:0x26 | {subcode} rule of DMA that the verifier saw broken [0x26=IOMMU saw an access outside] | {some-device} device object of the device | address of the access, mostly physical | kind of fault, by hardware
""")
