import json
import logging
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from shared.adapters.local.policies import SqliteLastGood
from shared.adapters.local.store import Store
from shared.adapters.policy_file import PolicyFolder
from shared.domain.azure_answers import Scope
from shared.domain.compiled_policy import CompiledPolicy
from shared.domain.model import State, Status
from shared.domain.policy import Mode
from shared.errors import RetryLaterError
from shared.policy_in_force import FixedPolicy, PolicyInForce
from shared.ports.policy import PolicyAnswer, PolicyProblem, PolicyText
from shared.telemetry import JsonFormatter
from tests.fakes import FakeClock, World, a_vault, a_vm
from tests.policies import compiled

MINUTE = timedelta(minutes=1)
HEAD = "apiVersion: backstop/v1\nkind: EnforcementPolicy\nmetadata: {{name: {}}}\nspec:\n  mode: {}\n"
RULES = "  rules: [{name: default, priority: 1, match: {}}]\n"
BROKEN = HEAD.format("broken", "enforce") + "  sttle: PT5M\n" + RULES


def policy_text(name: str, mode: str = "enforce", rest: str = "") -> str:
    return HEAD.format(name, mode) + rest + RULES


class Place:
    """A folder with a policy, and processes that come and go on one store."""

    def __init__(self, folder: Path, store: Store) -> None:
        self.folder, self.store, self.clock = folder, store, FakeClock()

    def put(self, text: str) -> None:
        (self.folder / "policy.yaml").write_text(text, encoding="utf-8")

    def process(self) -> PolicyInForce:
        return PolicyInForce(PolicyFolder(self.folder), SqliteLastGood(self.store), self.clock)

    async def name(self, policies: PolicyInForce, within: timedelta = timedelta()) -> str:
        return (await policies.newest(within)).policy.metadata.name


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    (tmp_path / "policies").mkdir()
    with Store(tmp_path / "state") as store:
        yield Place(tmp_path / "policies", store)


async def test_without_any_policy_nothing_is_enforced_and_nothing_is_wrong(place: Place) -> None:
    policies = place.process()
    assert (await policies.newest()).mode is Mode.AUDIT
    assert policies.problem is None


async def test_a_new_version_is_in_force_within_a_minute_and_at_once_for_a_sweep(place: Place) -> None:
    place.put(policy_text("one"))
    policies = place.process()
    assert await place.name(policies, MINUTE) == "one"
    place.put(policy_text("two"))
    place.clock.moment += timedelta(seconds=59)
    assert await place.name(policies, MINUTE) == "one"
    assert await place.name(policies) == "two"
    place.put(policy_text("three"))
    place.clock.moment += timedelta(seconds=60)
    assert await place.name(policies, MINUTE) == "three"


async def test_a_clock_that_went_back_asks_again(place: Place) -> None:
    place.put(policy_text("one"))
    policies = place.process()
    await policies.newest()
    place.put(policy_text("two"))
    place.clock.moment -= timedelta(hours=1)
    assert await place.name(policies, MINUTE) == "two"


async def test_an_invalid_version_leaves_the_last_good_one_in_force_and_is_told_with_its_place_once(
    place: Place, caplog: pytest.LogCaptureFixture
) -> None:
    place.put(policy_text("good"))
    policies = place.process()
    await policies.newest()
    place.put(BROKEN)
    for _ in range(3):
        place.clock.moment += MINUTE
        assert await place.name(policies) == "good"
    problem = policies.problem
    assert problem is not None
    assert (problem.code, problem.place, problem.since - place.clock.moment) == (
        "POLICY_INVALID",
        "policy.yaml:6:3",
        -2 * MINUTE,
    )
    assert "settle" in problem.what
    assert caplog.text.count("is not taken") == 1
    place.put(policy_text("mended"))
    assert await place.name(policies) == "mended"
    assert policies.problem is None


