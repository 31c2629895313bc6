"""Names of users and machines that must not be written: what stands for each, and finding them however spelled.

A name is found whatever its case and normal form, with its characters escaped (``\\u006a``, ``\\x6a``, ``%6a``,
``&#106;``), with zeros between them (UTF-16 taken for bytes), as hexadecimal bytes, and as an 8.3 name. What is found
and cannot be cut out cleanly costs the whole text.
"""

from __future__ import annotations

import re
import unicodedata

REDACTED = "<redacted>"
# a name as short as this, or one of hexadecimal digits alone, is looked for as a word of its own: it is part of others
_SHORT = 4
_MOST_NAMES = 256
_LONGEST = 256
_ROUNDS = 4
_HEX_WORD = re.compile(r"[0-9a-f]+")
_PSEUDONYM = re.compile(r"(user|machine|path|file|value|sid|instance|object)-\d+")
_ESCAPE = re.compile(r"\\+u([0-9a-f]{4})|\\+x([0-9a-f]{2})|%([0-9a-f]{2})|&#x([0-9a-f]{1,6});|&#(\d{1,7});", re.I)
_SID = re.compile(r"S-1-5-21(?:-\d{1,10}){3}", re.I)

# accounts and domains that every Windows has: they say nothing about anybody and stay
_EVERYBODYS = re.compile(
    r"system|local ?service|network ?service|public|default( user)?|all users|defaultuser0|defaultaccount|"
    r"administrator|guest|wdagutilityaccount|(dwm|umfd)-\d+|nt authority|builtin|workgroup|localhost|window manager|"
    r"font driver host|systemprofile"
)
# words of Windows and of our own rows: as a name they are replaced where a name stands, not in every other text
_COMMON_WORDS = frozenset(
    """windows users user system32 programdata program files driver drivers device kernel local network service root
    microsoft process thread memory module page pages table list scan path file machine value sid temp desktop reader
    test server client host image stack heap none true false redacted name version symbol symbols
    layer layout""".split()
)


def is_everybodys(name: str) -> bool:
    """Whether this account or domain is one that every Windows has."""
    return not name.strip() or _EVERYBODYS.fullmatch(name.strip().casefold()) is not None


def is_common(name: str) -> bool:
    """Whether this name, folded, is a word that rows hold anyway: it is replaced where a name stands, nowhere else."""
    return name in _COMMON_WORDS or _PSEUDONYM.fullmatch(name) is not None


class PrivateNames:
    """The names of a run and their pseudonyms; the same name gives the same one in every file of the run."""

    def __init__(self) -> None:
        self._pseudonyms: dict[tuple[str, str], str] = {}
        self._counts: dict[str, int] = {}
        self._swept: dict[str, tuple[str, re.Pattern[str]]] = {}
        self.left_out = False  # whether there were more names than are looked for

    def pseudonym(self, kind: str, original: str) -> str:
        """What stands for ``original``: ``kind-1``, ``kind-2``, … in the order of first use; case does not count."""
        key = (kind, _folded(original))
        if key not in self._pseudonyms:
            self._counts[kind] = self._counts.get(kind, 0) + 1
            self._pseudonyms[key] = f"{kind}-{self._counts[kind]}"
        return self._pseudonyms[key]

    def name(self, kind: str, original: str) -> str:
        """The same for a user (``user``) or machine (``machine``), which is looked for everywhere from now on."""
        if is_everybodys(original):
            return original
        known = self._by_short_name(original)
        if known is not None:
            return known
        found = self.pseudonym(kind, original)
        self._look_for(_folded(original), found)
        return found

    def __len__(self) -> int:
        """How many names are looked for."""
        return len(self._swept)

    def knows(self, original: str) -> bool:
        """Whether this name is one that is looked for."""
        return _folded(original) in self._swept

    def without(self, text: str) -> str:
        """The text with every name and account identifier that is known replaced."""
        text = _SID.sub(lambda sid: self.pseudonym("sid", sid[0]), text)
        if not self._swept:
            return text
        plain = _plain(text)
        for name, (stands, pattern) in self._swept.items():
            if not _holds(plain, name):
                continue
            text = pattern.sub(stands, text)
            if _holds(_plain(text), name):
                return REDACTED
            plain = _plain(text)
        return text

    def _look_for(self, name: str, stands: str) -> None:
        if is_common(name) or not 2 <= len(name) <= _LONGEST or name in self._swept:
            return
        if len(self._swept) >= _MOST_NAMES:
            self.left_out = True
            return
        self._swept[name] = (stands, _pattern(name))
        # the longest first: of `ann` and `ann-pc` the second is not `user-1-pc`
        self._swept = dict(sorted(self._swept.items(), key=lambda item: -len(item[0])))

    def _by_short_name(self, original: str) -> str | None:
        """The pseudonym of the known name that this 8.3 name is made of."""
        if "~" not in original:
            return None
        short = original.casefold()
        return next((stands for name, (stands, _) in self._swept.items() if _short_name(name).fullmatch(short)), None)


