"""A machine at work: processes created and filled, threads set on their stacks, 32-bit programs on x64."""
