"""The dump file format: bytes of a file in, header, physical map and triage blocks out.

May enter: facts about Windows kernel dump files. May not: page tables, processes, volatility3.
"""
