"""The number of the recipe of FAILURE_SIGNATURE: signatures of two recipes do not group together.

1: the kernel had an offset too, and a crash without a fault that is known had KeBugCheckEx's. 2: docs/output.md.
"""

from __future__ import annotations

RECIPE = 2
