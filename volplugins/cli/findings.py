"""What ``volplugins doctor`` finds: one check after another, each giving findings and none raising."""

from __future__ import annotations

import os
import platform
import shutil
import socket
import sys
import sysconfig
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from urllib.parse import urlsplit

import volplugins
from volplugins.cli import plugin_names, user_defaults
from volplugins.cli.installation import first_with_shells, plugin_folder, shells_in

# as in pyproject.toml, which a checkout that is not installed leaves no trace of
REQUIRED = {
    "volatility3": "2.26", "pefile": "2024.8.26", "yara-python": "4.5", "numpy": "1.26", "capstone": "5.0",
    "cramjam": "2.8", "dissect.util": "3.16", "Jinja2": "3.1", "rich": "13",
}  # fmt: skip
# what is missing, what it is for, and what pip is to install
OPTIONAL = {
    "pyarrow": ("batch --parquet, to_arrow()", "volplugins[parquet]"),
    "pandas": ("to_pandas()", "volplugins[frames]"),
    "distributed": ("batch --scheduler", "volplugins[dask]"),
    "mcp": ("mcp", "volplugins[mcp]"),
    "shtab": ("completion", "volplugins[completion]"),
    "pycryptodome": ("volatility3's plugins for secrets", "pycryptodome"),
    "jsonschema": ("checks of symbol tables", "jsonschema"),
}
_CONNECT_SECONDS = 3
_KNOWS_RENDERERS = (2, 27)  # the first volatility3 that looks for renderers after it has imported plugins


@dataclass(frozen=True, slots=True)
class Finding:
    """One line: ``state`` is ``ok``, ``note`` or ``fault``."""

    state: str
    topic: str
    text: str


def all_findings(network: bool = False) -> Iterator[Finding]:
    """Every check in order; a check that fails is a fault of its own and stops no other."""
    checks: list[tuple[str, Callable[[], Iterator[Finding]]]] = [
        ("versions", _versions),
        ("vol.json", _defaults),
        ("way", _way),
        ("plugins", _plugins),
        ("optional", _optional),
        ("symbols", _symbols),
        ("network", lambda: _network(network)),
    ]
    for topic, check in checks:
        try:
            yield from check()
        except Exception as error:
            yield Finding("fault", topic, f"{type(error).__name__}: {' '.join(str(error).split())}")


def _versions() -> Iterator[Finding]:
    machine = f"{platform.system()} {platform.machine()}"
    yield Finding("ok", "versions", f"volplugins {volplugins.__version__} in {Path(volplugins.__path__[0])}")
    yield Finding("ok", "versions", f"Python {platform.python_version()} at {sys.executable}, {machine}")
    for name, least in REQUIRED.items():
        found = _version(name)
        good = found is not None and _numbers(found) >= _numbers(least)
        text = f"{name} {found or 'is missing'}" + ("" if good else f": at least {least} is needed")
        yield Finding("ok" if good else "fault", "versions", text)
    if _numbers(_version("volatility3") or "") < _KNOWS_RENDERERS:
        yield Finding(
            "note", "versions", "with this volatility3 plain vol does not know -r jsonlines; volplugins vol does"
        )


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _numbers(version: str) -> tuple[int, ...]:
    """The leading numbers of a version, enough to compare with a least one."""
    numbers = []
    for part in version.split("."):
        if not part.isdigit():
            break
        numbers.append(int(part))
    return tuple(numbers)


def _default_folders() -> list[str]:
    try:
        return user_defaults.plugin_folders(user_defaults.read_defaults(user_defaults.defaults_path()))
    except user_defaults.DefaultsError:
        return []


def _defaults() -> Iterator[Finding]:
    path = user_defaults.defaults_path()
    if not path.exists():
        yield Finding("ok", "vol.json", f"none ({path})")
        return
    try:
        values = user_defaults.read_defaults(path)
    except user_defaults.DefaultsError as error:
        yield Finding("fault", "vol.json", str(error))
        return
    yield Finding("ok", "vol.json", f"{path}: {', '.join(sorted(values)) or 'empty'}")
    for folder in user_defaults.plugin_folders(values):
        if not os.path.isdir(folder):
            yield Finding("note", "vol.json", f"plugin folder {folder} is gone; volplugins setup corrects its own")


def _way() -> Iterator[Finding]:
    """Which of the ways makes plain ``vol`` of this Python find the plugins."""
    from volatility3.framework import constants

    defaults = _default_folders()
    beside = first_with_shells(constants.PLUGINS_PATH)
    by_setup = first_with_shells(defaults)
    active = by_setup or beside
    if active is None:
        yield Finding("note", "way", "plain vol does not find the plugins: volplugins vol runs with them, "
                      "volplugins setup makes plain vol find them, vol -p takes " + str(plugin_folder()))  # fmt: skip
    else:
        how = "setup (vol.json)" if by_setup else "beside volatility3's own plugins"
        yield Finding("ok", "way", f"plain vol finds the plugins: {how}, in {active}")
        if shells_in(active) != shells_in(plugin_folder()):
            yield Finding("note", "way", f"the plugins in {active} are of another version than this package")
    yield from _other_vol()


