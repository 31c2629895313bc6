"""The suite's own symbol tables are at hand, as they are in every run of `vol`."""

import pytest

from volplugins.vol.symbols.symbol_path import add_own_symbols


@pytest.fixture(autouse=True, scope="session")
def own_symbols() -> None:
    add_own_symbols()
