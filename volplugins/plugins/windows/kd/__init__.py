# Volatility Software License 1.0, https://www.volatilityfoundation.org/license/vsl-v1.0
"""The shells: one small file per command, options in, rows out."""

import sys
from importlib.util import find_spec
from pathlib import Path

# `vol -p` on the folder of a checkout: the package beside it need not be installed
_package = Path(__file__).resolve().parents[3]
if find_spec("volplugins") is None and _package.name == "volplugins":
    sys.path.append(str(_package.parent))