@pytest.mark.parametrize("cut", ["", "---\n", "- a\n"])
async def test_an_upload_that_was_cut_off_leaves_the_last_good_one_and_names_a_place_that_there_is(
    place: Place, cut: str
) -> None:
    place.put(policy_text("good"))
    policies = place.process()
    await policies.newest()
    place.put(cut)
    place.clock.moment += MINUTE
    assert await place.name(policies) == "good"
    assert policies.problem is not None
    assert policies.problem.code == "POLICY_INVALID"
    assert policies.problem.place in {"policy.yaml:1:1", "policy.yaml:2:1"}
    place.put("x" * 1_000_001)
    place.clock.moment += MINUTE
    assert await place.name(policies) == "good"
    assert policies.problem.place == "policy.yaml"  # no line of it is wrong more than another
    (place.folder / "policy.yaml").write_bytes(policy_text("other").encode("utf-16"))
    place.clock.moment += MINUTE
    assert await place.name(policies) == "good"
    assert (policies.problem.code, policies.problem.place) == ("POLICY_INVALID", "policy.yaml")
    assert "not UTF-8" in policies.problem.what


async def test_the_last_good_one_survives_a_restart(place: Place) -> None:
    place.put(policy_text("good"))
    await place.process().newest()
    place.put(BROKEN)
    again = place.process()
    assert await place.name(again) == "good"
    assert again.problem is not None


async def test_an_invalid_first_version_enforces_nothing(place: Place) -> None:
    place.put(BROKEN)
    policies = place.process()
    assert (await policies.newest()).mode is Mode.AUDIT
    assert policies.problem is not None


async def test_a_policy_that_was_taken_away_does_not_come_back_behind_an_invalid_one(place: Place) -> None:
    place.put(policy_text("old"))
    policies = place.process()
    await policies.newest()
    (place.folder / "policy.yaml").unlink()
    assert (await policies.newest(timedelta())).mode is Mode.AUDIT
    place.put(BROKEN)
    assert (await place.process().newest()).mode is Mode.AUDIT


async def test_a_place_that_cannot_be_read_leaves_the_policy_and_says_so_until_it_can(place: Place) -> None:
    place.put(policy_text("good"))
    policies = place.process()
    await policies.newest()
    away = place.folder.rename(place.folder.with_name("away"))
    assert await place.name(policies) == "good"
    assert policies.problem is not None
    assert policies.problem.code == "POLICY_UNREADABLE"
    away.rename(place.folder)
    assert await place.name(policies) == "good"
    assert policies.problem is None


async def test_an_invalid_version_behind_an_outage_is_still_told(place: Place) -> None:
    place.put(policy_text("good"))
    policies = place.process()
    await policies.newest()
    place.put(BROKEN)
    await policies.newest(timedelta())
    away = place.folder.rename(place.folder.with_name("away"))
    await policies.newest(timedelta())
    away.rename(place.folder)
    await policies.newest(timedelta())
    assert policies.problem is not None
    assert policies.problem.code == "POLICY_INVALID"


class Counting:
    """A source that counts how often it is asked for a text."""

    name = file = "counting"

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.fails = False

    async def read(self, known_etag: str = "") -> PolicyText | PolicyAnswer:
        self.asked.append(known_etag)
        if self.fails:
            raise RetryLaterError("the storage account is down")
        return PolicyAnswer.UNCHANGED if known_etag == "v1" else PolicyText(policy_text("one"), "v1")

    async def write(self, text: str, expected_etag: str) -> str:
        raise NotImplementedError


async def test_the_source_is_asked_by_version_and_no_more_often_than_a_minute(tmp_path: Path) -> None:
    clock, source = FakeClock(), Counting()
    with Store(tmp_path) as store:
        policies = PolicyInForce(source, SqliteLastGood(store), clock)
        first = await policies.newest()
        for _ in range(120):
            clock.moment += timedelta(seconds=1)
            assert await policies.newest() is first
        source.fails = True
        clock.moment += MINUTE
        assert await policies.newest() is first
    assert source.asked == ["", "v1", "v1", "v1"]


class Turning:
    """A policy that turns to another one after so many questions, as when somebody pushes in between."""

    problem: PolicyProblem | None = None

    def __init__(self, first: str, then: str, after: int) -> None:
        self.versions, self.left = (compiled(first), compiled(then)), after
        self.current = self.versions[0]

    async def newest(self, _within: timedelta = MINUTE, /) -> CompiledPolicy:
        self.left -= 1
        self.current = self.versions[self.left < 0]
        return self.current


