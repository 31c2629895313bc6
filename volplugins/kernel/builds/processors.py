"""_KPRCB by build. Notation and sources: this folder's own text."""

from __future__ import annotations

# Number is one byte on x86, and on x64 before 7600
PROCESSOR_COLUMNS = ("CurrentThread", "Number", "ContextFrame")
PROCESSOR_64 = {3790: (0x8, 0x4, 0x120), 7600: (0x8, 0x24, 0x120), 15063: (0x8, 0x24, 0x1F0)}
PROCESSOR_32 = {2600: (0x4, 0x10, 0x1C), 7600: (0x4, 0x3CC, 0x18)}
