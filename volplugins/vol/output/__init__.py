"""What leaves the host: cells and rows of the commands, JSON lines, events of the time line."""
