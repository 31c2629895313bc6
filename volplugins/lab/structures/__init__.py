"""Structures of each Windows build: the lab's own compact tables and the notation they are written in."""
