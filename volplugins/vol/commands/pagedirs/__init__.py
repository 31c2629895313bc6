"""windows.kd.pagedirs: a verdict on every page directory, and on what was typed."""
