"""Deliveries on the virtual clock: at least once, in no order, again on the published schedule, then given up.

Whatever happens, an event that was accepted ends in exactly one of: delivered, dead-lettered, dropped; until then it
is pending. Refuses to lose one silently. Left out: the hours for which Azure also holds back new events from an
endpoint that keeps failing.
"""

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from simulator.core.clock import Clock, Work
from simulator.core.wire import Json, stamp
from simulator.estate.catalog import uid
from simulator.events.deadletter import Blob, blob_name, dead_event
from simulator.events.sender import Outcome, Sender
from simulator.events.settings import Settings
from simulator.events.subscription import EventSubscription

#: Seconds to the next attempt; the last one repeats (documentation of delivery and retry).
RETRIES = (10, 30, 60, 300, 600, 1800, 3600, 3 * 3600, 6 * 3600, 12 * 3600)
#: Answers after which Azure waits at least this many seconds (same page).
AT_LEAST = {404: 300, 408: 120, 503: 30}
#: A webhook's answers that end the delivery for good (same page).
FATAL = (400, 401, 403, 413)
#: Seconds between giving up and the dead letter (same page).
DEAD_LETTER_DELAY = 300


@dataclass(eq=False)
class Delivery:
    """One event on its way to one event subscription. `done`: how it ended."""

    number: int
    target: EventSubscription
    event: Json
    published: datetime
    attempts: int = 0
    attempted: datetime | None = None
    outcome: str = "Pending"
    under_way: bool = False
    given_up: bool = False
    done: str | None = None


