"""All faults of one world: its rules, what a request meets with, and the tally of what struck.

Of the faults that decide a request's answer the first rule that strikes takes it, and later such rules never see it;
delays, skew, fates and other actors come on top. The door asks before it serves and again before it answers.
"""

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import TYPE_CHECKING

from aiohttp import web

from simulator.core.fate import Fate
from simulator.core.routing import Call
from simulator.core.wire import Answer, Json
from simulator.faults import breaking, spoilt
from simulator.faults.deeds import Deeds
from simulator.faults.fates import fate_of, refused
from simulator.faults.kinds import (
    ActorFault,
    AnyRule,
    Cut,
    Damage,
    Delay,
    Hang,
    JobFault,
    OperationFault,
    Refusal,
    ServerError,
    Skew,
    Throttle,
)
from simulator.faults.trigger import Trigger

if TYPE_CHECKING:
    from simulator.world import World

#: Real seconds between two looks at whether a client that is kept waiting is still there.
LOOK = 0.02
#: Stands for an answer that is never sent, because the connection is cut before the request has any effect.
NO_ANSWER = Answer(0)


@dataclass
class Strike:
    """What one request meets with."""

    ending: Trigger | None = None
    delays: list[Delay] = field(default_factory=list)
    deeds: list[ActorFault] = field(default_factory=list)
    skew: dict[str, timedelta] = field(default_factory=dict)

    @property
    def spared(self) -> bool:
        """Whether the client gets the answer as it was made."""
        return self.ending is None


class Faults:
    """`rules` are in the order they were given; `total` counts what struck since the start, by fault."""

    def __init__(self, world: "World") -> None:
        self._world = world
        self.rules: list[Trigger] = []
        self.total: Counter[str] = Counter()
        self.deeds = Deeds(world)
        self._released = asyncio.Event()

    def add(self, rules: list[AnyRule]) -> None:
        """Let these rules strike from now on; deeds for a moment are put on the clock."""
        for rule in rules:
            trigger = Trigger(rule, len(self.rules), self._world.state.seed)
            self.rules.append(trigger)
            if isinstance(rule, ActorFault) and rule.after_seconds is not None and rule.vm_id is not None:
                self._at(trigger, rule, rule.vm_id, rule.after_seconds)
        self._released.clear()

    def _at(self, trigger: Trigger, rule: ActorFault, vm: str, seconds: float) -> None:
        async def happen() -> None:
            if trigger in self.rules:
                trigger.struck["moment"] += 1
                self.total["actor"] += 1
                await self.deeds.do(rule, vm)

        self._world.clock.after(seconds, happen)

    def clear(self) -> None:
        """No rule any more; whoever is kept waiting is let go."""
        self.rules = []
        self._released.set()

    def strike(self, call: Call, vm: str | None) -> Strike:
        """What this request meets with, all rules considered and counted."""
        strike = Strike()
        for trigger in self.rules:
            rule = trigger.rule
            ends = isinstance(rule, Throttle | ServerError | Refusal | Cut | Damage | Hang)
            if (ends and strike.ending is not None) or not trigger.matches(call, vm):
                continue
            if isinstance(rule, ActorFault) and rule.after_seconds is not None:
                continue
            if not trigger.strikes(call, vm):
                continue
            self.total[rule.fault] += 1
            if ends:
                strike.ending = trigger
            elif isinstance(rule, Delay):
                strike.delays.append(rule)
            elif isinstance(rule, ActorFault):
                strike.deeds.append(rule)
            elif isinstance(rule, Skew):
                strike.skew |= {name: timedelta(seconds=rule.seconds) for name in rule.headers}
            elif isinstance(rule, OperationFault | JobFault):
                call.fate = fate_of(rule, call.fate or Fate())
        return strike

    async def before(self, strike: Strike, vm: str | None, alive: Callable[[], bool]) -> Answer | None:
        """What happens before the request is served; an answer where it is not served at all."""
        for deed in strike.deeds:
            await self.deeds.do(deed, vm)
        for delay in strike.delays:
            if delay.when == "before":
                await self._wait(delay, alive)
        if strike.ending is None:
            return None
        rule = strike.ending.rule
        if isinstance(rule, Throttle):
            return spoilt.throttled(rule, self._draw(strike.ending), self._told(strike))
        if isinstance(rule, ServerError) and rule.when == "before":
            return spoilt.failed(rule, self._draw(strike.ending), self._told(strike))
        if isinstance(rule, Refusal):
            return refused(rule).answer()
        if isinstance(rule, Cut) and rule.when == "before":
            return NO_ANSWER
        if isinstance(rule, Hang) and rule.when == "before":
            await self._sleep(rule.ms / 1000, alive)
            return NO_ANSWER
        return None

    async def after(self, strike: Strike, answer: Answer, alive: Callable[[], bool]) -> Answer:
        """What happens when the request has taken effect; the answer that is to be sent."""
        for delay in strike.delays:
            if delay.when == "after":
                await self._wait(delay, alive)
        if strike.ending is None:
            return answer
        rule = strike.ending.rule
        if isinstance(rule, ServerError) and rule.when == "after":
            return spoilt.failed(rule, self._draw(strike.ending), self._told(strike))
        if isinstance(rule, Hang) and rule.when == "after":
            await self._sleep(rule.ms / 1000, alive)
        return answer

    async def deliver(self, strike: Strike, request: web.Request, response: web.Response) -> web.Response:
        """The response as it goes out. Raises breaking.Cut where none does."""
        rule = strike.ending.rule if strike.ending is not None else None
        if isinstance(rule, Cut):
            breaking.cut(request, rule.fault)
        if isinstance(rule, Hang):
            breaking.cut(request, "close")
        if isinstance(rule, Damage):
            if rule.fault == "garble":
                return breaking.garbled(response)
            await breaking.half(request, response, rule.end)
        return response

    @staticmethod
    def _draw(trigger: Trigger) -> Random:
        return trigger.drawn(f"answer|{trigger.struck.total()}")

    def _told(self, strike: Strike) -> datetime:
        return self._world.now() + strike.skew.get("date", timedelta())

    async def _wait(self, delay: Delay, alive: Callable[[], bool]) -> None:
        """Both kinds of lateness: real, and virtual by moving the clock through all that falls due meanwhile."""
        until = self._world.now() + timedelta(seconds=delay.virtual_seconds)
        while self._world.now() < until:
            await self._world.clock.advance(until)
        await self._sleep(delay.ms / 1000, alive)

    async def _sleep(self, seconds: float, alive: Callable[[], bool]) -> None:
        """Real seconds, or until the rules are taken back or the client is gone."""
        loop = asyncio.get_running_loop()
        until = loop.time() + seconds
        while alive() and (left := until - loop.time()) > 0:
            try:
                await asyncio.wait_for(self._released.wait(), min(left, LOOK))
            except TimeoutError:
                continue
            return

    def to_json(self) -> Json:
        """Rules with their counts, the tally since the start, and what the other actors did."""
        return {
            "rules": [trigger.to_json() for trigger in self.rules],
            "struck": dict(sorted(self.total.items())),
            "deeds": [deed.to_json() for deed in self.deeds.done],
            "locks": self._world.locks.to_json(),
        }
