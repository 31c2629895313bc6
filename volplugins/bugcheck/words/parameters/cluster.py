"""Parameters of bugchecks and live dumps of failover clusters. Source: Microsoft's bug check code reference."""

from __future__ import annotations

from volplugins.bugcheck.words.parameters.table import read_table

TABLE = read_table("""
0x165 | id of the process of the cluster service, if known | number of the node that saw the timeout | - | -
0x166 | id of the process that hosts the resource | id of the thread that makes the call | {subcode} call [1=open; 2=close; 3=online; 4=offline; 5=terminate; 6=arbitrate; 7=release; 8=control a resource; 9=control a resource type; 10=looks alive; 11=is alive; 12=failure noted; 13=end of the process; 14=cancel] | control code, for 8 and 9
0x167 | id of the process of the cluster service | id of the thread that asks about snapshots | when time ran out [1=volume active; 2=volume taken down] | -
0x168 | id of the process of the cluster service | {subcode} state that a volume did not reach [0=init; 1=paused; 2=draining; 3=set down level; 4=active] | - | -
0x169 | id of the process of the cluster service | - | - | -
0x16a | id of the process of the cluster service | - | - | -
0x16b | id of the process of the cluster service | id of the thread that hangs | - | -
0x16f | id of the process of the cluster service | {subcode} state that a volume did not reach [0=init; 1=paused; 2=draining; 3=set down level; 4=active] | - | -
0x170 | id of the thread that disconnects the cluster | timeout, in milliseconds | - | -
0x1c9 | {process} process that missed its health check | time allowed, in seconds | {subcode} who watched [0=not said; 1=resource host that should end; 2=resource host told to stop the machine; 3=exception of a resource; 4=exception of a resource host; 5=resource that hangs; 6=resource type that hangs; 7=exception of the cluster service; 8=another node asked; 9=user-mode watchdog; 0xa=heartbeat of the cluster service; 0x65=disk that hangs; 0x66=storage pool that hangs; 0x67=file server that hangs; 0x68=scale-out file server that hangs; 0x69=storage replica that hangs; 0x6a=storage QoS that hangs; 0x6b=NFS that hangs; 0xc9=resource type disk hangs; 0xca=resource type storage pool hangs; 0xcb=resource type file server hangs; 0xcc=resource type scale-out file server hangs; 0xcd=resource type storage replica hangs; 0xce=resource type storage QoS hangs; 0xcf=resource type NFS hangs] | -
""")
