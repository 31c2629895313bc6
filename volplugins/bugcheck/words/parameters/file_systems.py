"""Parameters of bugchecks of file systems and their filters. Source: Microsoft's bug check code reference."""

from __future__ import annotations

from volplugins.bugcheck.words.parameters.table import read_table

TABLE = read_table("""
0x23  | source file and line in the file system | {exception} exception record, where a filter caught it | {context} context record, where a filter caught it | -
0x24  | source file and line in the file system | {exception} exception record, where a filter caught it | {context} context record, where a filter caught it | -
0x25  | source file and line in the file system | - | - | -
0x26  | source file and line in the file system | {exception} exception record, where a filter caught it | {context} context record, where a filter caught it | -
0x27  | kind of problem, source file and line in the redirector | {exception} exception record, where a filter caught it | {context} context record, where a filter caught it | -
0x10c | {subcode} what is wrong with an extra create parameter [1=its signature; 2=unknown flags; 3=not allocated as it must be; 4=flags that a caller may not set; 5=its size] | - | the parameter | list that it is on
0x9b  | source file and line in the file system | {exception} exception record, where a filter caught it | {context} context record, where a filter caught it | -
0xa4  | source file and line in the filter | - | - | -
0xf9  | {some-device} device object that was opened | {device} device object that got the create request | new name of the file as text | information that the driver gave back
0x12c | source file and line in the file system | {exception} exception record, where a filter caught it | {context} context record, where a filter caught it | -
0x188 | {subcode} what failed on a cluster volume [1=purge as an oplock went down to none; 2=purge as an oplock went up from none; 3=purge while failures are recorded; 4=flush as an oplock went down to none] | control block of the stream | - | -
0x195 | {subcode} why the file server took the dump [1=a request took too long] | work item of the request | - | -
0x1a7 | {subcode} why the redirector took the dump [1=a request took too long] | connection object | - | -
0x1d7 | {subcode} where file encryption failed [1=before the work was offloaded] | {status} status of the operation | {irp} IRP at the time | encryption context of the file
0x59 | source file and line in the file system | - | - | -
0x103 | {subcode} what the multiple UNC provider met [1=no context for a file object; 2=another context than expected; 3=unexpected status; 4=request before the create was done] | IRP or context, by kind | detail, by kind | detail, by kind
0x103:1 | = | {some-irp} IRP that is pending | file object without context | {some-device} device object
0x103:2 | = | context that was expected | context that was found | -
0x103:3 | = | context of the IRP | {status} status that it was completed with | {some-driver} driver object of the provider, if known
0x103:4 | = | {some-irp} the IRP | file object | its context
0x108 | {subcode} file system that failed [1=Polyserve (psfs.sys)] | {exception} exception record | {context} context record | -
""")
