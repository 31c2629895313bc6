"""Paths with what is private taken out: Windows' own directories and the names of images stay.

What stays is the drive or device, directories of Windows below ``\\Windows`` and ``\\Program Files``, the word
``Users``, and the names of images (programs, libraries, drivers). A profile's directory becomes ``user-1``, a server
``machine-1``, any other run of directories ``path-1``, any other file ``file-1`` with its extension.
"""

from __future__ import annotations

import re

from volplugins.triage.private_devices import device_name
from volplugins.triage.private_names import PrivateNames

IMAGE_NAME = re.compile(
    r"[^\\/:*?\"<>|\x00-\x1f]{1,255}?\.(?:exe|dll|sys|drv|ocx|cpl|scr|mui|nls|efi|acm|ax|tsp|ime|com|pdb|winmd|ni\.dll)"
    r"(?![\w-])",
    re.I,
)
_SEPARATORS = re.compile(r"[\\/]+")
_EXTENSION = re.compile(r"\.[A-Za-z0-9]{1,5}$")
# where a path begins; \Device\X and \SystemRoot are the kernel's spellings
_ROOT = re.compile(
    r"(?P<root>(?:[\\/]+[?.]+[\\/]+)?(?:(?:file:[\\/]*)?[a-z]:(?=[\\/])|GLOBALROOT(?=[\\/]))?"
    r"(?:[\\/]+Device[\\/]+(?P<device>[\w-]+)(?=[\\/]|$)|[\\/]*SystemRoot(?=[\\/]|$)|%\w+(?:\(x86\))?%(?=[\\/]|$))?)",
    re.I,
)
_SERVER = re.compile(r"(?:[\\/]{2,}[?.][\\/]+UNC[\\/]+|[\\/]{2,}|\\\\\\\\)(?![?.][\\/])(?P<server>[^\\/]+)", re.I)
_PROFILES = ("users", "documents and settings", "docume~1", "home")
_WINDOWS = frozenset(
    """system32 syswow64 sysarm32 syschpe32 sysnative winsxs fonts globalization microsoft.net assembly systemapps
    immersivecontrolpanel servicing boot inf resources ime registration security help l2schemas policydefinitions
    serviceprofiles system systemresources""".split()
)
_PROGRAMS = re.compile(r"program files(?: \(x86\))?|progra~\d|programw6432|programdata", re.I)
_OWN_PROGRAMS = re.compile(r"common files|microsoft|internet explorer|windowsapps|windows [\w ]{2,30}", re.I)
# names of drivers in the object directories: like names of modules they stay
_DRIVER = re.compile(r"((?<![\w\\/])\\(?:Driver|FileSystem|FileSystem\\Filters)\\[\w.$-]{1,64}(?![\w\\/]))", re.I)
_PLAIN = re.compile(r"[\w.$~&()+{}#@!^' -]+")

# a path within a sentence: to the end, or to what cannot be in a path; `; ` and ` (` end it, for rows put such behind
_IN_TEXT = re.compile(
    r"(?<![A-Za-z0-9])(?:file:[\\/]*)?[A-Za-z]:[\\/][^\"<>|*\x00-\x1f]*"
    r"|[\\/]{2,}[^\\/\s\"<>|*;,][^\"<>|*\x00-\x1f]*"
    r"|%\w+(?:\(x86\))?%[\\/][^\"<>|*\x00-\x1f]*"
    r"|(?<![\w\\/])\\[^\\\s\"<>|*][^\"<>|*\x00-\x1f]*"
    r"|(?<![\w/.])/(?:[^/\s\"<>|*]+/)+[^\"<>|*\x00-\x1f]*"
    r"|(?<![^\s\"<>|*\\/=,;])[^\s\"<>|*\\/=,;]+\\[^\"<>|*\x00-\x1f]*"
)


