"""Parameters of bugchecks about processes and threads. Source: Microsoft's bug check code reference."""

from __future__ import annotations

from volplugins.bugcheck.words.parameters.table import read_table

TABLE = read_table("""
0xef | {process} process object (EPROCESS) that ended | what ended [0=a process; 1=a thread] | - | -
0xef@2:1 | {thread} thread object (ETHREAD) that ended | = | - | -
0xf4 | what ended [3=a process; 6=a thread] | process or thread object that ended | name of its image, as text | text that says why
0xf4:3 | = | {process} process object (EPROCESS) that ended | = | =
0xf4:6 | = | {thread} thread object (ETHREAD) that ended | = | =
""")
