"""Texts of a dump as a reader sees them."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from volplugins.report.page import embedded_json
from volplugins.report.shown_text import cell, shown

ANY_TEXT = st.text(st.characters(), max_size=400)  # surrogates included


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("plain \\ text, ä 漢字", "plain \\ text, ä 漢字"),
        ("a\x00\x1b[31m\r\n", "a\\x00\\x1b[31m\\x0d\\x0a"),
        ("\ud800", "\\ud800"),
        ("\u202egnp.exe", "\\u202egnp.exe"),
        ("\u2028\ufeff\U000e0041", "\\u2028\\ufeff\\U000e0041"),
        ("e" + "\u0301" * 50, "e" + "\u0301" * 3),
        (None, ""),
        (True, "yes"),
        (b"\x00\xff", "00ff"),
        ([1, {"a": None}], '[1, {"a": null}]'),
    ],
)
def test_what_is_shown(value: object, text: str) -> None:
    assert shown(value) == text


def test_a_number_may_be_too_long() -> None:
    assert shown(10**5000) == "a number too long to print"


def test_a_long_text_is_cut_and_says_so() -> None:
    assert shown("x" * 1_000_000, 10) == "x" * 10 + "… (999990 more characters)"


def test_numbers_stay_numbers_while_they_are_exact() -> None:
    assert [cell(1), cell(-2.5), cell(None), cell(False)] == [1, -2.5, None, "no"]
    assert cell(1 << 60) == str(1 << 60)
    assert [cell(float("nan")), cell(float("inf"))] == ["nan", "inf"]


@given(ANY_TEXT)
def test_nothing_invisible_is_left(text: str) -> None:
    found = shown(text)
    assert found.isprintable() or all(one.isprintable() or one.isspace() or ord(one) > 0x9F for one in found)
    assert not any(one in found for one in "\n\r\x00\x1b\u2028\u2029\u202e")
    found.encode()  # no lone surrogates


@given(ANY_TEXT)
def test_json_in_a_page_ends_no_element(text: str) -> None:
    embedded = str(embedded_json({text: [text]}))
    assert not set("<>&\u2028\u2029") & set(embedded) and embedded.isascii()
    assert json.loads(embedded) == {text: [text]}
