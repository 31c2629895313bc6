"""Parameters of bugchecks about setup, boot and what comes from firmware.

Source: Microsoft's bug check code reference.
"""

from __future__ import annotations

from volplugins.bugcheck.words.parameters.table import read_table

TABLE = read_table("""
0x79 | {subcode} how kernel and HAL differ [1=level of the processor block; 2=kind of build; 3=loader] | of the kernel, or size of the loader's extension | of the HAL, or major version of the extension | minor version of the loader's extension
0x79:1 | = | level of the kernel | level of the HAL | -
0x79:2 | = | build of the kernel [0=multiprocessor, free; 1=multiprocessor, checked; 2=one processor, free; 3=one processor, checked] | build of the HAL [0=multiprocessor, free; 1=multiprocessor, checked; 2=one processor, free; 3=one processor, checked] | -
0x85 | {subcode} step of setup that failed [0=font; 1=video; 2=memory; 3=keyboard; 4=path of the boot device; 5=check of partitions] | detail, by step | detail, by step | -
0x85:0,2,4,5 | = | - | - | -
0x85:1 | = | video step [0=opening the device; 1=number of modes; 2=modes; 3=mode not supported; 4=setting the mode; 5=mapping its memory; 6=loading the font] | {status} status | -
0x85:3 | = | keyboard step [0=opening the device; 1=loading the layout] | - | -
0x100 | always 3 | size of the loader's extension | major version of the loader block | minor version of the loader block
0x12a | {subcode} what is absent [1=any language pack; 2=a licensed language pack for the default language] | {status} status | - | -
0xe0 | given by the firmware | given by the firmware | given by the firmware | given by the firmware
0x122 | {subcode} what hardware error reporting could not do [1=memory for the error sources; 2=memory for each processor; 5=memory, or enumerating the sources; 6=initializing a source; 7=memory; 8=memory for descriptions; 9=an error of a source that is none; 0xa=memory for a record; 0xb=filling a record] | detail, by kind | detail, by kind | detail, by kind
0x122:1 | = | size of the memory | {count} error sources | -
0x122:2 | = | {count} processors | - | -
0x122:5 | = | {status} status | phase | -
0x122:6 | = | {status} status | phase | kind of source
0x122:7 | = | {status} status | - | -
0x122:8 | = | {count} error sources | - | -
0x122:9,a,b | = | kind of source | id of the source | -
0x143 | {subcode} what the power engine plug-in did [1=did not take a notification; 2=gave an idle state that is not valid] | kind of notification, or of state | detail, by kind | its context (FDO_DATA)
0x143:1 | = | kind of notification | the notification | =
0x143:2 | = | state [0=too many processors; 1=of a processor; 2=of the platform] | processors asked for, or number of the state | =
0x1d0 | context of the ACPI interpreter | name of the context (UNICODE_STRING) | ACPI device extension | triage block (ACPI)
0x1da | {subcode} what failed in the hypervisor's start of processors [1=its library; 2=start of a processor; 3=package of a processor; 4=a power operation; 5=fatal exception of a blocked processor; 6=a power operation took too long] | detail, by kind | detail, by kind | detail, by kind
0x1da:1 | = | {status} status | - | -
0x1da:2 | = | {cpu} processor | its APIC id | -
0x1da:3 | = | {cpu} processor | - | -
0x1da:4,6 | = | operation [1=MSR read; 2=MSR write; 3=port read; 4=port write; 5=registering idle states] | {cpu} processor | mailbox
0x1da:5 | = | {cpu} processor | vector | {trap} trap frame
0x1df | state of the processor | - | {cpu} processor, as Windows numbers it | local id of the processor
""")
