"""Parameters of bugchecks of what watches over the kernel from outside of it.

Source: Microsoft's bug check code reference.
"""

from __future__ import annotations

from volplugins.bugcheck.words.parameters.table import read_table

TABLE = read_table("""
0x18c | {subcode} what was changed [0x1001=data; 0x1002=hash of a page; 0x1004=interrupt table (IDT); 0x1005=segment table (GDT); 0x1007=debug routine; 0x1008=dynamic code; 0x1009=shareable data; 0x100a=overlay of the hypervisor; 0x100b=mode of a processor; 0x100c=extended control register; 0x100d=secure memory; 0x100e=a loaded module; 0x100f=state of a processor; 0x1010=bitmap of control flow guard; 0x1011=page at address 0; 0x1012=second inverted function table; 0x1013=a page verified on demand; 0x1016=secure image; 0x1017=protection of a kernel address; 0x1101=inner context; 0x1102=interrupt table register (IDTR); 0x1103=segment table register (GDTR)] | detail, by what was changed | - | -
0x18d | {flags} what the secure kernel refused by its own page tables [1=execution; 2=read; 4=write; 8=a fault within a fault] | address, for some kinds | {exception} exception record | {context} context record
0x158 | address space id that is not valid | {count} ids in use | {process} process that uses it | {count} references to it
0x159 | maker of the IOMMU, or its kind of fault | fault packet, or status | data of the maker, or PASID | data of the maker, or directory base
0x125 | {subcode} source of the non-maskable or hardware error [0=machine check; 1=corrected machine check; 2=corrected platform error; 3=non-maskable interrupt; 4=PCI Express; 5=generic; 6=initialization; 7=boot; 8=generic, by SCI; 9=Itanium machine check abort; 0xa=Itanium, corrected machine check; 0xb=Itanium, corrected platform error] | error record (WHEA_ERROR_RECORD) | - | -
0x125:0 | = | = | upper half of the bank's MCi_STATUS | lower half of the bank's MCi_STATUS
0x125:9 | = | = | length of the firmware log (SAL), in bytes | firmware log (SAL)
0x151 | {ip} program counter at the time | {trap} trap frame | - | -
0x14b | details (SOC_SUBSYSTEM_FAILURE_DETAILS) | - | - | data of the maker, if any
0x15d | details (SOC_SUBSYSTEM_FAILURE_DETAILS) | - | - | data of the maker, if any
0x171 | {subcode} number of the failure | - | - | -
""")