class Deliveries:
    """Every delivery, from the event to its end."""

    def __init__(self, clock: Clock, rng: random.Random, sender: Sender, settings: Callable[[], Settings]) -> None:
        self.clock, self.sender, self._rng, self._settings = clock, sender, rng, settings
        self.blobs: list[Blob] = []
        #: Over all event subscriptions, those that are gone too.
        self.totals: Counter[str] = Counter()

    @property
    def pending(self) -> int:
        """Events that have not come to their end yet."""
        totals = self.totals
        return totals["matched"] - totals["delivered"] - totals["deadLettered"] - totals["dropped"]

    def accept(self, target: EventSubscription, event: Json) -> None:
        """Take on an event; now and then it will come more than once."""
        self._count(target, "matched")
        delivery = Delivery(self.totals["matched"], target, event, self.clock.now())
        target.pending[delivery.number] = delivery
        settings = self._settings()
        self._later(settings, lambda: self._attempt(delivery))
        if self._rng.random() < settings.duplicates:
            for _ in range(settings.copies - 1):
                self._later(settings, lambda: self._repeat(delivery))

    def drop_all(self, target: EventSubscription) -> None:
        """The event subscription is gone: what is pending is dropped and counted as such."""
        target.gone = True
        for delivery in list(target.pending.values()):
            self._end(delivery, "dropped")

    def _later(self, settings: Settings, work: Work) -> None:
        self.clock.after(self._rng.uniform(*settings.delay), work)

    async def _attempt(self, first: Delivery) -> None:
        config = first.target.live
        if first.done or first.given_up or first.under_way or config is None:
            return  # delivered meanwhile, as a copy or in another one's batch
        if self.clock.now() >= self._expiry(first):
            self._give_up(first, "TimeToLiveExceeded")
            return
        batch = self._batch(first, config.batch, config.batch_kb * 1024)
        for each in batch:
            each.under_way, each.attempted = True, self.clock.now()
            each.attempts += 1
        outcome = await self._send(first, batch)
        for each in batch:
            each.under_way, each.outcome = False, outcome.name
            if each.done:
                continue
            if outcome.received:
                self._end(each, "delivered")
            else:
                self._failed(each, outcome)

    async def _repeat(self, delivery: Delivery) -> None:
        """A copy: sent whatever became of the event so far, unless it has been given up. Its failure means nothing."""
        if delivery.given_up or delivery.target.gone or delivery.target.live is None:
            return
        outcome = await self._send(delivery, [delivery], copy=True)
        if outcome.received and not delivery.done and not delivery.given_up:
            self._end(delivery, "delivered")

    def _batch(self, first: Delivery, size: int, limit: int) -> list[Delivery]:
        """`first` and, where batches are asked for, what else waits for its first attempt."""
        batch, length = [first], len(str(first.event))
        for each in first.target.pending.values() if size > 1 else ():
            length += len(str(each.event))
            if len(batch) == size or length > limit:
                break
            if each is not first and not each.attempts and not each.given_up:
                batch.append(each)
        return batch

    async def _send(self, first: Delivery, batch: list[Delivery], *, copy: bool = False) -> Outcome:
        target, config = first.target, first.target.live
        if config is None:
            raise RuntimeError(f"{target.id} has passed no handshake")
        attempt, patience = max(first.attempts, 1), self._settings().ack_timeout
        started = self.clock.now()
        outcome = await self.sender.post(target.name, config, [d.event for d in batch], attempt, patience)
        self._count(target, "attempts")
        if not outcome.received:
            self._count(target, "failedAttempts")
        said = {"at": stamp(started), "attempt": attempt, "copy": copy, "status": outcome.status}
        for each in batch:
            target.recent.append(said | {"outcome": outcome.name, "eventId": each.event["id"]})
        return outcome

    def _failed(self, delivery: Delivery, outcome: Outcome) -> None:
        if outcome.status in FATAL:
            self._give_up(delivery, "UndeliverableDueToClientError")
            return
        config = delivery.target.live
        if config is None or delivery.attempts >= config.max_attempts:
            self._give_up(delivery, "MaxDeliveryAttemptsExceeded")
            return
        jitter = self._settings().jitter
        wait = RETRIES[min(delivery.attempts, len(RETRIES)) - 1] * (1 + self._rng.uniform(-jitter, jitter))
        due = self.clock.now() + timedelta(seconds=max(wait, AT_LEAST.get(outcome.status or 0, 0)))
        if due < self._expiry(delivery):
            self.clock.at(due, lambda: self._attempt(delivery))
        else:  # no attempt is left before the time to live ends; until then a copy may still get through
            self.clock.at(self._expiry(delivery), lambda: self._give_up(delivery, "TimeToLiveExceeded"))

    def _expiry(self, delivery: Delivery) -> datetime:
        config = delivery.target.live or delivery.target.asked
        return delivery.published + timedelta(minutes=config.ttl_minutes)

    def _give_up(self, delivery: Delivery, reason: str) -> None:
        if delivery.done or delivery.given_up:
            return
        delivery.given_up = True
        config = delivery.target.live
        if config is None or config.dead_letter is None:
            self._end(delivery, "dropped")
            return
        place, schema = config.dead_letter, config.schema

        def write() -> None:
            if not delivery.done:
                self._write(delivery, reason, place, schema)

        self.clock.after(DEAD_LETTER_DELAY, write)

    def _write(self, delivery: Delivery, reason: str, place: Json, schema: str) -> None:
        now, target = self.clock.now(), delivery.target
        dead = dead_event(
            delivery.event,
            schema,
            reason=reason,
            attempts=delivery.attempts,
            outcome=delivery.outcome,
            published=delivery.published,
            attempted=delivery.attempted,
        )
        name = blob_name(target.name, now, uid(self._rng))
        self.blobs.append(Blob(target.id, place["resourceId"], place["blobContainerName"], name, now, [dead]))
        self._end(delivery, "deadLettered")

    def _end(self, delivery: Delivery, how: str) -> None:
        delivery.done = how
        del delivery.target.pending[delivery.number]
        self._count(delivery.target, how)

    def _count(self, target: EventSubscription, what: str) -> None:
        self.totals[what] += 1
        target.counts[what] += 1
