from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from shared.domain.opt_out_stretch import OptOutStretch, seen_again, standing

NOW = datetime(2026, 11, 1, tzinfo=UTC)
DAY = timedelta(days=1)
MONTH = timedelta(days=30)
KNOWN = OptOutStretch(NOW - 10 * DAY, NOW - DAY, "until=a", "alice")


def again(known: OptOutStretch | None, text: str = "until=a", *, honoured: bool = True, by: str = "") -> object:
    return seen_again(known, text, honoured=honoured, by=by, now=NOW, new_after=MONTH)


@pytest.mark.parametrize(("gone_for", "stands"), [(0 * DAY, True), (MONTH, True), (MONTH + DAY / 24, False)])
def test_a_stretch_ends_only_when_the_tag_was_gone_for_new_after(gone_for: timedelta, stands: bool) -> None:
    known = replace(KNOWN, last_seen=NOW - gone_for)
    assert standing(known, NOW, MONTH) == (known if stands else None)


def test_nothing_known_stands_for_nothing() -> None:
    assert standing(None, NOW, MONTH) is None


def test_a_stretch_begins_when_an_opt_out_is_first_honoured() -> None:
    assert again(None, by="alice") == OptOutStretch(NOW, NOW, "until=a", "alice")
    assert again(None, honoured=False, by="alice") is None


@pytest.mark.parametrize("honoured", [True, False])
def test_a_stretch_goes_on_whatever_the_tag_says_by_now(honoured: bool) -> None:
    assert again(KNOWN, "until=b", honoured=honoured, by="bob") == OptOutStretch(
        KNOWN.first_seen, NOW, "until=b", "bob"
    )


def test_who_wrote_the_same_text_first_stays_its_author() -> None:
    """The VM's last writer may have changed something else."""
    assert again(KNOWN, by="bob") == replace(KNOWN, last_seen=NOW)


def test_a_change_that_nobody_is_known_for_keeps_the_name() -> None:
    assert again(KNOWN, "until=b") == replace(KNOWN, last_seen=NOW, text="until=b")


def test_a_clock_that_went_back_takes_nothing_off_a_stretch() -> None:
    ahead = replace(KNOWN, last_seen=NOW + DAY)
    assert again(ahead) == ahead