def _folded(name: str) -> str:
    return unicodedata.normalize("NFKC", name.strip()).casefold()


def _plain(text: str) -> str:
    """The text with escapes resolved (escapes of escapes too), zeros and line breaks out, and case folded."""
    for _ in range(_ROUNDS):
        resolved = _ESCAPE.sub(_character, text).replace("\0", "")
        if resolved == text:
            break
        text = resolved
    return unicodedata.normalize("NFKC", text).casefold()


def _character(escape: re.Match[str]) -> str:
    number = int(escape[5]) if escape[5] else int(escape[1] or escape[2] or escape[3] or escape[4], 16)
    return chr(number) if number < 0x110000 else ""


def _holds(plain: str, name: str) -> bool:
    """Whether a text made plain holds the name in any of its forms."""
    if _as_word(name):
        if name in plain and re.search(_word(re.escape(name)), plain):
            return True
    elif name in plain:
        return True
    if "~" in plain and re.search(_word(_short_name(name).pattern), plain):
        return True
    return len(name) >= _SHORT and _hex_pattern(name).search(plain) is not None


def _as_word(name: str) -> bool:
    return len(name) <= _SHORT or _HEX_WORD.fullmatch(name) is not None


def _word(pattern: str) -> str:
    return rf"(?<![^\W_])(?:{pattern})(?![^\W_])"


def _short_name(name: str) -> re.Pattern[str]:
    """8.3 names made of this one: its first six letters, or two and four digits of a hash, and ``~n``."""
    letters = re.sub(r"[^\w!#$%&'()@^`{}-]", "", name.partition(".")[0] or name)
    return re.compile(rf"{re.escape(letters[:6])}~\d{{1,6}}|{re.escape(letters[:2])}[0-9a-f]{{4}}~\d{{1,6}}", re.I)


def _hex_pattern(name: str) -> re.Pattern[str]:
    """The name as hexadecimal digits of UTF-8 or UTF-16, spaces between bytes or not."""
    wide = "[\\s:-]?".join(_bytes_of(c, "utf-16-le") for c in name)
    narrow = "[\\s:-]?".join(_bytes_of(c, "utf-8") for c in name)
    return re.compile(f"{wide}|{narrow}", re.I)


def _bytes_of(character: str, encoding: str) -> str:
    forms = dict.fromkeys((character, character.upper(), character.lower()))
    spelled = (form.encode(encoding, "surrogatepass") for form in forms)
    return "(?:" + "|".join("[\\s:-]?".join(f"{byte:02x}" for byte in data) for data in spelled) + ")"


def _pattern(name: str) -> re.Pattern[str]:
    """Finds the name in the text as it is written."""
    spelled = r"(?:\0|\\+x00|\\+u0000|%00)*".join(_character_forms(c) for c in name)
    whole = _word(spelled) if _as_word(name) else spelled
    forms = [whole, _word(_short_name(name).pattern)]
    if len(name) >= _SHORT:
        forms.append(_hex_pattern(name).pattern)
    return re.compile("|".join(forms), re.I)


def _character_forms(character: str) -> str:
    """One character of a folded name: itself in both cases and both normal forms, and its escapes."""
    written = dict.fromkeys(
        unicodedata.normalize(form, each)
        for each in (character, character.upper(), character.lower())
        for form in ("NFC", "NFD")
    )
    forms = [re.escape(each) for each in written]
    for each in written:
        if len(each) == 1:
            number = ord(each)
            forms += [rf"\\+u{number:04x}", rf"&#x0*{number:x};", rf"&#0*{number};"]
            forms += [rf"\\+x{number:02x}", f"%{number:02x}"] if number < 0x100 else []
    return "(?:" + "|".join(forms) + ")"
