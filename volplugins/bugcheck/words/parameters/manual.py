"""Parameters of bugchecks that somebody asked for. Source: Microsoft's bug check code reference."""

from __future__ import annotations

from volplugins.bugcheck.words.parameters.table import read_table

TABLE = read_table("""
0xe2       | given by whoever asked for the crash | given by whoever asked for the crash | given by whoever asked for the crash | given by whoever asked for the crash
0xdeaddead | given by whoever asked for the crash | given by whoever asked for the crash | given by whoever asked for the crash | given by whoever asked for the crash
0x80       | - | - | - | -
""")
