"""windows.kd.waits: who waits on whom."""
