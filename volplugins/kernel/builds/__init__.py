"""Where members of the kernel's structures are, by build: for dumps whose kernel symbols are not to be had.

One row per span of builds in which a structure is the same, facts only, written by maintenance/layouts.py: offsets,
sizes and bit positions with the build they hold from.

Source: public symbol tables. x64: 7601, 9600, 14393, 17763, 19041, 20348 and 22000 as volatility3 has them, and public
listings of the builds between (3790 to 22631); what neither has by the type tables of volatility 2. x86: 2600 (XP) to
19041 likewise. 26100: the public type listings of ntdiff, which System Informer's offsets confirm where it has them.
A row holds up to the next one. A build between two rows uses the row below it, and what it says is checked against
live objects before it is trusted (kernel/layout_choice.py, kernel/calibration).
Server 2003 without a service pack (3790 too) differs from its row, and the check finds that out.
"""
