"""Packed files: what is in them, by how it starts, and the bytes of it; every layer bounded, every member named.

May enter: archives and streams. May not: what a dump or an image holds, and what is done with it.
"""
