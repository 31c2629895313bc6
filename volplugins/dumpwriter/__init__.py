"""Crash dumps written: a plan of header and runs first, then the pages in a stream.

Physical memory and what is known of the machine come in; the bytes of a complete or bitmap dump go out.
"""
