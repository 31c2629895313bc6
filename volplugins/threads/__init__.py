"""Stacks of threads: where each starts, how it goes from the kernel into user mode, and what code it runs through.

May enter: what ties a thread to its stacks, registers and images. May not: how one frame is left (that is `stack`).
"""
