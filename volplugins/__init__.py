"""volplugins reads Windows crash dumps as WinDbg would, and explains what WinDbg leaves unexplained.

The rooms and who may import whom: docs/architecture.md.
"""

__version__ = "0.1.0"
