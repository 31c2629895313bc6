"""``volplugins setup``: tells the user's volatility3 where the plugins are, for installs where it cannot find them."""

from __future__ import annotations

import argparse
import sys
from typing import Any


def add_parser(subparsers: Any) -> None:
    """Add the command."""
    parser = subparsers.add_parser(
        "setup",
        help="make plain vol find the plugins, by the user's vol.json",
        description="Adds the plugin folder to the user's defaults for vol; everything else there stays. Not needed "
        "where the plugins are installed beside volatility3: volplugins doctor tells. A -p on the command line of vol "
        "replaces these defaults.",
    )
    parser.add_argument("--remove", action="store_true", help="take the folder out again")


def run(args: argparse.Namespace) -> int:
    """Write the file, or say why not."""
    from volplugins.cli import user_defaults
    from volplugins.cli.installation import is_plugin_folder, plugin_folder

    path, ours = user_defaults.defaults_path(), str(plugin_folder())
    if user_defaults.SEPARATOR in ours:
        return _refuse(f"volatility3 separates folders by {user_defaults.SEPARATOR}, which {ours} holds")
    try:
        values = user_defaults.read_defaults(path)
    except user_defaults.DefaultsError as error:
        return _refuse(str(error))
    old = user_defaults.plugin_folders(values)
    # a folder of an older place of this package goes too
    others = [folder for folder in old if folder != ours and not is_plugin_folder(folder)]
    new = others if args.remove else [ours, *others]
    if new == old:
        print(f"{path}: nothing to change")
        return 0
    try:
        user_defaults.write_defaults(path, user_defaults.with_plugin_folders(values, new))
    except OSError as error:
        return _refuse(f"{path} cannot be written: {error}")
    print(f"{path}: {'removed' if args.remove else 'now names'} {', '.join(sorted({*old, *new} ^ {*others}))}")
    return 0


def _refuse(why: str) -> int:
    print(f"volplugins setup: {why}", file=sys.stderr)
    return 1
