"""_KPRCB by build. Notation and sources: this folder's own text."""

from __future__ import annotations

# Number is one byte on x86, and on x64 before 7600
PROCESSOR_COLUMNS = ("CurrentThread", "Number", "ContextFrame")
PROCESSOR_64 = {3790: (0x8, 0x4, 0x120), 7600: (0x8, 0x24, 0x120), 15063: (0x8, 0x24, 0x1F0)}
PROCESSOR_32 = {2600: (0x4, 0x10, 0x1C), 7600: (0x4, 0x3CC, 0x18)}

# Pointers to the ends of stacks. 9600 and 14393 as kernels patched since 2018 have them (0x5998 and 0x6298 before), so
# that what stands there is checked before it is believed (kernel/processor_stacks.py). Of 17134 and later x64 builds:
# the symbol tables of 17763, 19041, 20348 and 22000.
PROCESSOR_STACKS_COLUMNS = ("IsrStack", "DpcStack", "ExceptionStack")
PROCESSOR_STACKS_64 = {
    3790: (None, 0x1F40, None), 6002: (None, 0x3440, None), 7600: (None, 0x21C0, None), 9200: (None, 0x2DC0, None),
    9600: (0x6198, 0x2DD0, None), 10240: (0x6298, 0x2DD0, None), 14393: (0x6318, 0x2DD0, None),
    15063: (0x6398, 0x2E50, None), 16299: (0x62D8, 0x2E50, None), 19041: (0x85D8, 0x3110, 0x7F28),
    20348: (0x8998, 0x33A0, 0x8228), 22000: (0x89D8, 0x33A0, 0x8268),
}  # fmt: skip
PROCESSOR_STACKS_32 = {
    2600: (None, 0x868, None), 3790: (None, 0x948, None), 6002: (None, 0x1A08, None), 7600: (None, 0x1908, None),
    9200: (None, 0x2208, None), 9600: (0x419C, 0x2210, None), 10240: (0x421C, 0x2210, None),
    16299: (0x425C, 0x2210, None), 19041: (0x429C, 0x2210, None),
}  # fmt: skip
