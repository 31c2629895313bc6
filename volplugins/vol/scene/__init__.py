"""What all commands look at, made once for a run: the crash, its processes, threads, directories and maps."""
