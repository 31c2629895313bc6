"""Parameters of bugchecks and live dumps about devices and the drivers of their buses.

Source: Microsoft's bug check code reference.
"""

from __future__ import annotations

from volplugins.bugcheck.words.parameters.table import read_table

TABLE = read_table("""
0x138 | {subcode} what the GPIO driver met [1=no controller for an interrupt; 2=bad context to lock or unlock; 3=power state F1 that may not be; 4=power state F0 that may not be; 5=an interrupt operation failed; 6=an I/O operation failed; 7=malformed data of a _DSM method] | detail, by kind | detail, by kind | detail, by kind
0x138:1 | = | number of the interrupt (GSIV) | - | -
0x138:2 | = | the context | - | -
0x138:3,4 | = | transition is critical [0=no; 1=yes] | in F1 by a transition that is not critical [0=no; 1=yes] | in F1 by a critical transition [0=no; 1=yes]
0x138:5 | = | {status} status | device extension | parameters of the interrupt
0x138:6 | = | {status} status | device extension | parameters of the operation
0x138:7 | = | revision | number of the function | -
0x13b | {subcode} what was wrong with an interrupt object [1=spin lock of a passive-level one] | interrupt object (KINTERRUPT) | - | -
0x14e | id of the device that was removed, four characters | - | - | -
0x198 | {subcode} what UFX met [1=bus not activated] | children that were found, a bit each | children that were activated, a bit each | -
0x1b0 | {subcode} step of a device that failed [1=adding it; 2=starting it] | {status} status | - | -
0x1a5 | {some-device} physical device object of the device that holds up | - | - | -
0x1a6 | {some-device} physical device object of the radio | - | - | -
0x1d4 | {subcode} what a USB connector command met [0=firmware did not answer in time; 1=it failed] | value of the command | further data (UCMUCSICX_TRIAGE), if any | -
0x1d8 | {subcode} what a USB connector command met [0=firmware did not answer in time; 1=it failed] | value of the command | further data (UCMUCSICX_TRIAGE), if any | -
0x1d9 | {subcode} what failed with an IOMMU domain [0=deleting it; 1=unmapping its pages; 2=leaving it] | {status} status | domain object | -
0x1d9:1 | = | = | = | logical address
0x1dc | {subcode} what a DMA helper met [1=wrong IRQL; 2=vector not empty; 3=index too large; 4=index that is free; 5=common buffer leaked] | detail, by kind | detail, by kind | detail, by kind
0x1dc:1 | = | {irql} IRQL at the time | - | -
0x1dc:2 | = | number of a buffer that is left | its virtual address | its logical address
0x1dc:3 | = | {count} entries that there are | number asked for | -
0x1dc:4 | = | number asked for | - | -
0x1dc:5 | = | - | - | -
0x1e9 | {some-device} physical device object | - | - | -
0x1ea | code of the instruction | requester id of the device | offset in configuration space | {ip} instruction that caused the exception
0xbfe | {subcode} rule of Bluetooth that the verifier saw broken [1=request in use was submitted; 2=request in use was freed; 3=bad kind of request; 4=bad pointer to a request; 5=request of a bad size; 6=bad parameters of a control; 7=bad server handle; 8=bad channel handle; 9=bad server handle] | request (BRB) | detail, by rule | detail, by rule
0xbfe:1,2,4 | = | = | - | -
0xbfe:3 | = | = | extension of the device, if known | -
0xbfe:5 | = | = | {count} its size | {count} size that it should have
0xbfe:6 | = | - | - | -
0xbfe:7,9 | = | server handle | - | -
0xbfe:8 | = | = | channel handle | -
0xbff | {subcode} rule of a Bluetooth transport that the verifier saw broken [1=packet of another kind than asked; 2=unexpected status; 3=wrong size of output] | detail, by rule | detail, by rule | -
0xbff:1 | = | kind of the packet | kind that was asked | -
0xbff:2 | = | {status} status | - | -
0xbff:3 | = | {count} size | {count} size that it should be | -
""")
