import unicodedata
from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.reporting.text import utc, visible


@given(st.text())
def test_nothing_that_does_not_show_itself_is_left(text: str) -> None:
    assert not {unicodedata.category(each) for each in visible(text)} & {"Cc", "Cf", "Cs", "Zl", "Zp"}
    visible(text).encode()


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("web-1 (Köln) 日本", "web-1 (Köln) 日本"),
        ("a\r\nb\t", "a\\u000d\\u000ab\\u0009"),
        ("\u202egnp.exe", "\\u202egnp.exe"),
        ("\ud800", "\\ud800"),
        ("\U000e0041", "\\U000e0041"),
        ("שלום", "שלום"),
    ],
)
def test_readable_text_stays_and_the_rest_is_escaped(text: str, shown: str) -> None:
    assert visible(text) == shown


def test_moments_are_written_in_utc() -> None:
    assert utc(datetime(2026, 7, 1, 12, 0, 0, 5, timezone(timedelta(hours=2)))) == "2026-07-01T10:00:00Z"
    assert utc(None) == ""
