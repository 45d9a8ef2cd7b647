"""Whether a rule strikes a request: does it match, and has its turn come. Counts what it saw and struck.

A rate is drawn from the rule's seed, the request's operation, its VM and how often that was asked before: so the order
in which different VMs are asked changes nothing, and the same seed strikes the same requests. Pure but for its counts.
"""

import random
from collections import Counter
from fnmatch import fnmatchcase

from simulator.core.routing import Call
from simulator.core.wire import Json
from simulator.faults.kinds import AnyRule


class Trigger:
    """One rule and what has become of it. `number` is its place among the rules."""

    def __init__(self, rule: AnyRule, number: int, seed: int) -> None:
        self.rule, self.number = rule, number
        self._seed = f"{seed}:{rule.seed}:{rule.fault}"
        self._asked: Counter[str] = Counter()
        self.seen = 0
        self.struck: Counter[str] = Counter()  # by operation

    def matches(self, call: Call, vm: str | None) -> bool:
        """Whether the request is one that the rule is about."""
        rule = self.rule
        if rule.operation is not None and rule.operation.lower() != call.operation.lower():
            return False
        if rule.method is not None and rule.method.upper() != call.method:
            return False
        if rule.path is not None and not fnmatchcase(call.path.lower(), rule.path.lower()):
            return False
        if rule.vm_id is not None and (vm or "").lower() != rule.vm_id.lower():
            return False
        return rule.include_estate or call.headers.get("x-sim-actor") != "estate"

    def strikes(self, call: Call, vm: str | None) -> bool:
        """Count a matching request; True where the rule strikes it."""
        rule = self.rule
        self.seen += 1
        if rule.times is not None and self.struck.total() >= rule.times:
            return False
        thing = f"{call.operation}|{vm or call.path}".lower()
        self._asked[thing] += 1
        count = (self._asked[thing] if rule.per_vm else self.seen) - (rule.skip or 0)
        if count < 1:
            return False
        if rule.rate is not None:
            hit = self.drawn(f"{thing}|{self._asked[thing]}").random() < rule.rate
        elif rule.first is not None:
            hit = count <= rule.first
        elif rule.every is not None:
            hit = count % rule.every == 0
        elif rule.nth is not None:
            hit = count == rule.nth
        else:
            hit = True
        if hit:
            self.struck[call.operation] += 1
        return hit

    def drawn(self, key: str) -> random.Random:
        """A generator of this rule's own for one decision."""
        return random.Random(f"{self._seed}|{key}")

    def to_json(self) -> Json:
        """The rule as it was given, with its counts."""
        given = self.rule.model_dump(mode="json", by_alias=True, exclude_unset=True)
        return {
            "id": self.number,
            **given,
            "seen": self.seen,
            "struck": self.struck.total(),
            "byOperation": dict(sorted(self.struck.items())),
        }
