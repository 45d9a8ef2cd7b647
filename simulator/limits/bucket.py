"""Token buckets on virtual time: so many at once, and so many more as time goes by.

Exact: tokens are counted in whole parts, so that no rounding lets a request through early or keeps one out that was
told to come. Pure but for what a bucket holds; knows neither requests nor what a bucket is for.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

#: Parts of one token: a thousandth of a token a minute is then still a whole number of parts a microsecond.
PARTS = 60 * 10**9
MICROSECOND = timedelta(microseconds=1)
#: Buckets that are kept before those that are full again, and so tell nothing, are let go.
MANY = 20_000


@dataclass(frozen=True)
class Rate:
    """`size` tokens at most (1 or more), and `per_second` more each second (above 0; thousandths count)."""

    size: int
    per_second: float

    @property
    def parts_per_microsecond(self) -> int:
        """What comes in: `per_second` in parts of a token, at least one."""
        return max(round(self.per_second * (PARTS // 10**6)), 1)

    def times(self, factor: int) -> "Rate":
        """A bucket that many times as large, and as quick to fill."""
        return Rate(self.size * factor, self.per_second * factor)


@dataclass
class Bucket:
    """What is left at the moment of the last look."""

    parts: int
    at: datetime

    def fill(self, rate: Rate, now: datetime) -> None:
        """Add what has come in since the last look; a clock that stands or goes back adds nothing."""
        gone = max((now - self.at) // MICROSECOND, 0)
        self.parts = min(self.parts + gone * rate.parts_per_microsecond, rate.size * PARTS)
        self.at = max(self.at, now)

    def wait(self, rate: Rate) -> timedelta:
        """How long until one token is there; nothing where there is one already."""
        return MICROSECOND * -(-max(PARTS - self.parts, 0) // rate.parts_per_microsecond)


@dataclass
class Buckets:
    """Buckets by key, all of one rate; one that nobody has asked yet is full."""

    held: dict[str, Bucket] = field(default_factory=dict)
    many: int = MANY

    def look(self, key: str, rate: Rate, now: datetime) -> Bucket:
        """The bucket as it is now."""
        bucket = self.held.get(key)
        if bucket is None:
            if len(self.held) >= self.many:
                self._prune(rate, now)
            bucket = self.held[key] = Bucket(rate.size * PARTS, now)
        bucket.fill(rate, now)
        return bucket

    def left(self, key: str, rate: Rate, now: datetime) -> int:
        """Whole tokens in a bucket that somebody has asked."""
        self.held[key].fill(rate, now)
        return self.held[key].parts // PARTS

    def _prune(self, rate: Rate, now: datetime) -> None:
        """Let go of what is full, and not again before there are twice as many as stay."""
        for bucket in self.held.values():
            bucket.fill(rate, now)
        self.held = {key: bucket for key, bucket in self.held.items() if bucket.parts < rate.size * PARTS}
        self.many = max(MANY, 2 * len(self.held))


@dataclass(frozen=True)
class Demand:
    """One bucket that a request takes a token from, and what it is called in headers and messages."""

    buckets: Buckets
    key: str
    rate: Rate
    name: str


@dataclass(frozen=True)
class Taken:
    """What is left of each demand, in whole tokens; where the request is refused, what was short and for how long."""

    left: tuple[int, ...]
    short: Demand | None = None
    wait: timedelta = timedelta()


def take(demands: list[Demand], now: datetime, *, strict: bool) -> Taken:
    """Take a token from every bucket, or from none where one of them is empty.

    Not `strict`: what is short is only counted down to nothing, and nobody is refused.
    """
    looked = [(demand, demand.buckets.look(demand.key, demand.rate, now)) for demand in demands]
    waits = [(bucket.wait(demand.rate), demand) for demand, bucket in looked]
    longest, short = max(waits, key=lambda each: each[0])
    refused = strict and longest > timedelta()
    if not refused:
        for _, bucket in looked:
            bucket.parts = max(bucket.parts - PARTS, 0)
    left = tuple(bucket.parts // PARTS for _, bucket in looked)
    return Taken(left, short, longest) if refused else Taken(left)
