"""The enforcement policy that is in force: asked for by version, checked before it takes effect, swapped as a whole.

Whoever looks at a VM or sweeps an estate takes one policy at the beginning and decides everything by it. A new version
that is not valid changes nothing: the last good one stays in force, after a restart too, and `problem` says so in every
report. It writes no policy and asks no more often than it was told to.
"""

import asyncio
import logging
from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.domain.compiled_policy import CompiledPolicy, compile_policy
from shared.domain.policy import audit_only
from shared.domain.policy_file.reading import read_policy
from shared.errors import BackstopError
from shared.ports import Clock
from shared.ports.policy import POLICY_AGE, LastGood, PolicyAnswer, PolicyProblem, PolicySource, PolicyText

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class FixedPolicy:
    """`Policies` for one run of the command line: what a person has agreed to does not change under way."""

    current: CompiledPolicy
    problem: PolicyProblem | None = None

    async def newest(self, _within: timedelta = POLICY_AGE, /) -> CompiledPolicy:
        """The same one always."""
        return self.current


class PolicyInForce:
    """`Policies` on a source. Before the first question the built-in policy is in force, which only audits."""

    def __init__(self, source: PolicySource, last_good: LastGood, clock: Clock) -> None:
        self._source, self._last_good, self._clock = source, last_good, clock
        self._current = compile_policy(audit_only())
        self._problem: PolicyProblem | None = None
        self._etag = ""  # of the version seen last, good or bad: a bad one is read and told of once
        self._asked: datetime | None = None
        self._asking = asyncio.Lock()

    @property
    def current(self) -> CompiledPolicy:
        """The policy in force."""
        return self._current

    @property
    def problem(self) -> PolicyProblem | None:
        """Why it is not the one in its place."""
        return self._problem

    async def newest(self, within: timedelta = POLICY_AGE, /) -> CompiledPolicy:
        """The policy in force. Raises SettingsError or RetryLaterError only where the last good one cannot be kept."""
        if self._is_fresh(within):
            return self._current
        async with self._asking:
            if not self._is_fresh(within):  # another look may have asked meanwhile
                await self._ask()
        return self._current

    def _is_fresh(self, within: timedelta) -> bool:
        if self._asked is None:
            return False
        return timedelta() <= self._clock.now() - self._asked < within  # a clock that went back proves nothing

    async def _ask(self) -> None:
        first = self._asked is None
        try:
            answer = await self._source.read(self._etag)
        except BackstopError as error:
            await self._reject("", PolicyProblem("POLICY_UNREADABLE", str(error), self._clock.now()), first)
        else:
            if answer is PolicyAnswer.ABSENT:
                await self._none_there()
            elif isinstance(answer, PolicyText):
                await self._consider(answer, first)
        self._asked = self._clock.now()

    async def _consider(self, found: PolicyText, first: bool) -> None:
        if found.garbled:
            garbled = PolicyProblem("POLICY_INVALID", found.garbled, self._clock.now(), self._source.file)
            await self._reject(found.etag, garbled, first)
            return
        reading = read_policy(found.text, self._source.file)
        if reading.policy is None:
            worst = reading.errors[0]
            await self._reject(
                found.etag, PolicyProblem("POLICY_INVALID", str(worst), self._clock.now(), worst.place), first
            )
            return
        compiled = compile_policy(reading.policy)
        await self._last_good.keep(self._source.name, found.text)  # first: it must survive a kill right after this
        self._take(compiled, found.etag)

    async def _none_there(self) -> None:
        await self._last_good.forget(self._source.name)
        built_in = compile_policy(audit_only())
        if self._current.policy.hash != built_in.policy.hash:
            log.warning("there is no policy in %s any more: nothing is enforced", self._source.name)
        self._take(built_in, "")

    def _take(self, policy: CompiledPolicy, etag: str) -> None:
        """In one step, without anything awaited in between."""
        if policy.policy.hash != self._current.policy.hash:
            log.info("the policy %s (%s) is in force", policy.policy.metadata.name, policy.policy.hash)
        self._current, self._etag, self._problem = policy, etag, None

    async def _reject(self, etag: str, problem: PolicyProblem, first: bool) -> None:
        if first:
            await self._restore()
        if self._problem is None or self._problem.what != problem.what:
            now = self._current.policy
            stays = f"{now.metadata.name} ({now.hash}) stays in force"
            log.error("the policy in %s is not taken: %s; %s", self._source.name, problem.what, stays)
            self._problem = problem
        self._etag = etag  # empty for one that could not be read: the next answer is then a text in any case

    async def _restore(self) -> None:
        """After a restart: the last good version, if there was one and this program still takes it."""
        text = await self._last_good.last_good(self._source.name)
        if text is None:
            return
        reading = read_policy(text, self._source.file)
        if reading.policy is not None:
            self._current = compile_policy(reading.policy)
            return
        log.error("the last good policy is not valid for this version: %s; nothing is enforced", reading.errors[0])
