"""Sizes of members that are the same in every build and are no pointers."""

from __future__ import annotations

# bytes
SIZES = {
    "ImageFileName": 15, "State": 1, "CreateTime": 8, "ExitTime": 8, "Flags": 4, "Flags3": 4,
    "ContextSwitches": 4, "ExitStatus": 4,
    "StartingVpnHigh": 1, "EndingVpnHigh": 1, "HandleCount": 4, "SessionId": 4, "WaitReason": 1, "PageDirectoryPte": 8,
}  # fmt: skip
# two pointers: list links, an identity, the descriptor of a text
PAIRS = frozenset({"ActiveProcessLinks", "ThreadListHead", "ThreadListEntry", "Cid", "ProfileListHead", "FileName"})