class PrivatePaths:
    """Takes paths apart and puts them together without what is private."""

    def __init__(self, names: PrivateNames) -> None:
        self._names = names

    def path(self, text: str) -> str:
        """A whole cell that is one path; what comes behind an image's name is a sentence."""
        quote = '"' if text.startswith('"') else ""
        parts = self._parts(text.strip('"'))
        return f"{quote}{parts}{quote}" if quote and text.endswith('"') else parts

    def in_text(self, text: str) -> str:
        """A sentence with the paths in it redacted."""
        if "\\" not in text and "/" not in text:
            return text
        pieces = _DRIVER.split(text)  # every second one is a driver's name
        return "".join(each if at & 1 else self._redacted(each) for at, each in enumerate(pieces))

    def _redacted(self, text: str) -> str:
        return _IN_TEXT.sub(lambda found: self._parts(found[0]), text)

    def learn(self, text: str) -> None:
        """Note the users and servers that paths in the text name."""
        for found in _IN_TEXT.finditer(text) if "\\" in text or "/" in text else ():
            self._parts(found[0])

    def _parts(self, text: str) -> str:
        root, rest = self._root(text)
        if not rest:
            return root
        lead = _SEPARATORS.match(rest)
        separator = "/" if "/" in rest and "\\" not in rest else "\\"
        *folders, last = _SEPARATORS.split(rest[lead.end() :] if lead else rest)
        kept, private = self._folders(root, folders)
        made = [*kept, *([self._names.pseudonym("path", "\\".join(private))] if private else [])]
        whole = bool(kept) and not private and not self._only_begun(kept)
        profile = len(kept) == 1 and kept[0].casefold() in _PROFILES and not private
        made.append(self._profile(last) if profile and last else self._file(last, whole))
        return root + (separator if lead else "") + separator.join(made)

    def _root(self, text: str) -> tuple[str, str]:
        server = _SERVER.match(text)
        if server is not None:
            name = server["server"]
            return text[: server.start("server")] + self._names.name("machine", name), text[server.end() :]
        found = _ROOT.match(text)
        root = found["root"] if found else ""
        if found is not None and found["device"]:
            return root[: -len(found["device"])] + device_name(self._names, found["device"]), text[len(root) :]
        return root, text[len(root) :]

    def _folders(self, root: str, folders: list[str]) -> tuple[list[str], list[str]]:
        """The directories that stay (with pseudonyms of users) and, behind them, those that do not."""
        if root.casefold().strip("\\/%").endswith(("systemroot", "windir")):
            return _own(folders)
        at = next((i for i, name in enumerate(folders) if _is_start(name)), None)
        if at is None:
            return [], folders
        before, first, after = folders[:at], folders[at], folders[at + 1 :]
        made = [self._names.pseudonym("path", "\\".join(before))] if before else []
        if first.casefold() in _PROFILES:
            user = [self._names.name("user", name) for name in after[:1]]
            return [*made, first, *user], after[1:]
        kept, private = _own(after) if first.casefold() == "windows" else _programs(after)
        return [*made, first, *kept], private

    @staticmethod
    def _only_begun(kept: list[str]) -> bool:
        """Whether what stays is no more than a directory where others' files lie too."""
        last = kept[-1].casefold()
        return last == "windows" or last in _PROFILES or (len(kept) > 1 and kept[-2].casefold() in _PROFILES) or (
            _PROGRAMS.fullmatch(last) is not None
        )  # fmt: skip

    def _profile(self, name: str) -> str:
        """The last part of a path below ``Users``, with the rest of a sentence behind it where the user is known."""
        first, space, rest = name.partition(" ")
        if space and self._names.knows(first):
            return self._names.name("user", first) + space + self.in_text(rest)
        return self._names.name("user", name)

    def _file(self, name: str, own: bool) -> str:
        if not name or name in (".", ".."):
            return name
        image = IMAGE_NAME.match(name)
        if image is not None:
            return image[0] + self.in_text(name[image.end() :])
        if own or _is_directory(name):
            return name
        extension = _EXTENSION.search(name)
        return self._names.pseudonym("file", name) + (extension[0].lower() if extension else "")


def _own(folders: list[str]) -> tuple[list[str], list[str]]:
    """Directories below \\Windows: those that stay where the first is one of Windows' own, up to another path."""
    if not folders or folders[0].casefold() not in _WINDOWS:
        return [], folders
    end = next((i for i, name in enumerate(folders) if _leads_away(name)), len(folders))
    return folders[:end], folders[end:]


def _leads_away(name: str) -> bool:
    return _PLAIN.fullmatch(name) is None or not name.strip(". ") or _is_start(name)


def _programs(folders: list[str]) -> tuple[list[str], list[str]]:
    """Directories below \\Program Files: one of Windows' own stays, others' do not."""
    own = bool(folders) and _OWN_PROGRAMS.fullmatch(folders[0]) is not None
    return (folders[:1], folders[1:]) if own else ([], folders)


def _is_start(name: str) -> bool:
    return name.casefold() in (*_PROFILES, "windows") or _PROGRAMS.fullmatch(name) is not None


def _is_directory(name: str) -> bool:
    return name.casefold() in _WINDOWS or _is_start(name)
