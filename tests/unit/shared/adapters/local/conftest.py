from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from shared.adapters.local.store import Store


class HandClock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.moment = datetime(2026, 11, 24, 8, 0, 0, 123456, tzinfo=UTC)

    def now(self) -> datetime:
        return self.moment

    async def wait_until(self, moment: datetime) -> None:
        self.moment = max(self.moment, moment)

    def move(self, by: timedelta) -> None:
        self.moment += by


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store(tmp_path / "state" / "estate") as opened:
        yield opened
