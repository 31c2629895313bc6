"""Parameters of bugchecks of file systems and their filters. Source: Microsoft's bug check code reference."""

from __future__ import annotations

from volplugins.bugcheck.parameters.table import read_table

TABLE = read_table("""
0x23  | source file and line in the file system | {exception} exception record, where a filter caught it | {context} context record, where a filter caught it | -
0x24  | source file and line in the file system | {exception} exception record, where a filter caught it | {context} context record, where a filter caught it | -
0x25  | source file and line in the file system | - | - | -
0x26  | source file and line in the file system | {exception} exception record, where a filter caught it | {context} context record, where a filter caught it | -
0x27  | kind of problem, source file and line in the redirector | {exception} exception record, where a filter caught it | {context} context record, where a filter caught it | -
0x10c | {subcode} what is wrong with an extra create parameter [1=its signature; 2=unknown flags; 3=not allocated as it must be; 4=flags that a caller may not set; 5=its size] | - | the parameter | list that it is on
""")
