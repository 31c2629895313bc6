"""Kernel structures: debugger data block, processors, threads, processes, built-in layouts by build.

May enter: facts about kernel data structures. May not: bugchecks, output.
"""
