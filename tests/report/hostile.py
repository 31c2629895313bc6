"""A folder of one dump in which every text is an attack on the page, or on whoever reads it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

# each sets a marker in the page's title if any of it is run
RUN = "document.title='RUN'"
ATTACKS = (
    f"<script>{RUN}</script>",
    f"</script><script>{RUN}</script>",
    f"</style><img src=x onerror={RUN}>",
    f"\"'><svg onload={RUN}>",
    f"' onmouseover={RUN} x='",
    f"javascript:{RUN}",
    f"<!--<script>{RUN}//",
    f"]]><script>{RUN}</script>",
    "{{ 7 * 191 }}{% raw %}",
    f"&lt;script&gt;{RUN}&#x3c;/script>",
    "\x00\x01\x07\x1b[31m\x7f\x9b",
    "\ud800 alone \udfff",
    "\u202egnp.exe\u2066",
    "a\u2028b\u2029c\r\nd",
    "Z" + "\u0300" * 500,
    "__proto__",
    "constructor",
)
HUGE = f"<script>{RUN}</script> -x " * 100_000  # megabytes of command line


def attack(number: int) -> str:
    """One of them, in turn."""
    return ATTACKS[number % len(ATTACKS)]


def hostile_row(row: dict[str, Any], number: int) -> dict[str, Any]:
    """The row with each of its texts that a dump decides put in an attack's place."""
    kept = ("Start", "End", "State", "Type", "Usage", "Section", "Field", "Source", "Frame")
    return {
        name: value if name in kept or not isinstance(value, str) else attack(number + at)
        for at, (name, value) in enumerate(row.items())
    }


def hostile_folder(sound: Path, folder: Path) -> Path:
    """A copy of a sound folder with nothing but attacks in it; names of processes stay consistent by PID."""
    (folder / "rows").mkdir(parents=True)
    for file in sorted((sound / "rows").iterdir()):
        lines = []
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines()):
            record = json.loads(line)
            row = record["row"] = hostile_row(record["row"], number)
            pid = row.get("PID")
            for name in {"Name", "Process"} & row.keys() if pid is not None and "By" not in row else ():
                row[name] = attack(pid // 4)
            if row.get("Field") == "CommandLine":
                row["Value"] = HUGE
            lines.append(json.dumps(record))
        (folder / "rows" / file.name).write_text("\n".join(lines) + "\n", encoding="utf-8")
    summary = json.loads((sound / "summary.json").read_text(encoding="utf-8"))
    (folder / "summary.json").write_text(json.dumps(_hostile(summary, 0)), encoding="utf-8")
    return folder


def _hostile(value: Any, number: int) -> Any:
    """Every text below a value in an attack's place, and attacks as names of members too."""
    if isinstance(value, dict):
        more = {attack(number): attack(number + 1)}
        return {name: _hostile(one, number + at) for at, (name, one) in enumerate(value.items())} | more
    if isinstance(value, list):
        return [_hostile(one, number + at) for at, one in enumerate(value)]
    return attack(number) if isinstance(value, str) else value
