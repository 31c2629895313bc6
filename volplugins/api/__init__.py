"""The suite as a library: a target opened, and what is in it as typed records. docs/python.md has recipes."""

from __future__ import annotations

from volplugins.address.region import Region
from volplugins.api.errors import NoSuchProcess, UnreadableMemory
from volplugins.api.listing import Listing
from volplugins.api.opening import open_target as open
from volplugins.api.stack import Stack, StackFrame
from volplugins.api.target import OpenTarget
from volplugins.api.target_info import TargetInfo
from volplugins.api.times import filetime
from volplugins.bugcheck.analysis import Analysis
from volplugins.dumpfile.errors import (
    DamagedDump,
    DumpError,
    DumpNotFound,
    EmptyFile,
    EncryptedDump,
    IsADirectory,
    NotADump,
    TruncatedDump,
    UnsupportedDumpType,
    UserModeDump,
)
from volplugins.findings.finding import Finding
from volplugins.kernel.process import Process
from volplugins.kernel.thread import Thread
from volplugins.loader.module import Module
from volplugins.paging.translation import Translation
from volplugins.vol.symbols.image_facts import ImageFacts

__all__ = [
    "Analysis",
    "DamagedDump",
    "DumpError",
    "DumpNotFound",
    "EmptyFile",
    "EncryptedDump",
    "Finding",
    "ImageFacts",
    "IsADirectory",
    "Listing",
    "Module",
    "NoSuchProcess",
    "NotADump",
    "OpenTarget",
    "Process",
    "Region",
    "Stack",
    "StackFrame",
    "TargetInfo",
    "Thread",
    "Translation",
    "TruncatedDump",
    "UnreadableMemory",
    "UnsupportedDumpType",
    "UserModeDump",
    "filetime",
    "open",
]
