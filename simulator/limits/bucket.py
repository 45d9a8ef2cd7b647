"""Token buckets on virtual time: so many at once, and so many more as time goes by.

Exact: tokens are counted in whole parts and time in whole microseconds, so that no rounding lets a request through
early or keeps one out that was told to come. Pure but for what a bucket holds; knows neither requests nor what a
bucket is for. Moments are microseconds since any one beginning.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

#: Parts of one token: a thousandth of a token a minute is then still a whole number of parts a microsecond.
PARTS = 60 * 10**9
#: Buckets that are kept before those that are full again, and so tell nothing, are let go.
MANY = 20_000


@dataclass(slots=True)
class Bucket:
    """What is left, in parts, at the moment of the last look."""

    parts: int
    at: int


@dataclass(slots=True)
class Buckets:
    """Buckets of one kind by key: `size` tokens at most (1 or more), `per_second` more each second (above 0).

    One that nobody has asked yet is full.
    """

    size: int
    per_second: float
    held: dict[str, Bucket] = field(default_factory=dict)
    many: int = MANY
    full: int = 0
    inflow: int = 0

    def __post_init__(self) -> None:
        self.full = self.size * PARTS
        self.inflow = max(round(self.per_second * (PARTS // 10**6)), 1)

    def look(self, key: str, now: int) -> Bucket:
        """The bucket with all that has come in; a clock that stands or goes back brings nothing."""
        bucket = self.held.get(key)
        if bucket is None:
            if len(self.held) >= self.many:
                self._prune(now)
            bucket = self.held[key] = Bucket(self.full, now)
        elif now > bucket.at:
            bucket.parts = min(bucket.parts + (now - bucket.at) * self.inflow, self.full)
            bucket.at = now
        return bucket

    def wait(self, bucket: Bucket) -> int:
        """Microseconds until one token is there; none where there is one already."""
        return -(-max(PARTS - bucket.parts, 0) // self.inflow)

    def _prune(self, now: int) -> None:
        """Let go of what is full, and not again before there are twice as many as stay."""
        for key in list(self.held):
            self.look(key, now)
        self.held = {key: bucket for key, bucket in self.held.items() if bucket.parts < self.full}
        self.many = max(MANY, 2 * len(self.held))


@dataclass(frozen=True, slots=True)
class Taken:
    """Whole tokens left, in the order asked; of a refused request which was short longest, and for how long (µs)."""

    left: tuple[int, ...]
    short: int | None = None
    wait: int = 0


def take(asked: Sequence[tuple[Buckets, str]], now: int, *, strict: bool) -> Taken:
    """Take a token from every bucket, or from none where one of them is empty.

    Not `strict`: what is short is only counted down to nothing, and nobody is refused.
    """
    looked = [buckets.look(key, now) for buckets, key in asked]
    if strict and any(bucket.parts < PARTS for bucket in looked):
        waits = [buckets.wait(bucket) for (buckets, _), bucket in zip(asked, looked, strict=True)]
        longest = max(waits)
        return Taken(tuple(bucket.parts // PARTS for bucket in looked), waits.index(longest), longest)
    for bucket in looked:
        bucket.parts = max(bucket.parts - PARTS, 0)
    return Taken(tuple(bucket.parts // PARTS for bucket in looked))
