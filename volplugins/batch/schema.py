"""The tables of corpus.sqlite: docs/corpus.md explains each column."""

from __future__ import annotations

FIRST_VERSION, VERSION = 1, 6


def name_of(version: int) -> str:
    """How the table ``corpus`` names a version."""
    return f"volplugins.corpus/{version}"


NAME = name_of(VERSION)

#: Columns by table, without the dump's id where the table belongs to dumps.
TABLES = {
    "dumps": (
        "id TEXT PRIMARY KEY", "path TEXT", "size INTEGER", "sha256 TEXT", "status TEXT", "reason TEXT",
        "machine TEXT", "build TEXT", "dump_type TEXT", "computer TEXT", "crash_time TEXT", "signature TEXT",
        "culprit TEXT", "confidence TEXT", "bugcheck TEXT", "process TEXT", "folder TEXT", "seconds REAL",
        "signature_recipe INTEGER", "path_bytes BLOB",
    ),
    "failures": (
        "signature TEXT", "bugcheck TEXT", "bugcheck_name TEXT", "module TEXT", "image TEXT", "symbol TEXT",
        "confidence TEXT", "faulting_ip TEXT", "process TEXT", "pid INTEGER", "manual_crash TEXT", "crash_time TEXT",
        "signature_recipe INTEGER", "memory_error TEXT", "device_stack TEXT", "device_instance TEXT",
    ),
    "modules": (
        "kernel INTEGER", "module TEXT", "path TEXT", "timestamp TEXT", "checksum TEXT", "pdb TEXT", "guid_age TEXT",
        "version TEXT", "source TEXT", "processes INTEGER", "size INTEGER", "stamp INTEGER", "file_key TEXT",
    ),
    "processes": (
        "pid INTEGER", "ppid INTEGER", "name TEXT", "eprocess TEXT", "session INTEGER", "dirbase TEXT",
        "page_directory TEXT", "wow64 INTEGER", "create_time TEXT", "exit_time TEXT", "source TEXT", "life TEXT",
        "note TEXT", "command_line TEXT", "image_path TEXT",
    ),
    "verdicts": (
        "pid INTEGER", "process TEXT", "eprocess TEXT", "dirbase TEXT", "mode TEXT", "verdict TEXT", "evidence TEXT",
        "next TEXT",
    ),
    "faults": ("section TEXT", "fault TEXT"),
    "findings": (
        "kind TEXT", "severity TEXT", "pid INTEGER", "process TEXT", "tid INTEGER", "address TEXT", "module TEXT",
        "technique TEXT", "evidence TEXT", "next TEXT", "note TEXT",
    ),
    "frames": (
        "crash INTEGER", "number INTEGER", "symbol TEXT", "function TEXT", "module TEXT", "ip TEXT", "trust TEXT",
        "threads INTEGER",
    ),
    "devices": (
        "depth INTEGER", "node TEXT", "instance TEXT", "service TEXT", "state TEXT", "problem TEXT", "pdo TEXT",
        "stack TEXT", "note TEXT",
    ),
    "drivers": ("driver TEXT", "object TEXT", "module TEXT", "source TEXT", "note TEXT"),
}  # fmt: skip

_PATHS = """CREATE TABLE paths (key TEXT PRIMARY KEY, dump TEXT NOT NULL REFERENCES dumps(id), path TEXT NOT NULL,
       path_bytes BLOB)"""
_SIGNATURES = """CREATE VIEW signatures AS
SELECT signature, count(*) AS dumps, min(crash_time) AS first_seen, max(crash_time) AS last_seen,
       count(DISTINCT computer) AS computers, {machines}, {builds}, {culprits}
FROM dumps AS one WHERE signature IS NOT NULL GROUP BY signature"""
_DISTINCT = """(SELECT group_concat({column}, ',') FROM (SELECT DISTINCT {column} FROM dumps
       WHERE signature = one.signature AND {column} IS NOT NULL ORDER BY {column})) AS {column}s"""
