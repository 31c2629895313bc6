"""Full names of objects (events, mutants, …) with what is private taken out: directories of Windows stay."""

from __future__ import annotations

import re
from collections.abc import Iterator

from volplugins.triage.private_devices import device_name
from volplugins.triage.private_names import PrivateNames

# object directories that every Windows has; numbers are those of sessions
_DIRECTORIES = frozenset(
    """sessions basenamedobjects kernelobjects device driver filesystem global local restricted windows nls security
    callback appcontainernamedobjects knowndlls knowndlls32 arcname objecttypes umdfcommunicationports""".split()
)
# in these everything is Windows' own
_OWN = frozenset("kernelobjects security objecttypes nls callback".split())


# names of objects within a sentence, as the section hang of analyze has them
_QUOTED = re.compile(r'\b(?P<kind>[A-Z][A-Za-z]+) "(?P<name>[^"\\]*\\[^"]*)"')


def quoted_apart(text: str) -> Iterator[tuple[str, str, str]]:
    """A sentence cut where it quotes the name of an object: what stands before, the object's kind, its name."""
    at = 0
    for found in _QUOTED.finditer(text) if '"' in text else ():
        yield text[at : found.start()], found["kind"], found["name"]
        at = found.end()
    yield text[at:], "", ""


def object_name(names: PrivateNames, text: str) -> str:
    """A name such as ``\\BaseNamedObjects\\object-1``; a symbol or the name of an image, without ``\\``, stays."""
    if "\\" not in text:
        return text
    *above, last = text.split("\\")
    directories = [each if _is_windows(each) else names.pseudonym("object", each) for each in above]
    inside = directories[-1].lower() if directories else ""
    if inside == "device":
        last = device_name(names, last)
    elif last and inside not in _OWN:
        last = names.pseudonym("object", last)
    return "\\".join((*directories, last))


def _is_windows(directory: str) -> bool:
    return not directory or directory.isdigit() or directory.lower() in _DIRECTORIES or directory == "RPC Control"
