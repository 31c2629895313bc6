"""The kernel debugger's wire: packets, the link that keeps them in order, requests and replies, one session.

Bytes in, bytes and events out: no socket is opened here, and no request that writes exists. Facts: the public header
windbgkd.h of ReactOS, and how that kernel and free clients behave.
"""
