import os
import sqlite3
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.adapters.local.findings import LocalFindingStore
from shared.adapters.local.store import FILE_NAME, Store
from shared.domain.advice import Advice, Advisory
from shared.domain.model import Finding, Outcome, ReasonDetail, State, Status, Verdict
from shared.domain.reasons import Reason
from shared.errors import SettingsError
from shared.ports import Clock, FindingStore
from tests.findings import SUBSCRIPTIONS, advisories, estates, vm_id

SECOND = timedelta(seconds=1)


@pytest.fixture
def kept(store: Store, clock: Clock) -> LocalFindingStore:
    return LocalFindingStore(store, clock)


def finding(name: str, clock: Clock, age: timedelta = timedelta(0), location: str = "westeurope") -> Finding:
    verdict = Verdict(State.NON_COMPLIANT, (ReasonDetail(Reason.UNPROTECTED),), "default")
    return Finding(vm_id(name), location, verdict, None, (), Outcome(Status.DRY_RUN), clock.now() - age)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], deadline=None)
@given(estate=estates)
async def test_a_discovery_comes_back_whole_and_ordered_by_id(
    store: Store, clock: Clock, estate: list[Finding]
) -> None:
    kept: FindingStore = LocalFindingStore(store, clock)
    await kept.replace_all([], None)
    await kept.replace_all(estate, None)
    assert list(await kept.latest()) == sorted(estate, key=lambda each: each.vm.key)
    for each in estate:
        assert await kept.of(each.vm) == each


async def test_the_latest_finding_of_a_vm_is_the_one_that_counts(kept: LocalFindingStore, clock: Clock) -> None:
    old, new = finding("a", clock, SECOND), finding("A", clock)
    await kept.save([old])
    await kept.save([new])
    await kept.save([old])
    assert await kept.latest() == (new,)


async def test_of_two_findings_of_one_moment_the_last_saved_counts(kept: LocalFindingStore, clock: Clock) -> None:
    first = finding("a", clock)
    second = replace(first, outcome=Outcome(Status.ACCEPTED))
    await kept.save([first, second])
    assert await kept.latest() == (second,)


async def test_saving_some_leaves_the_others(kept: LocalFindingStore, clock: Clock) -> None:
    await kept.save([finding("a", clock), finding("b", clock)])
    await kept.save([finding("b", clock, location="eastus")])
    assert [each.location for each in await kept.latest()] == ["westeurope", "eastus"]


async def test_a_discovery_forgets_vms_that_left_and_keeps_what_a_worker_learnt_since(
    kept: LocalFindingStore, clock: Clock
) -> None:
    worked_on = replace(finding("worked-on", clock), outcome=Outcome(Status.ACCEPTED))
    await kept.save([finding("gone", clock), worked_on])
    await kept.replace_all([finding("worked-on", clock, SECOND), finding("new", clock, SECOND)], None)
    latest = await kept.latest()
    assert [each.vm.name for each in latest] == ["new", "worked-on"]
    assert latest[1] == worked_on
    assert await kept.of(vm_id("gone")) is None


async def test_findings_from_before_the_clock_went_back_give_way(kept: LocalFindingStore, clock: Any) -> None:
    await kept.save([finding("a", clock)])
    clock.move(-timedelta(days=1))
    new = finding("a", clock)
    await kept.save([new])
    assert await kept.latest() == (new,)


async def test_a_finding_that_cannot_be_read_is_an_error_with_a_remedy_that_works(
    kept: LocalFindingStore, store: Store, clock: Clock
) -> None:
    await kept.save([finding("a", clock)])
    raw = sqlite3.connect(store.directory / FILE_NAME)
    raw.execute("UPDATE findings SET body = '{}'")
    raw.commit()
    raw.close()
    with pytest.raises(SettingsError, match="cannot be read") as caught:
        await kept.latest()
    assert "new sweep" in caught.value.remedy
    with pytest.raises(SettingsError):
        await kept.of(vm_id("a"))
    await kept.replace_all([finding("a", clock)], None)
    assert len(await kept.latest()) == 1


