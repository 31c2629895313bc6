"""A corpus of today made into one as an older version of the program wrote it."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

# what came with a version: columns by table, and tables
_COLUMNS = {
    6: {"dumps": ("path_bytes",), "paths": ("path_bytes",)},
    5: {"processes": ("command_line", "image_path"), "modules": ("size", "stamp", "file_key")},
    3: {"failures": ("device_stack", "device_instance")},
    2: {"dumps": ("signature_recipe",), "failures": ("signature_recipe", "memory_error")},
}
_TABLES = {5: ("frames", "devices", "drivers"), 4: ("findings",)}


def as_version(path: Path, version: int) -> list[str]:
    """Take out of the database all that came later; return the dumps' ids."""
    with closing(sqlite3.connect(path)) as connection, connection:
        for came in (number for number in (6, 5, 4, 3, 2) if number > version):
            for table in _TABLES.get(came, ()):
                connection.execute(f"DROP TABLE {table}")
            for table, columns in _COLUMNS.get(came, {}).items():
                for column in columns:
                    connection.execute(f"DROP INDEX IF EXISTS {table}_{column}")
                    connection.execute(f"ALTER TABLE {table} DROP COLUMN {column}")
        connection.execute(f"UPDATE corpus SET schema = 'volplugins.corpus/{version}'")
        connection.execute(f"PRAGMA user_version = {version}")
        return [row[0] for row in connection.execute("SELECT id FROM dumps ORDER BY id")]
