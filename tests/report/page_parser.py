"""A page taken apart by html.parser: text, elements, and the data that its scripts show."""

from __future__ import annotations

import json
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

_VOID = {"meta", "br", "img", "input", "link", "rect"}


class PageParser(HTMLParser):
    """What is in a page; elements are ``(name, attributes)`` in order."""

    def __init__(self, page: Path) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: dict[str, str] = {}
        self.text = ""
        self.open: list[str] = []
        self._section = ""
        self._data = ""
        self.feed(page.read_text(encoding="utf-8"))
        self.close()
        self.data: dict[str, Any] = json.loads(self._data)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in _VOID:
            self.open.append(tag)
        if tag == "section" and dict(attrs).get("id"):
            self._section = dict(attrs)["id"] or ""

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        if tag not in _VOID:
            assert self.open and self.open.pop() == tag, f"{tag} is closed and was not open"

    def handle_data(self, data: str) -> None:
        if self.open[-1:] == ["script"]:
            if self.elements[-1][1].get("type") == "application/json":
                self._data += data
            return
        if self.open[-1:] != ["style"]:
            self.text += data
            self.texts[self._section] = self.texts.get(self._section, "") + data

    def names(self) -> list[str]:
        """Names of all elements."""
        return [name for name, _ in self.elements]


def unpacked(data: dict[str, Any], kind: str, process: dict[str, Any]) -> list[list[Any]]:
    """The ranges (``regions``) or ``modules`` of a process, as assets/packed.js makes them of the page's data."""
    words, packed = data["packed"]["words"], process[kind]
    known = [
        [one[0] if isinstance(one, list) else None if one is None else words[one] for one in row]
        for row in data["packed"][kind]
    ]
    rows = [known[number] for number in packed["rows"]]
    if "apart" not in packed:
        return rows
    said, end = {place: addresses for place, *addresses in packed["apart"]}, None
    size, found = data["columns"]["regions"].index("Size") - 2, []
    for place, row in enumerate(rows):
        addresses = said.get(place, [end])
        start = addresses[0]
        end = addresses[1] if len(addresses) == 2 else f"0x{int(start, 16) + int(row[size]):0{len(start) - 2}x}"
        found.append([start, end, *row])
    return found
