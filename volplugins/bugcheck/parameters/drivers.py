"""Parameters of bugchecks of driver frameworks, buses and the verifier. Source: Microsoft's bug check code reference."""

from __future__ import annotations

from volplugins.bugcheck.parameters.table import read_table

TABLE = read_table("""
0x7c | {subcode} what a network driver did wrong [1=asked for shared memory at raised IRQL; 2=overwrote shared memory; 3=freed shared memory twice; 4=a driver that is not registered; 5=reported a packet that is in use; 6=reported a packet that is in use] | miniport's block, or the driver's | detail, by kind | detail, by kind
0xc4 | {subcode} rule that the verifier saw broken [0=asked for no bytes of pool; 1=paged pool at raised IRQL; 0x10=freed an address that was not given out; 0x13=freed pool twice; 0x30=raised to a lower IRQL; 0x31=lowered to a higher IRQL; 0x3b=a wait at raised IRQL; 0x62=unloaded with pool left; 0x81=an MDL that was not locked; 0xf6=a user handle as a kernel handle; 0x2000=memory both writable and executable] | detail, by rule | detail, by rule | detail, by rule
0xc9 | {subcode} I/O rule that the verifier saw broken [1=freed what is no IRP; 2=freed an IRP that a thread still owns; 3=sent what is no IRP; 4=sent to what is no device; 5=IRQL changed across a call; 6=completed as pending; 7=completed with a cancel routine set; 8=built a request with a bad buffer; 9=built a control request with a bad buffer; 0x10=called a driver above dispatch level] | detail, by rule | detail, by rule | detail, by rule
0xe6 | {subcode} rule of DMA that the verifier saw broken [0=flush or map registers; 1=performance counter ran backwards; 2=performance counter ran too fast; 3=common buffers freed too often; 4=adapter channels freed too often; 5=map registers freed too often; 6=scatter/gather lists freed too often] | detail, by rule | detail, by rule | detail, by rule
""")
