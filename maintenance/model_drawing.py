"""The drawing of docs/memory-models.md: an address of each memory model on its way from selector to byte, as SVG.

What is drawn are rows of ``windows.kd.segments --linear`` and ``--real``; nothing is known here but how they look.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape

Row = Mapping[str, str | None]

WIDTH, GAP, MARGIN = 330, 24, 24
_LINE, _PADDING, _ARROW, _TITLE = 17, 9, 22, 58
_ENTRY = re.compile(r"entry (0x[0-9a-f]+) at (0x[0-9a-f]+)")
_TABLES = {"PML5E", "PML4E", "PDPE", "PDE", "PTE"}
# bits of a linear address that index each table (Intel SDM 3A, 4.3 to 4.5)
_FIELDS = {("PML4E", "PDPE", "PDE", "PTE"): (9, 9, 9, 9), ("PDE", "PTE"): (10, 10)}
_STYLE = (
    "text{font:13px ui-sans-serif,'Segoe UI',Helvetica,Arial,sans-serif;fill:#1f2430}"
    ".h{font-size:17px;font-weight:600}.l{font-weight:600}.s{fill:#586174}"
    ".m{font-family:ui-monospace,Consolas,'DejaVu Sans Mono',monospace}"
    ".b{fill:#eef3fb;stroke:#6b86b5}.d{fill:#fbf4e6;stroke:#b08b3e}.t{fill:#edf6ee;stroke:#5f9068}"
    ".y{fill:#f7ecf3;stroke:#a3618b}.n{fill:#fff;stroke:#a8afbd;stroke-dasharray:5 4}"
    ".a{stroke:#586174;stroke-width:1.6;fill:none;marker-end:url(#tip)}"
)


@dataclass(frozen=True, slots=True)
class Model:
    """One column.

    Attributes:
        title, subtitle: what it is of; address: as it was typed.
        rows: its steps; byte: what lies at the end of them, None where that is not known.
        because: what its descriptor is for, or why there is none.
    """

    title: str
    subtitle: str
    address: str
    rows: Sequence[Row]
    byte: int | None
    because: str


@dataclass(frozen=True, slots=True)
class _Box:
    style: str
    label: str
    lines: tuple[tuple[str, str], ...]  # class and text

    @property
    def height(self) -> int:
        return 2 * _PADDING + _LINE * (1 + len(self.lines))


def draw(models: Sequence[Model]) -> str:
    """The whole drawing, one column per model."""
    columns = [list(_boxes(model)) for model in models]
    width = 2 * MARGIN + len(models) * WIDTH + (len(models) - 1) * GAP
    height = 2 * MARGIN + _TITLE + max(sum(box.height + _ARROW for box in boxes) for boxes in columns)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        'role="img" aria-label="From a selector and an offset to a byte, in each memory model">',
        f"<style>{_STYLE}</style>",
        '<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
        '<path d="M0 0 8 4 0 8z" fill="#586174"/></marker></defs>',
        f'<rect width="{width}" height="{height}" rx="8" fill="#fff"/>',
    ]
    for number, (model, boxes) in enumerate(zip(models, columns, strict=True)):
        parts += _column(model, boxes, MARGIN + number * (WIDTH + GAP))
    return "\n".join([*parts, "</svg>", ""])


def _column(model: Model, boxes: Sequence[_Box], x: int) -> Iterator[str]:
    y = MARGIN + 16
    yield _text(x, y, "h", model.title)
    yield _text(x, y + 21, "s", model.subtitle)
    y = MARGIN + _TITLE
    for number, box in enumerate(boxes):
        yield f'<rect class="{box.style}" x="{x}" y="{y}" width="{WIDTH}" height="{box.height}" rx="6"/>'
        yield _text(x + 12, y + _PADDING + 13, "l", box.label)
        for line, (style, text) in enumerate(box.lines, 1):
            yield _text(x + 12, y + _PADDING + 13 + _LINE * line, style, text)
        y += box.height
        if number + 1 < len(boxes):
            middle = x + WIDTH // 2
            yield f'<path class="a" d="M{middle} {y}V{y + _ARROW - 1}"/>'
        y += _ARROW


def _text(x: int, y: int, style: str, text: str) -> str:
    return f'<text class="{style}" x="{x}" y="{y}">{escape(text)}</text>'


def _boxes(model: Model) -> Iterator[_Box]:
    by_step = {row["Step"]: row for row in model.rows}
    selector = by_step["selector"]
    left, _, offset = model.address.partition(":")
    value = selector["Value"] or ""
    descriptor = by_step.get("descriptor")
    said = value if descriptor is not None else f"the segment begins at {value}0"
    label = "selector : offset" if descriptor is not None else "segment : offset"
    yield _Box("b", label, (("m", f"{left} : {offset}"), ("s", said)))
    if descriptor is None:
        yield _Box("n", "no descriptor", (("s", model.because),))
    else:
        kind, _, place = (descriptor["Note"] or "").partition("; base ")
        base = place.partition(";")[0]
        yield _Box("d", "descriptor", (("m", descriptor["Value"] or ""), ("s", kind), ("m", f"base {base}"),
                                       ("s", model.because)))  # fmt: skip
    tables = [row for row in model.rows if row["Step"] in _TABLES]
    linear = by_step["linear"]["Value"] or ""
    yield _Box("b", "linear address", (("m", linear), ("m", _indices(int(linear, 16), tables))))
    for row in tables:
        entry = _ENTRY.search(row["Note"] or "")
        assert entry is not None
        yield _Box(
            "t",
            row["Step"] or "",
            (("m", f"{entry[1]} at {entry[2]}"), ("s", f"page frame {(row['Value'] or '')[4:]}")),
        )
    yield _last(by_step, model.byte)


def _last(by_step: Mapping[str | None, Row], byte: int | None) -> _Box:
    where = by_step["fileoffset"]["Value"] or ""
    shown = [("m", f"byte {byte:#04x}")] if byte is not None else []
    physical = by_step["physical"]["Value"] or ""
    return _Box("y", "physical address", (("m", physical), ("s", f"offset {where} in the dump"), *shown))


def _indices(linear: int, tables: Sequence[Row]) -> str:
    """``255 . 472 . 30 . 33 . 054``: the index into each table, then the offset in the page."""
    fields = _FIELDS[tuple(row["Step"] or "" for row in tables)]  # type: ignore[index]
    shift, parts = 12 + sum(fields), []
    for bits in fields:
        shift -= bits
        parts.append(f"{linear >> shift & (1 << bits) - 1:#x}")
    return f"= {' . '.join(parts)} . {linear & 0xFFF:#05x}"