async def test_a_report_comes_back_and_the_latest_replaces_the_one_before(kept: LocalFindingStore) -> None:
    assert await kept.load_report("report.html") is None
    await kept.save_report("report.html", b"one")
    await kept.save_report("report.html", b"two\x00")
    assert await kept.load_report("report.html") == b"two\x00"
    assert [each.name for each in kept.reports.iterdir()] == ["report.html"]


async def test_a_report_that_cannot_be_written_whole_leaves_the_old_one(
    kept: LocalFindingStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    await kept.save_report("report.html", b"one")

    def full(_file: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(SettingsError, match="No space left"):
        await kept.save_report("report.html", b"two")
    assert await kept.load_report("report.html") == b"one"


@pytest.mark.parametrize("name", ["", "..", "../x", "a/b", "/etc/passwd", ".hidden", "a\\b", "a\x00b", "x.", "a..b"])
async def test_a_report_has_a_plain_file_name(kept: LocalFindingStore, name: str) -> None:
    with pytest.raises(ValueError, match="plain file name"):
        await kept.save_report(name, b"")
    with pytest.raises(ValueError, match="plain file name"):
        await kept.load_report(name)


async def test_reports_that_cannot_be_read_are_an_error_and_not_absent(kept: LocalFindingStore) -> None:
    (kept.reports / "report.html").mkdir(parents=True)
    with pytest.raises(SettingsError, match="cannot be read"):
        await kept.load_report("report.html")


async def test_three_thousand_vms_are_kept_in_a_moment(kept: LocalFindingStore, clock: Clock) -> None:
    many = [finding(f"vm-{number}", clock) for number in range(3_000)]
    await kept.replace_all(many, None)
    assert len(await kept.latest()) == 3_000


async def test_a_sweep_of_one_subscription_leaves_the_findings_of_the_others(
    kept: LocalFindingStore, clock: Clock
) -> None:
    await kept.save([finding("here", clock), finding("there", clock)])
    await kept.replace_all([], frozenset())
    assert len(await kept.latest()) == 2
    await kept.replace_all([], frozenset({(await kept.latest())[0].vm.subscription_id.upper()}))
    assert await kept.latest() == ()


def advice(subscription: str, detail: str = "") -> Advisory:
    return Advisory(Advice.LOCK_ON_BACKUP_GROUP, f"/subscriptions/{subscription}/resourceGroups/g", detail)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], deadline=None)
@given(found=st.lists(advisories, max_size=5))
async def test_the_estates_advice_comes_back_whole(store: Store, clock: Clock, found: list[Advisory]) -> None:
    kept: FindingStore = LocalFindingStore(store, clock)
    await kept.save_advisories(found, None)
    assert sorted(await kept.advisories(), key=repr) == sorted(found, key=repr)


async def test_a_sweep_replaces_the_advice_about_what_it_swept_and_about_what_lies_in_no_subscription(
    kept: LocalFindingStore,
) -> None:
    one, other = SUBSCRIPTIONS
    above = Advisory(Advice.POLICY_DENIES_BACKUP_GROUP, "/providers/Microsoft.Management/managementGroups/corp/x")
    await kept.save_advisories([advice(one, "old"), advice(other), above], None)
    await kept.save_advisories([advice(one, "new"), advice(one, "newer")], [one.upper()])
    assert set(await kept.advisories()) == {advice(one, "new"), advice(one, "newer"), advice(other)}
    await kept.save_advisories([], [one, other])
    assert await kept.advisories() == ()


async def test_advice_that_cannot_be_read_names_the_store(kept: LocalFindingStore, store: Store) -> None:
    await kept.save_advisories([advice(SUBSCRIPTIONS[0])], None)
    for body in ("nonsense", '["NO_SUCH_CODE","","",null]', "[1]", "7"):
        with store.transaction() as connection:
            connection.execute("UPDATE advisories SET body = ?", (body,))
        with pytest.raises(SettingsError, match=FILE_NAME):
            await kept.advisories()
