"""How the core reads memory: the reader protocol, its error, and structure layouts.

May enter: what every room needs to read bytes and decode a structure. May not: any fact about Windows.
"""
