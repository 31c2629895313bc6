"""What is known of the module at fault: MODULE_VERSION, MODULE_COMPANY, MODULE_DATE, MODULE_PATH."""

from __future__ import annotations

from collections.abc import Iterator

from volplugins.bugcheck.analysis import Analysis
from volplugins.image.debug_record import is_reproducible
from volplugins.image.headers import ImageHeaders, read_headers
from volplugins.image.version import ImageVersion, read_version
from volplugins.loader.module import Module
from volplugins.memory.reader import MemoryReader
from volplugins.vol.commands.analyze.row import AnalyzeRow
from volplugins.vol.output.rows import NOT_APPLICABLE, NOT_AVAILABLE, Cell, unix_utc

_LONGEST = 120  # characters of a text of the version resource
_NOT_THERE = "the image's version resource is not in the dump"


def module_rows(analysis: Analysis, section: str, module: Module | None) -> Iterator[AnalyzeRow]:
    """The rows; of a process, which is no module, the version alone says so."""
    if module is None:
        yield AnalyzeRow(section, "MODULE_VERSION", NOT_APPLICABLE, "", "a process, not a module")
        return
    memory = analysis.scene.memory
    headers = read_headers(memory, module.base)
    found = read_version(memory, headers) if headers else None
    yield AnalyzeRow(section, "MODULE_VERSION", *_version(found))
    yield AnalyzeRow(section, "MODULE_COMPANY", *_company(found))
    yield AnalyzeRow(section, "MODULE_DATE", *_date(memory, headers, module))
    path = module.path or NOT_AVAILABLE
    yield AnalyzeRow(section, "MODULE_PATH", path, "", module.source if module.path else "the list has no path of it")


def _version(found: ImageVersion | None) -> tuple[Cell, str, str]:
    if found is None or not found.file_version:
        return NOT_AVAILABLE, "", _NOT_THERE
    said = _told(found, "FileVersion")
    more = f"; FileVersion {said}" if said and said != found.file_version else ""
    about = _told(found, "FileDescription")
    return found.file_version, "", f"version resource in memory{more}{f'; {about}' if about else ''}"


def _company(found: ImageVersion | None) -> tuple[Cell, str, str]:
    company = _told(found, "CompanyName") if found is not None else ""
    if not company:
        return NOT_AVAILABLE, "", _NOT_THERE if found is None else "its version resource names no company"
    return company, "", "version resource in memory: what the file says of itself"


def _told(found: ImageVersion, name: str) -> str:
    text = " ".join(found.string(name).split())
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def _date(memory: MemoryReader, headers: ImageHeaders | None, module: Module) -> tuple[Cell, str, str]:
    """When it was linked, where the time stamp is a time and not a reproducible build's hash."""
    stamp = headers.timestamp if headers is not None else module.timestamp
    if not stamp:
        return NOT_AVAILABLE, "", "no time stamp is known"
    hashed = is_reproducible(memory, headers) if headers is not None else None
    if hashed:
        return NOT_AVAILABLE, "", f"the time stamp {stamp:#x} is the hash of a reproducible build"
    sure = "" if hashed is False else "; what would say that it is the hash of a reproducible build is not in the dump"
    return unix_utc(stamp), "", f"time stamp {stamp:#x} of the image{sure}"
