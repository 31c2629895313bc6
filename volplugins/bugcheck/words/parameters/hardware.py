"""Parameters of bugchecks about hardware, firmware, boot and USB. Source: Microsoft's bug check code reference."""

from __future__ import annotations

from volplugins.bugcheck.words.parameters.table import read_table

TABLE = read_table("""
0x124 | {subcode} source of the hardware error [0=machine check; 1=corrected machine check; 2=corrected platform error; 3=non-maskable interrupt; 4=PCI Express; 5=generic hardware error; 6=initialization; 7=boot; 8=generic, by SCI; 9=Itanium machine check abort; 0xa=Itanium, corrected machine check; 0xb=Itanium, corrected platform error; 0xe=management controller (BMC); 0xf=persistent memory scrub; 0x10=device driver; 0x11=Arm external abort; 0x12=Arm SError] | error record (WHEA_ERROR_RECORD) | - | -
0x124:0 | {subcode} source of the hardware error [0=machine check] | error record (WHEA_ERROR_RECORD) | upper half of the bank's MCi_STATUS | lower half of the bank's MCi_STATUS
0x124:9 | {subcode} source of the hardware error [9=Itanium machine check abort] | error record (WHEA_ERROR_RECORD) | length of the firmware log (SAL), in bytes | firmware log (SAL)
0x9c | number of the machine check bank | exception data (MCA_EXCEPTION) | upper half of the bank's MCi_STATUS | lower half of the bank's MCi_STATUS
0x12 | {subcode} kind of trap [1=unexpected interrupt; 2=unknown floating-point exception; 3=status bits set and enabled] | detail, by its kind | - | -
0x12:1 | {subcode} kind of trap [1=unexpected interrupt] | interrupt vector | - | -
0x17e | CPUID signature of the processor that differs | microcode revision that it should have | microcode revision that it has | {cpu} number of that processor
0x7b | boot device: its name (UNICODE_STRING) or its device object | - | - | -
0xed | {some-device} device object of the volume to boot from | {status} status of the file system that did not mount it | - | -
0x74 | - | - | - | {status} status of the failure, where known
0x6b | {status} status of the failure | - | - | -
0xa5 | {subcode} what is wrong in the firmware [1=no resource for the ACPI interrupt (SCI); 2=resources of a PCI root bus not usable; 3=control method failed while the namespace was built; 6=named object not found; 8=method gave no integer; 0xd=method or object absent; 0x10=power states do not map; 0x11=ACPI mode could not be entered; 0x15=table could not be loaded; 0x1000=memory region overlaps memory of Windows; 0x10001=interrupt routing failed; 0x10002=link node of _PRT not found; 0x10003=no _PRT entry for a device; 0x10006=link node cannot be disabled; 0x20000=ACPI timer does not run] | detail, by its kind | detail, by its kind | detail, by its kind
0xa5:1 | {subcode} what is wrong in the firmware [1=no resource for the ACPI interrupt (SCI)] | ACPI device extension | ACPI resource list | what is absent [0=the resource list; 1=an interrupt in the list]
0xa5:2 | {subcode} what is wrong in the firmware [2=resources of a PCI root bus not usable] | ACPI extension of the PCI bus | kind of failure, or resource list of the bus [0=list not convertible; 1=requirements not convertible; 2=list is empty; 3=no bus number in the list] | IRP, descriptor or memory map, by the failure
0xa5:3 | {subcode} what is wrong in the firmware [3=control method failed while the namespace was built] | ACPI object that ran | result of the interpreter | name of the method, as four characters
0xa5:4 | {subcode} what is wrong in the firmware [4=_PRW element is no integer] | ACPI extension of the method's owner | method | type that it gave back
0xa5:5 | {subcode} what is wrong in the firmware [5=_PRW is too short] | ACPI extension of the method's owner | the _PRW | {count} elements in it
0xa5:6 | {subcode} what is wrong in the firmware [6=named object not found] | ACPI extension of the method's owner | the _PRx | name that was looked for
0xa5:7 | {subcode} what is wrong in the firmware [7=method gave no buffer] | ACPI extension of the method's owner | method | type that it gave back
0xa5:8 | {subcode} what is wrong in the firmware [8=method gave no integer] | ACPI extension of the method's owner | method | type that it gave back
0xa5:9 | {subcode} what is wrong in the firmware [9=method gave no package] | ACPI extension of the method's owner | method | type that it gave back
0xa5:a | {subcode} what is wrong in the firmware [0xa=method gave no string] | ACPI extension of the method's owner | method | type that it gave back
0xa5:b | {subcode} what is wrong in the firmware [0xb=target of _EJD not found] | ACPI extension of the method's owner | result of the interpreter | name that was looked for
0xa5:d | {subcode} what is wrong in the firmware [0xd=method or object absent] | ACPI extension that lacks it | name of the method, as four characters | why [0=absent; 1=conflict]
0xa5:f | {subcode} what is wrong in the firmware [0xf=resource descriptor not readable] | buffer that was read | its tag | its length
0xa5:10 | {subcode} what is wrong in the firmware [0x10=power states do not map] | ACPI extension of the device | kind of failure [0=mapped back to an unsupported system state; 1=no device state for the system state; 2=wake claimed from an unsupported system state] | power state, by the failure
0xa5:11 | {subcode} what is wrong in the firmware [0x11=ACPI mode could not be entered] | step that failed [0=interpreter; 1=finding the RSDT; 2=memory for the driver; 3=loading the RSDT; 4=loading the tables; 5=connecting the interrupt; 6=SCI_EN stays clear; 7=checksum of a table; 8=loading one table; 9=firmware version; 0xa=finding the MADT; 0xb=local SAPIC entries of the MADT] | table or version, by the step | revision of its creator, for a table
0xa5:15 | {subcode} what is wrong in the firmware [0x15=table could not be loaded] | context of the interpreter | step that failed [1=loading the table; 2=finding the parameter path; 3=storing the parameter; 4=memory] | {status} status of the failure
0xa5:1000 | {subcode} what is wrong in the firmware [0x1000=memory region overlaps memory of Windows] | upper half of the region's physical address | lower half of the region's physical address | length to map
0xa5:10001 | {subcode} what is wrong in the firmware [0x10001=interrupt routing failed] | {device} device object | its parent | the _PRT
0xa5:10002 | {subcode} what is wrong in the firmware [0x10002=link node of _PRT not found] | {device} device object | name that was looked for | the _PRT
0xa5:10003 | {subcode} what is wrong in the firmware [0x10003=no _PRT entry for a device] | {device} device object | device and function number | the _PRT
0xa5:10005 | {subcode} what is wrong in the firmware [0x10005=_PRT entry names a single function] | the _PRT | its current entry | device and function number
0xa5:10006 | {subcode} what is wrong in the firmware [0x10006=link node cannot be disabled] | link node without _DIS | - | -
0xa5:1000e | {subcode} what is wrong in the firmware [0x1000e=resources of a secure device differ] | {status} status of the comparison | namespace path (UNICODE_STRING) | resource list it was compared with
0xa5:20000 | {subcode} what is wrong in the firmware [0x20000=ACPI timer does not run] | I/O port of the timer, from the fixed table | - | -
0x144 | {subcode} what went wrong on USB 3 [1=a URB was sent again while in use; 2=boot device was not found again; 3=damaged URB; 0x800=streams opened at raised IRQL; 0x801=streams opened before the capability query; 0x802=bad number of streams; 0x803=streams opened twice; 0x804=leaked handle or URB; 0x805=streams closed in the wrong state; 0x806=chained MDL before the capability query; 0x807=transfer longer than its MDL; 0x1001=controller: host system error; 0x1002=controller: host controller error; 0x1003=controller: endpoint stop failed; 0x1007=controller: reset failed; 0x1009=controller: command never completed; 0x100d=controller was removed; 0x3000=hub was reset; 0x3001=hub could not be reset; 0x3003=device failed enumeration] | detail, by what went wrong | detail, by what went wrong | detail, by what went wrong
0x144:1 | {subcode} what went wrong on USB 3 [1=a URB was sent again while in use] | {some-irp} IRP of the second send, where known | the URB | {device} device object of the driver that asked
0x144:2 | {subcode} what went wrong on USB 3 [2=boot device was not found again] | {device} physical device object of the boot device | - | -
0x144:3 | {subcode} what went wrong on USB 3 [3=damaged URB] | {some-irp} IRP of the send, where known | the URB | {device} device object of the driver that asked
0x144:800 | {subcode} what went wrong on USB 3 [0x800=streams opened at raised IRQL] | {irql} IRQL of the request | {some-irp} IRP of the request | {device} device object of the driver that asked
0x144:801 | {subcode} what went wrong on USB 3 [0x801=streams opened before the capability query] | {some-irp} IRP of the request | the URB | {device} device object of the driver that asked
0x144:802 | {subcode} what went wrong on USB 3 [0x802=bad number of streams] | {count} streams asked for | {count} streams granted | {device} device object of the driver that asked
0x144:803 | {subcode} what went wrong on USB 3 [0x803=streams opened twice] | {some-irp} IRP of the request | the URB | {device} device object of the driver that asked
0x144:804 | {subcode} what went wrong on USB 3 [0x804=leaked handle or URB] | context of the leaked handle | {device} device object that made the handle | -
0x144:805 | {subcode} what went wrong on USB 3 [0x805=streams closed in the wrong state] | request handle | the URB | {device} device object of the driver that asked
0x144:806 | {subcode} what went wrong on USB 3 [0x806=chained MDL before the capability query] | {some-irp} the IRP | the URB | {device} device object of the driver that asked
0x144:807 | {subcode} what went wrong on USB 3 [0x807=transfer longer than its MDL] | the MDL | the URB | {device} device object of the driver that asked, where known
0x144:1001 | {subcode} what went wrong on USB 3 [0x1001=controller: host system error] | context of the live dump (XHCI_LIVEDUMP_CONTEXT) | - | -
0x144:1002 | {subcode} what went wrong on USB 3 [0x1002=controller: host controller error] | context of the live dump (XHCI_LIVEDUMP_CONTEXT) | - | -
0x144:1003 | {subcode} what went wrong on USB 3 [0x1003=controller: endpoint stop failed] | context of the live dump (XHCI_LIVEDUMP_CONTEXT) | - | -
0x144:1007 | {subcode} what went wrong on USB 3 [0x1007=controller: reset failed] | context of the live dump (XHCI_LIVEDUMP_CONTEXT) | - | -
0x144:1009 | {subcode} what went wrong on USB 3 [0x1009=controller: command never completed] | context of the live dump (XHCI_LIVEDUMP_CONTEXT) | - | -
0x144:100d | {subcode} what went wrong on USB 3 [0x100d=controller was removed] | context of the live dump (XHCI_LIVEDUMP_CONTEXT) | - | -
0x144:3000 | {subcode} what went wrong on USB 3 [0x3000=hub was reset] | context of the live dump (USBHUB3_LIVEDUMP_CONTEXT) | - | -
0x144:3001 | {subcode} what went wrong on USB 3 [0x3001=hub could not be reset] | context of the live dump (USBHUB3_LIVEDUMP_CONTEXT) | - | -
0x144:3003 | {subcode} what went wrong on USB 3 [0x3003=device failed enumeration] | context of the live dump (USBHUB3_LIVEDUMP_CONTEXT) | - | -
0xfe | {subcode} what went wrong on USB [1=inner error; 2=a URB that another IRP still uses; 3=port driver gave up, often over hardware; 4=IRP is pending already; 5=hardware used a bad physical address; 6=inner object damaged; 7=message of the port driver; 8=hub driver] | detail, by what went wrong | detail, by what went wrong | detail, by what went wrong
0xfe:1 | {subcode} what went wrong on USB [1=inner error] | - | - | -
0xfe:2 | {subcode} what went wrong on USB [2=a URB that another IRP still uses] | {some-irp} pending IRP | {some-irp} IRP that was sent | URB at fault
0xfe:3 | {subcode} what went wrong on USB [3=port driver gave up, often over hardware] | - | - | -
0xfe:4 | {subcode} what went wrong on USB [4=IRP is pending already] | {some-irp} the IRP | the URB | -
0xfe:5 | {subcode} what went wrong on USB [5=hardware used a bad physical address] | device extension of the host controller | PCI vendor and product | endpoint data
0xfe:6 | {subcode} what went wrong on USB [6=inner object damaged] | the object | signature that it should have | -
0xfe:7 | {subcode} what went wrong on USB [7=message of the port driver] | log of usbport.sys | message | file name
0xfe:8 | {subcode} what went wrong on USB [8=hub driver] | what the hub driver found [2=unexpected IRP; 4=fatal trap of a device; 6=fatal timeout] | device, context or timeout, by what was found | IRP, context or port data, by what was found
0x104 | place of the first wrong word in the page of the AGP verifier, in words | - | - | -
0x105 | base of the address table (GART) | offset of the damage | base of its copy | -
0x106 | AGP command register as it was set | AGP command register now | - | -
""")
