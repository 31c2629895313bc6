"""Stacks: frames, how each was found, and why a walk stopped.

May enter: walkers over registers and memory. May not: processes, dump files.
"""
