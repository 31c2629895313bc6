"""Where members of the kernel's structures are, by build: for dumps whose kernel symbols are not to be had.

One row per build, facts only. What may enter: offsets and bit positions with the build they hold for.

Source: public symbol tables. x64: 7601, 9600, 14393, 17763, 19041, 20348 and 22000 as volatility3 has them; 3790, 6000
to 6002, 7600, 9200, 10240 to 17134 and 18362 by the type tables of volatility 2. x86: 2600 (XP) to 19041 by the latter.
26100: the public type listings of ntdiff, which System Informer's offsets confirm where it has them.
A row holds up to the next one. A build between two rows uses the row below it, and what it says is checked against the
System process before it is trusted (kernel/layouts.py). None: the build has no such member, or its place is not known.
Server 2003 without a service pack (3790 too) differs from its row, and the check finds that out.
"""