_INDEXED = (
    ("failures", "signature"), ("modules", "module"), ("processes", "name"), ("verdicts", "verdict"),
    ("findings", "kind"), ("modules", "file_key"), ("frames", "function"), ("devices", "instance"),
    ("drivers", "driver"),
)  # fmt: skip

#: Recipe of signatures from before recipes had numbers: those of corpora of version 1.
FIRST_RECIPE = 1
_DEVICES_SINCE = 3
_FINDINGS_SINCE = 4
#: Since when there are frames, devices, drivers, command lines and numbers of modules; a corpus of before has them in
#: its folders, as those of before version 4 have the findings.
ROWS_SINCE = 5
#: What is made again from the folder of a dump that was done before.
FROM_ROWS = ("processes", "modules", "frames", "devices", "drivers", "findings", "faults")
_ADDED = {"processes": ("command_line", "image_path"), "modules": ("size", "stamp", "file_key")}


def migration(version: int) -> list[str]:
    """What makes a database of an older version one of this version: the new columns, at the end of their tables,
    and the new tables, which are empty.
    """
    made = _to_version_2() if version < _DEVICES_SINCE - 1 else []
    if version < _DEVICES_SINCE:
        made += [f"ALTER TABLE failures ADD COLUMN {name} TEXT" for name in ("device_stack", "device_instance")]
    if version < _FINDINGS_SINCE:
        made += _table("findings")
    if version < ROWS_SINCE:
        made += _to_version_5()
    made += [f"ALTER TABLE {table} ADD COLUMN path_bytes BLOB" for table in ("dumps", "paths")]
    return [*made, f"UPDATE corpus SET schema = '{NAME}'", f"PRAGMA user_version = {VERSION}"]


def _to_version_2() -> list[str]:
    made = [f"ALTER TABLE {table} ADD COLUMN signature_recipe INTEGER" for table in ("dumps", "failures")]
    made.append("ALTER TABLE failures ADD COLUMN memory_error TEXT")
    made += [
        f"UPDATE {table} SET signature_recipe = {FIRST_RECIPE} WHERE signature IS NOT NULL"
        for table in ("dumps", "failures")
    ]
    return made


def _to_version_5() -> list[str]:
    added = [
        f"ALTER TABLE {table} ADD COLUMN {column}"
        for table, names in _ADDED.items()
        for column in TABLES[table]
        if column.split(" ")[0] in names
    ]
    tables = [each for name in ("frames", "devices", "drivers") for each in _table(name)]
    return [*added, "CREATE INDEX modules_file_key ON modules (file_key)", *tables]


def statements() -> list[str]:
    """What makes an empty database."""
    lists = {f"{column}s": _DISTINCT.format(column=column) for column in ("machine", "build", "culprit")}
    made = ["CREATE TABLE corpus (schema TEXT, written_by TEXT, redacted INTEGER)", _PATHS]
    made.append(_SIGNATURES.format(**lists))
    for name, columns in TABLES.items():
        made += [f"CREATE TABLE dumps ({', '.join(columns)})"] if name == "dumps" else _table(name)
    made += ["CREATE INDEX paths_dump ON paths (dump)", "CREATE INDEX paths_path ON paths (path)"]
    return [*made, "CREATE INDEX dumps_signature ON dumps (signature)", f"PRAGMA user_version = {VERSION}"]


def _table(name: str) -> list[str]:
    """What makes a table of rows that belong to dumps, and its indexes."""
    columns = ", ".join(("dump TEXT NOT NULL REFERENCES dumps(id)", *TABLES[name]))
    indexed = ("dump", *(column for table, column in _INDEXED if table == name))
    return [
        f"CREATE TABLE {name} ({columns})",
        *(f"CREATE INDEX {name}_{column} ON {name} ({column})" for column in indexed),
    ]
