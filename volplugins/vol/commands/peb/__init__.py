"""windows.kd.peb: what a process's own memory says of it."""
