"""``--redact``: rows, summaries and sentences without users, machines, third parties' directories and command lines.

What is replaced and what stays: docs/output.md, "Redaction". One Redactor serves all files of a run, so that the same
original has the same pseudonym in each; what it must look for everywhere is learnt from all rows before the first is
written.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from volplugins.triage.private_devices import apart, instance_path
from volplugins.triage.private_names import REDACTED, PrivateNames, is_everybodys
from volplugins.triage.private_objects import object_name, quoted_apart
from volplugins.triage.private_paths import IMAGE_NAME, PrivatePaths

ARGUMENTS = "<arguments>"
_HEX = re.compile(r"0x[0-9a-f]+", re.I)
_SERVER_PATH = re.compile(r"[^/\\:]+/[0-9A-Fa-f]{1,48}/[^/\\:]+")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:\d\d)")

_MOST_KEPT = 20_000

# columns that hold this program's own words, never the dump's
_WORDS = frozenset(
    """Section Group Source Life State Wait PageDirectory Verdict Mode Level Ring Trust Stop Type Protect Actual
    Usage Reason ObjectType By Status Confidence Severity Technique Kind Problem Major Minor schema plugin
    absent confidence trust verdict plugin_name sha256 modified kind severity technique format kernel_base
    kernel_found shares""".split()
)
_PATH_COLUMNS = frozenset("Path path folder packed File module_path".split())
_INSTANCE_COLUMNS = frozenset("Instance instance device_instance".split())
_UNLEARNT = _WORDS | _INSTANCE_COLUMNS  # no paths in them
_INSTANCE_FIELDS = frozenset(("DEVICE_INSTANCE",))
_MACHINE_VARIABLES = frozenset("COMPUTERNAME USERDOMAIN USERDOMAIN_ROAMINGPROFILE LOGONSERVER USERDNSDOMAIN".split())
_USER_VARIABLES = frozenset("USERNAME LOGNAME USER".split())
_PATH_VARIABLES = frozenset(
    """PATH PSMODULEPATH SYSTEMROOT WINDIR COMSPEC PROGRAMFILES PROGRAMFILES(X86) PROGRAMW6432 COMMONPROGRAMFILES
    COMMONPROGRAMFILES(X86) COMMONPROGRAMW6432 PROGRAMDATA ALLUSERSPROFILE USERPROFILE HOMEPATH APPDATA LOCALAPPDATA
    PUBLIC TEMP TMP""".split()
)
_HARMLESS_VARIABLES = frozenset(
    """OS PROCESSOR_ARCHITECTURE PROCESSOR_ARCHITEW6432 PROCESSOR_IDENTIFIER PROCESSOR_LEVEL PROCESSOR_REVISION
    NUMBER_OF_PROCESSORS PATHEXT SYSTEMDRIVE HOMEDRIVE SESSIONNAME""".split()
)
_PATH_PARAMETERS = frozenset("ImageFile ImagePathName CurrentDirectory DllPath RedirectionDllName".split())
_FREE_PARAMETERS = frozenset("WindowTitle DesktopInfo ShellInfo RuntimeData".split())
_DESKTOPS = frozenset(("", r"WinSta0\Default", r"Winsta0\Winlogon"))
_COMMANDS = frozenset("volplugins triage batch report symbols vol".split())


class Redactor:
    """Redacts everything that one run writes.

    Args:
        users, machines: names known beforehand.
    """

    def __init__(self, users: Iterable[str] = (), machines: Iterable[str] = ()) -> None:
        self._names = PrivateNames()
        self._paths = PrivatePaths(self._names)
        # texts come again and again; what was made of each, as long as no name is added
        self._made: dict[str, str] = {}
        self._known = 0
        for kind, names in (("user", users), ("machine", machines)):
            for name in names:
                self._names.name(kind, name)

    @property
    def left_out(self) -> str:
        """A sentence where there are more names than are looked for in texts; else empty."""
        why = "redaction: more names of users and machines than are looked for in texts"
        return why if self._names.left_out else ""

    def learn(self, rows: Iterable[Mapping[str, Any]]) -> None:
        """Collect the names that these rows hold (JSON lines objects or their inner rows); call it before writing."""
        for each in rows:
            inner = each.get("row", each)
            if isinstance(inner, Mapping):
                self._learn_row(inner)

    def row(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """The object with every text in it redacted; members keep their names, order and kinds.

        Args:
            row: an object of JSON lines, its inner row, or a summary.
        """
        special = self._special(row)
        return {name: special[name] if name in special else self._cell(name, value) for name, value in row.items()}

    def text(self, text: str) -> str:
        """A sentence with names and paths replaced."""
        if _HEX.fullmatch(text) or _TIME.fullmatch(text):
            return text
        known = len(self._names)
        if known != self._known or len(self._made) > _MOST_KEPT:
            self._known, self._made = known, {}
        if text not in self._made:
            made = "".join(
                self._sentence(before) + self._quoted(kind, name) for before, kind, name in quoted_apart(text)
            )
            self._made[text] = self._names.without(made)
        return self._made[text]

    def _sentence(self, text: str) -> str:
        parts = apart(self._names, text)
        return "".join(part if ready else self._paths.in_text(part) for part, ready in parts)

    def _quoted(self, kind: str, name: str) -> str:
        """An object that a sentence names: that of a request is its file."""
        if not name:
            return ""
        return f'{kind} "{self._path(name) if kind == "Irp" else object_name(self._names, name)}"'

    def _cell(self, name: str, value: Any) -> Any:
        if name in _WORDS:
            return value
        if isinstance(value, str):
            if name in _INSTANCE_COLUMNS:
                return self._names.without(instance_path(self._names, value))
            return self._path(value) if name in _PATH_COLUMNS else self.text(value)
        if isinstance(value, Mapping):
            # bytes of a cell that is text in other rows, and cannot be looked through
            return {**value, "hex": ""} if isinstance(value.get("hex"), str) else self.row(value)
        if isinstance(value, list | tuple):
            return self._command(value) if name == "command_line" else [self._cell(name, each) for each in value]
        return value

    def _special(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """Cells whose meaning another cell of the row gives."""
        value = row.get("Value")
        if isinstance(value, str):
            section, field = row.get("Section"), str(row.get("Field", ""))
            if section == "parameters":
                return {"Value": self._parameter(field, value)}
            if field in _INSTANCE_FIELDS:
                return {"Value": self._names.without(instance_path(self._names, value))}
            if section == "environment":
                return {"Field": self._variable_name(field), "Value": self._variable(field.upper(), value)}
        if row.get("Usage") in ("Image", "MappedFile") and isinstance(row.get("Detail"), str):
            return {"Detail": self._path(row["Detail"])}
        if isinstance(row.get("ObjectName"), str):
            name = row["ObjectName"]
            shown = self._path(name) if row.get("ObjectType") == "Irp" else object_name(self._names, name)
            return {"ObjectName": self._names.without(shown)}
        return {}

    def _parameter(self, field: str, value: str) -> str:
        if field == "CommandLine":
            return self._command_line(value)
        if field in _PATH_PARAMETERS:
            return self._path_list(value)
        if field in _FREE_PARAMETERS:
            return value if value in _DESKTOPS else self._path(value) if _only_image(value) else REDACTED
        return self.text(value)

    def _variable_name(self, field: str) -> str:
        return field if field.startswith("=") else self.text(field)

    def _variable(self, field: str, value: str) -> str:
        if not value:
            return value
        if field in _USER_VARIABLES:
            kind = "machine" if value.endswith("$") else "user"
            return self._names.name(kind, value.removesuffix("$"))
        if field in _MACHINE_VARIABLES:
            return self._names.name("machine", value.strip("\\/"))
        if field in _PATH_VARIABLES:
            return self._path_list(value)
        return self.text(value) if field in _HARMLESS_VARIABLES else self._names.pseudonym("value", value)

    def _path(self, value: str) -> str:
        if _SERVER_PATH.fullmatch(value):  # PDB, identity, PDB: below a symbol server
            return self.text(value)
        return self._names.without(self._paths.path(value))

    def _path_list(self, value: str) -> str:
        return ";".join(self._path(each) for each in value.split(";"))

    def _command_line(self, value: str) -> str:
        """The program, and whether anything follows it."""
        program, rest = _program(value)
        if not value.strip():
            return value
        last = re.split(r"[\\/]", program)[-1]
        image = IMAGE_NAME.match(last)
        if image is None:
            shown = "<program>"
        else:  # what stands behind the name within quotes is no part of it
            shown, rest = self._path(program[: len(program) - len(last)] + image[0]), last[image.end() :] + rest
        quote = '"' if value.lstrip().startswith('"') else ""
        return f"{quote}{shown}{quote} {ARGUMENTS}" if rest.strip() else f"{quote}{shown}{quote}"

    def _command(self, words: Iterable[Any]) -> list[Any]:
        """This program's own command line: options stay, values do not."""
        shown = []
        for word in map(str, words):
            option, sign, value = word.partition("=")
            if word in _COMMANDS:
                shown.append(word)
            elif option.startswith("-"):
                shown.append(option + sign + (self._path(value) if value else ""))
            else:
                shown.append(self._path(word))
        return shown

    def _learn_row(self, row: Mapping[str, Any]) -> None:
        field, value = str(row.get("Field", "")).upper(), row.get("Value")
        named = row.get("Section") == "environment" and field in _MACHINE_VARIABLES | _USER_VARIABLES
        if named and isinstance(value, str):
            self._variable(field, value)
        for name, each in row.items():
            if name in ("computer", "computer_name", "ComputerName") and isinstance(each, str):
                self._names.name("machine", each)
            elif isinstance(each, str) and name not in _UNLEARNT and not is_everybodys(each):
                self._paths.learn(each)
            elif isinstance(each, Mapping):
                self._learn_row(each)


def _program(line: str) -> tuple[str, str]:
    """A command line's program and the rest; as CreateProcess would look for it."""
    text = line.lstrip()
    if text.startswith('"'):
        program, quote, rest = text[1:].partition('"')
        if quote:
            return program, rest
        text = program
    first, space, rest = text.partition(" ")
    if "\\" not in first and "/" not in first:
        return first, rest
    found = re.match(r".{1,32000}?\.(?:exe|com|scr|bat|cmd)(?=\s|$)", text, re.I | re.S)
    return (found[0], text[found.end() :]) if found else (first, space + rest)


def _only_image(value: str) -> bool:
    """Whether a window's title is no more than the program's path, as it is where nobody set another."""
    last = re.split(r"[\\/]", value)[-1]
    return ("\\" in value or "/" in value) and IMAGE_NAME.fullmatch(last) is not None
