"""Waits and locks of a made-up machine: hangs by name, and the truth about who waits for whom."""
