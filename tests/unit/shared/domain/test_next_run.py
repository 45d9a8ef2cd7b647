"""When a backup policy runs next, by its own time zone's clocks."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.backup_policy import WEEKDAYS, BackupPolicy
from shared.domain.next_run import next_run
from shared.domain.time_zones import WINDOWS, windows_name, windows_name_for, zone_of
from tests.backup_policies import backup_policies, policy_of

MOMENTS = st.datetimes(datetime(2020, 1, 1), datetime(2035, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
BERLIN = "W. Europe Standard Time"


def daily(at: str, zone: str = BERLIN) -> BackupPolicy:
    return policy_of({"name": "gold", "schedule": {"at": at}, "timeZone": zone})


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("policy", "now", "runs"),
    [
        (daily("23:00", "UTC"), "2026-11-24T22:59", "2026-11-24T23:00"),
        (daily("23:00", "UTC"), "2026-11-24T23:00", "2026-11-24T23:00"),
        (daily("23:00", "UTC"), "2026-11-24T23:01", "2026-11-25T23:00"),
        (daily("23:00"), "2026-11-24T12:00", "2026-11-24T22:00"),  # winter: an hour ahead of UTC
        (daily("23:00"), "2026-07-24T12:00", "2026-07-24T21:00"),  # summer: two
        (daily("02:30"), "2026-03-29T00:00", "2026-03-29T01:30"),  # the clocks go from 02:00 to 03:00
        (daily("02:30"), "2026-10-24T12:00", "2026-10-25T00:30"),  # 02:30 comes twice, at 00:30 and 01:30 UTC
        (daily("02:30"), "2026-10-25T00:31", "2026-10-26T01:30"),
        (daily("01:00", "Line Islands Standard Time"), "2026-11-24T12:00", "2026-11-25T11:00"),  # 14 hours ahead
        (daily("01:00", "Dateline Standard Time"), "2026-11-24T12:00", "2026-11-24T13:00"),  # 12 hours behind
    ],
)
def test_a_daily_backup_runs_by_the_clocks_of_its_zone(policy: BackupPolicy, now: str, runs: str) -> None:
    assert next_run(policy, moment(now)) == moment(runs)


def test_several_a_day_go_on_to_the_windows_end_and_past_midnight() -> None:
    def every(at: str, window: str) -> BackupPolicy:
        schedule = {"every": "PT4H", "at": at, "window": window}
        return policy_of({"name": "gold", "type": "Enhanced", "schedule": schedule})

    day = every("08:00", "PT12H")
    now, seen = moment("2026-11-24T08:00"), []
    for _ in range(5):
        run = next_run(day, now)
        assert run is not None
        seen.append(run)
        now = run + timedelta(seconds=1)
    assert [each.strftime("%d %H") for each in seen] == ["24 08", "24 12", "24 16", "24 20", "25 08"]
    assert next_run(every("20:00", "PT8H"), moment("2026-11-25T03:00")) == moment("2026-11-25T04:00")


def test_a_weekly_backup_runs_on_its_days() -> None:
    policy = policy_of({"name": "gold", "schedule": {"every": "P1W", "days": ["Sunday", "Wednesday"], "at": "01:00"}})
    assert next_run(policy, moment("2026-11-24T12:00")) == moment("2026-11-25T01:00")  # a Wednesday
    assert next_run(policy, moment("2026-11-25T01:01")) == moment("2026-11-29T01:00")
    assert next_run(policy, moment("2026-11-29T01:01")) == moment("2026-12-02T01:00")


@given(backup_policies(), MOMENTS)
def test_it_is_never_past_within_a_week_and_on_the_policys_clock(policy: BackupPolicy, now: datetime) -> None:
    run, zone = next_run(policy, now), zone_of(policy.time_zone)
    assert run is not None
    assert zone is not None
    assert policy.times is not None
    longest = timedelta(days=7 if policy.times.frequency == "Weekly" else 1)
    assert now <= run <= now + longest + timedelta(hours=25)  # a zone has left out a day before now
    assert run.tzinfo is UTC
    local = run.astimezone(zone)
    offsets = {(local + timedelta(hours=hours)).utcoffset() for hours in (-30, 0, 30)}
    if policy.times.frequency != "Hourly" and len(offsets) == 1:
        assert local.strftime("%H:%M") == policy.times.at
        assert not policy.times.days or WEEKDAYS[local.isoweekday() % 7] in policy.times.days


@given(backup_policies(), MOMENTS, st.timedeltas(timedelta(), timedelta(days=9)))
def test_a_later_look_never_sees_an_earlier_run(policy: BackupPolicy, now: datetime, later: timedelta) -> None:
    first, second = next_run(policy, now), next_run(policy, now + later)
    assert first is not None
    assert second is not None
    assert first <= second
    assert next_run(policy, first) == first


def test_what_is_not_known_is_not_guessed() -> None:
    assert next_run(BackupPolicy("strange", not_understood="x"), moment("2026-11-24T12:00")) is None
    assert next_run(replace(daily("23:00"), time_zone="Nowhere Time"), moment("2026-11-24T12:00")) is None


def test_every_zone_is_known_to_the_machine_and_written_as_windows_does() -> None:
    assert [name for name in WINDOWS if zone_of(name) is None] == []
    assert windows_name("w. europe standard time") == BERLIN
    assert windows_name("Europe/Berlin") == ""
    assert zone_of("PACIFIC STANDARD TIME") == ZoneInfo("America/Los_Angeles")


@pytest.mark.parametrize("iana", ["Europe/Berlin", "Europe/Zurich", "europe/berlin"])
def test_an_iana_name_leads_to_windows_name(iana: str) -> None:
    expected = "W. Europe Standard Time"
    assert windows_name_for(iana) == expected
    assert windows_name_for("Mars/Olympus") == ""