def _other_vol() -> Iterator[Finding]:
    """Whether the ``vol`` that a shell would start belongs to this Python."""
    found = shutil.which("vol")
    if found is None:
        yield Finding("note", "way", "there is no vol on the PATH")
    elif Path(found).parent.resolve() != Path(sysconfig.get_path("scripts")).resolve():
        yield Finding("note", "way", f"{found} belongs to another Python: volplugins may not be installed there")


def _plugins() -> Iterator[Finding]:
    """Import every plugin as ``vol`` does, then look at failures and names."""
    from volatility3 import framework, plugins
    from volatility3.framework import constants

    folders = [os.path.abspath(folder) for folder in _default_folders()] + constants.PLUGINS_PATH
    plugins.__path__ = folders if first_with_shells(folders) else [str(plugin_folder()), *folders]
    try:
        failures = framework.import_files(plugins, True)
    except Exception as error:
        yield Finding("fault", "plugins", f"a plugin file stops every vol run: {type(error).__name__}: {error}")
        return
    names = framework.list_plugins()
    ours = {name for name in names if name.startswith(plugin_names.OURS)}
    theirs = set(names) - ours
    yield Finding("ok" if ours else "fault", "plugins", f"{len(ours)} of ours, {len(theirs)} others")
    for module in sorted(failures):
        name = module.removeprefix("volatility3.plugins.")
        state = "fault" if name.startswith(plugin_names.OURS) else "note"
        yield Finding(state, "plugins", f"{name} cannot be imported: {_why(module)}")
    for collision in plugin_names.collisions(theirs, ours):
        yield Finding("fault", "plugins", f"{collision.typed} is ambiguous: {', '.join(collision.matches)}")
    for collision in plugin_names.broken_bare_words(theirs, ours):
        yield Finding("note", "plugins", f"{collision.typed} alone is ambiguous: {', '.join(collision.matches)}")


def _why(module: str) -> str:
    from importlib import import_module

    try:
        import_module(module)
    except Exception as error:
        return " ".join(str(error).split())
    return "it can now"


def _optional() -> Iterator[Finding]:
    for name, (use, what) in OPTIONAL.items():
        found = _version(name)
        how = "" if found else f": pip install '{what}'"
        yield Finding("ok" if found else "note", "optional", f"{name} {found or 'is missing'} ({use}){how}")


def _symbols() -> Iterator[Finding]:
    from volatility3.framework import constants

    from volplugins.vol.symbols.symbol_path import own_symbols

    own = own_symbols()
    named = user_defaults.read_defaults(user_defaults.defaults_path()).get("symbol_dirs", "")
    folders = [folder for folder in str(named).split(";") if folder] + constants.SYMBOL_BASEPATHS
    for folder in dict.fromkeys([*folders, *([str(own)] if own else [])]):
        state = "absent" if not os.path.isdir(folder) else "writable" if os.access(folder, os.W_OK) else "read-only"
        tables = sum(1 for path in Path(folder).glob("windows/**/*.json*") if path.is_file())
        yield Finding("ok", "symbols", f"{folder}: {state}, {tables} Windows tables")
    if not any(os.access(folder, os.W_OK) or not os.path.exists(folder) for folder in folders):
        yield Finding("note", "symbols", "no folder is writable: volatility3 converts the same PDBs on every run")
    yield _kept()


def _kept() -> Finding:
    """Whether tables that are there stay there."""
    from volplugins.vol.symbols import kept_tables

    version = kept_tables.version()
    if version in kept_tables.TESTED:
        return Finding("ok", "symbols", "tables that are there are never written to: volatility3's download of a PDB's "
                       f"table is replaced by one that keeps them (tested with volatility3 {version})")  # fmt: skip
    return Finding("note", "symbols", f"volatility3 {version} is none of those that were tested "
                   f"({', '.join(kept_tables.TESTED)}): its download of a PDB's table is left as it is, and may remove "
                   "a table of the same name; keep your own read-only")  # fmt: skip


def _network(connect: bool) -> Iterator[Finding]:
    from volatility3.framework import constants

    server = urlsplit(constants.SYMBOL_SERVER_URL)
    values = user_defaults.read_defaults(user_defaults.defaults_path())
    if values.get("offline"):
        yield Finding("ok", "network", "offline by vol.json: missing symbols are not fetched")
    elif not connect:
        yield Finding("ok", "network", f"vol fetches missing symbols from {server.hostname} unless told --offline; "
                      "not tried (--network tries)")  # fmt: skip
    else:
        yield _connection(str(server.hostname), server.port or {"https": 443}.get(server.scheme, 80))


def _connection(host: str, port: int) -> Finding:
    try:
        socket.create_connection((host, port), _CONNECT_SECONDS).close()
    except OSError as error:
        return Finding("note", "network", f"{host} cannot be reached ({error}): vol --offline saves the waiting")
    return Finding("ok", "network", f"{host} answers")
