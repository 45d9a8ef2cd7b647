from datetime import UTC, datetime, timedelta

import pytest

from cli.commands.protect import parse_retention
from shared.errors import SettingsError
from tests.fakes import START


def test_a_recovery_point_is_kept_to_the_end_of_the_day() -> None:
    assert parse_retention("2026-12-31", START) == datetime(2026, 12, 31, 23, 59, 59, tzinfo=UTC)
    assert parse_retention("", START) is None


@pytest.mark.parametrize(
    "text",
    ["tomorrow", "2026-13-01", "31.12.2026", "2026-10-31", (START + timedelta(days=10_000)).date().isoformat()],
)
def test_a_day_that_cannot_be_is_refused(text: str) -> None:
    with pytest.raises(SettingsError) as caught:
        parse_retention(text, START)
    assert caught.value.remedy
