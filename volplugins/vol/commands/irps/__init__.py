"""windows.kd.irps: I/O requests, who holds them, and since when."""
