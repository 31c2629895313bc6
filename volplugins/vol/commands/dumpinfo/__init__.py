"""windows.kd.dumpinfo: the file's header, runs, completeness and cross-checks."""
