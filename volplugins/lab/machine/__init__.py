"""An empty machine: its profile, physical memory, page tables, pool, processors and loaded images."""