ENFORCE = "mode: enforce\nrules: [{name: default, priority: 1, match: {}}]"
AUDIT = ENFORCE.replace("enforce", "audit")


async def test_a_message_queued_under_an_older_policy_is_decided_by_the_one_in_force() -> None:
    here = World(Turning(ENFORCE, AUDIT, after=1))
    here.azure.vaults.append(a_vault())
    vm = here.azure.add(a_vm())
    await here.sweep()
    found = here.finding(vm)
    assert (found.outcome.status, found.outcome.error_code, here.azure.writes) == (Status.DRY_RUN, "POLICY_AUDITS", [])
    assert found.policy_hash == compiled(AUDIT).policy.hash


async def test_a_sweep_is_decided_and_started_by_one_policy_even_when_another_comes_meanwhile() -> None:
    turning = Turning(ENFORCE, AUDIT, after=1)
    here = World(turning)
    here.azure.vaults.append(a_vault())
    vm = here.azure.add(a_vm())
    discovery = await here.sweeper.discover(Scope(), "run")
    await turning.newest()
    await here.sweeper.start(discovery)
    assert here.finding(vm).outcome.status is Status.QUEUED
    assert {each.policy_hash for each in discovery.findings} == {compiled(ENFORCE).policy.hash}


async def test_every_write_is_logged_with_the_hash_of_its_policy(caplog: pytest.LogCaptureFixture) -> None:
    here = World(compiled(ENFORCE))
    here.azure.vaults.append(a_vault())
    vm = here.azure.add(a_vm())
    with caplog.at_level(logging.INFO):
        await here.request(vm)
        await here.run()
    lines = [JsonFormatter().format(each) for each in caplog.records if each.getMessage() == Status.ACCEPTED]
    assert lines
    assert {json.loads(each).get("policy", "") for each in lines} - {""} == {compiled(ENFORCE).policy.hash}


@pytest.mark.parametrize(
    ("spec", "code", "why"),
    [
        (AUDIT, "POLICY_AUDITS", "the policy's mode is audit"),
        (f"paused: true\n{ENFORCE}", "POLICY_PAUSED", "paused by policy"),
        (ENFORCE.replace("match: {}", "match: {}, effect: audit"), "RULE_AUDITS", "the rule default only audits"),
    ],
)
@pytest.mark.parametrize("way", ["sweep", "event"])
async def test_a_policy_that_withholds_a_write_says_what_it_would_be_and_why_not(
    spec: str, code: str, why: str, way: str
) -> None:
    here = World(compiled(spec))
    here.azure.vaults.append(a_vault())
    vm = here.azure.add(a_vm())
    await (here.sweep() if way == "sweep" else here.request(vm))
    await here.run()
    found = here.finding(vm)
    assert here.azure.writes == []
    assert (found.verdict.state, [each.kind for each in found.actions][:1]) == (
        State.NON_COMPLIANT,
        ["EnableProtection"],
    )
    assert (found.outcome.status, found.outcome.error_code, found.outcome.error) == (Status.DRY_RUN, code, why)


async def test_the_limits_count_only_what_would_be_written() -> None:
    """Nine VMs of a rule that only audits beside one to protect: a limit of one VM is not exceeded."""
    rules = "{name: look, priority: 1, match: {names: ['look-*']}, effect: audit}, {name: rest, priority: 2, match: {}}"
    here = World(compiled(f"mode: enforce\nlimits: {{maxActions: {{amount: 1}}}}\nrules: [{rules}]"))
    here.azure.vaults.append(a_vault())
    for number in range(9):
        here.azure.add(a_vm(f"look-{number}"))
    vm = here.azure.add(a_vm("protect"))
    await here.sweep()
    assert {key for _, key in here.azure.writes} == {vm.id.key}


async def test_a_fixed_policy_stays() -> None:
    policy = compiled(ENFORCE)
    assert await FixedPolicy(policy).newest(timedelta()) is policy
