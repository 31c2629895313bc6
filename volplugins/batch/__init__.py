"""Many dumps: found, told apart, worked on one process each, gathered into a corpus that survives being stopped.

What may enter: the running of work and the keeping of its results. What a dump says is the business of `triage`.
"""
