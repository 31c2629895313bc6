"""windows.kd.process: processes and their threads."""
