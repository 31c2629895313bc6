"""windows.kd.findings: what is odd, gathered from the rows of the other commands."""
