"""The kernel's own memory: processes, threads, stacks, VADs, sections and objects."""
