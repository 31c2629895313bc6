"""Segments and gates: selectors, descriptor tables, task states, real-mode addresses, and where Windows keeps them.

Architecture: Intel SDM 3A, 2.4, 3.4, 3.5, 5.8, 6.10 to 6.14, 8.2, 8.7; volume 3B, 21 (real mode, virtual-8086 mode).
"""
