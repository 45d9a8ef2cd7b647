"""Counters over time: so many in a period that begins with the first, or so many in a UTC day.

Pure but for what a counter holds; who counts what, and what a refusal looks like, is decided elsewhere.
"""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

#: Periods that are kept before those that have ended are let go.
MANY = 20_000


@dataclass
class Window:
    """A period that began with its first request."""

    began: datetime
    count: int = 0


@dataclass
class Windows:
    """Periods by key. Each begins with the first request after the last one ended."""

    held: dict[str, Window] = field(default_factory=dict)
    many: int = MANY

    def look(self, key: str, period: timedelta, now: datetime) -> Window:
        """The period that `now` lies in."""
        window = self.held.get(key)
        if window is None or now - window.began >= period:
            if len(self.held) >= self.many:
                self.held = {k: w for k, w in self.held.items() if now - w.began < period}
                self.many = max(MANY, 2 * len(self.held))
            window = self.held[key] = Window(now)
        return window

    def take(self, key: str, limit: int, period: timedelta, now: datetime) -> tuple[bool, int, timedelta]:
        """Count one if there is room: whether there was, how many are left, and how long the period still lasts."""
        window = self.look(key, period, now)
        room = window.count < limit
        if room:
            window.count += 1
        return room, max(limit - window.count, 0), window.began + period - now


@dataclass
class Days:
    """Counts by key for the UTC day of the last look; those of an earlier day are forgotten."""

    day: date = date.min
    counts: dict[str, int] = field(default_factory=dict)

    def count(self, key: str, now: datetime) -> int:
        """How many so far today."""
        today = now.astimezone(UTC).date()
        if today != self.day:
            self.day, self.counts = today, {}
        return self.counts.get(key, 0)

    def add(self, key: str, now: datetime) -> None:
        """One more today."""
        self.counts[key] = self.count(key, now) + 1
