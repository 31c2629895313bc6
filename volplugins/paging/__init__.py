"""Page tables of x86, PAE and x64: virtual addresses to physical ones, and the reason where it ends.

May enter: entries, walks and modes. May not: processes, dump files.
"""
