"""The I/O system's logical view: objects of drivers and devices, device nodes, requests, and who holds which.

Bytes in, frozen dataclasses out, as everywhere in the core. ``words`` has the vocabularies: numbers that Windows keeps
in these structures, and Microsoft's names for them.
"""
