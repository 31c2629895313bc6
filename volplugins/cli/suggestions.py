"""What was probably meant, where something cannot be done as it was typed."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterable
from difflib import get_close_matches

from volplugins.wires.location import is_live


def what_was_meant(dump: str) -> str:
    """For a folder in the place of a dump: what to type instead; empty for everything else."""
    if not os.path.isdir(dump):
        return ""
    name = shlex.quote(dump)
    if os.path.isfile(os.path.join(dump, "summary.json")):
        return f"{dump}: is a folder of results; its page is made again by: volplugins report {name}"
    if os.path.isfile(os.path.join(dump, "corpus.sqlite")):
        return f"{dump}: is a corpus; it is searched by: volplugins find {name}"
    return f"{dump}: is a directory; the dumps in it are triaged by: volplugins batch {name} -o RESULTS"


def command_meant(typed: str, commands: Iterable[str]) -> str:
    """For a first word that is no command: what to type instead; empty where nothing is likely."""
    if is_live(typed):
        return f"{typed}: is a live machine's location; ask it by: volplugins live {shlex.quote(typed)}"
    if os.path.isfile(typed):
        return f"{typed}: is a file, not a command; it is triaged by: volplugins triage {shlex.quote(typed)}"
    if os.path.isdir(typed):
        return what_was_meant(typed)
    near = get_close_matches(typed, list(commands), 1)
    return f"{typed}: no such command; did you mean: volplugins {near[0]}" if near else ""
