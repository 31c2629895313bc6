"""Page directories of processes: what each table must look like, and the verdict when it does not.

May enter: checks of a directory, the census of its tables, verdicts. May not: output, dump files.
"""
