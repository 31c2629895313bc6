"""Protection numbers and their words, against Windows' own two tables as volatility3 and the lab have them."""

import pytest
from volatility3.framework.symbols.windows.extensions import MMVAD_SHORT  # noqa: F401 - its module holds the rule
from volatility3.plugins.windows.vadinfo import winnt_protections

from volplugins.address.protection import WORDS, can_execute, can_write, with_execute, word_of

# MmProtectToValue as a debugger shows it (Windows 7 and 10): PAGE_* bits by protection number
PROTECT_TO_VALUE = (
    0x01, 0x02, 0x10, 0x20, 0x04, 0x08, 0x40, 0x80, 0x01, 0x202, 0x210, 0x220, 0x204, 0x208, 0x240, 0x280,
    0x01, 0x102, 0x110, 0x120, 0x104, 0x108, 0x140, 0x180, 0x01, 0x402, 0x410, 0x420, 0x404, 0x408, 0x440, 0x480,
)  # fmt: skip


@pytest.mark.parametrize("number", range(32))
def test_words_are_those_of_the_windows_sdk(number):
    names = {name for name, bit in winnt_protections.items() if PROTECT_TO_VALUE[number] & bit}
    assert set(word_of(number).split("|")) == names


def test_rights():
    assert [can_execute(number) for number in range(8)] == ["EXECUTE" in word for word in WORDS[:8]]
    assert [can_write(number) for number in range(8)] == [
        word.endswith(("READWRITE", "WRITECOPY")) for word in WORDS[:8]
    ]
    assert [WORDS[with_execute(number)] for number in (1, 4, 5, 0x14)] == [
        "PAGE_EXECUTE_READ", "PAGE_EXECUTE_READWRITE", "PAGE_EXECUTE_WRITECOPY", "PAGE_EXECUTE_READWRITE|PAGE_GUARD"
    ]  # fmt: skip
    assert word_of(None) == ""
