"""Lets pykdclient attach to a target that stands: ``PORT ADDRESS``; prints what it read; exit code 3: no pykdclient.

A program of its own: it is another licence's, and waits without end where something is wrong.
"""

from __future__ import annotations

import sys

try:
    from pykdclient.debug_connection import DebugConnection
    from pykdclient.debug_context import DebugContext
except ImportError as fault:
    print(fault, file=sys.stderr)
    sys.exit(3)

connection = DebugConnection(("127.0.0.1", int(sys.argv[1])))
connection.connect()
debugger = DebugContext()
debugger.set_connection(connection)
debugger._send_reset()
debugger.running = True
while debugger._handlePacket()[0] != 7:
    pass
debugger.running = False
print("memory", bytes(debugger._readVirtualMemory(int(sys.argv[2], 0), 64)).hex())
debugger.next_pid ^= 1  # it does so itself for continues only, which are all that it sends by itself
debugger._sendDbgKdGetContext()
print("context", bytes(debugger._waitStateManipulate(0x3132)[56:]).hex())
debugger.next_pid ^= 1
debugger._sendDbgKdGetVersion()
print("version", bytes(debugger._waitStateManipulate(0x3146)[16:56]).hex())
debugger.next_pid ^= 1
debugger._sendDbgKdContinue2()
