"""A backup policy as people are told it: it says when it runs and what it keeps, or why that cannot be told."""

from datetime import UTC, datetime

from hypothesis import given

from shared.domain.backup_policy import BackupPolicy, BackupTimes
from shared.domain.policy_told import policy_told
from tests.backup_policies import backup_policies

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)


@given(backup_policies())
def test_every_described_policy_is_told_with_its_next_run(policy: BackupPolicy) -> None:
    told = policy_told(policy, NOW)
    assert told.schedule
    assert told.kept
    assert not told.problem
    assert told.next_run is not None
    assert told.next_run == told.local
    assert told.next_run >= NOW
    assert told.next_in_words.endswith(f"{told.next_run:%Y-%m-%d %H:%M} UTC")


def test_utc_is_told_once() -> None:
    told = policy_told(BackupPolicy("plain", times=BackupTimes("Daily", "08:30")), NOW)
    assert told.next_in_words == "2026-11-25 08:30 UTC"


def test_what_is_not_understood_says_so_and_no_moment_is_guessed() -> None:
    odd = policy_told(BackupPolicy("odd", not_understood="a schedule of a later version"), NOW)
    assert (odd.problem, odd.schedule, odd.next_in_words) == ("cannot be told: a schedule of a later version", "", "")
    sql = policy_told(BackupPolicy("sql", for_vms=False), NOW)
    assert (sql.problem, sql.type) == ("not a policy for virtual machines", "")
    nowhere = policy_told(BackupPolicy("x", times=BackupTimes("Daily", "08:30"), time_zone="Mars"), NOW)
    assert (nowhere.schedule, nowhere.next_run, nowhere.next_in_words) == ("every day at 08:30 Mars", None, "")
