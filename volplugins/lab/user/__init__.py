"""A process's memory: images, heaps, ranges, PEB and TEB, and the truth about each region."""
