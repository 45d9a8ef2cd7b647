"""The vault's backup policy as data: what a description stands for, how it is named, compared and told."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.backup_policy import (
    KINDS,
    LAST_DAY,
    BackupPolicy,
    BackupTimes,
    KeptFor,
    PointsKept,
    family_of,
    shard_name,
    wanted_backup_policy,
)
from shared.domain.backup_policy_comparing import differences, may_move, shortens_retention
from shared.domain.backup_policy_words import in_words
from shared.domain.policy_file.backup_policy import POLICY_NAME, BackupPolicyChoice
from tests.backup_policies import backup_policies, policy_of

NAMES = st.from_regex(POLICY_NAME, fullmatch=True)
STANDARD = policy_of({"name": "gold", "retain": {"daily": "P30D"}})
OF_OTHERS = BackupPolicy("files", for_vms=False)
STRANGE = BackupPolicy("strange", not_understood="it runs Hourly")


def test_what_a_description_leaves_out_is_as_in_a_new_vault() -> None:
    daily = policy_of({"name": "gold", "timeZone": "UTC"})
    assert daily == BackupPolicy(
        "gold", times=BackupTimes("Daily", "23:00"), instant_restore_days=2, points=PointsKept(KeptFor(30))
    )
    several = policy_of({"name": "gold", "type": "Enhanced", "schedule": {"every": "PT4H"}})
    assert several.times == BackupTimes("Hourly", "08:00", interval=4, window=12)
    assert policy_of({"name": "gold", "type": "Enhanced", "schedule": {"every": "PT8H"}}).times == BackupTimes(
        "Hourly", "08:00", interval=8, window=16
    )
    weekly = policy_of({"name": "gold", "schedule": {"every": "P1W", "days": ["Friday", "Monday"]}})
    assert weekly.times == BackupTimes("Weekly", "23:00", ("Monday", "Friday"))
    assert weekly.points == PointsKept(weekly=KeptFor(12, ("Monday", "Friday")))
    assert weekly.instant_restore_days == 5


def test_longer_kept_points_are_those_of_the_first_sunday_of_january() -> None:
    kept = {"daily": "P30D", "weekly": "P12W", "monthly": "P12M", "yearly": "P7Y"}
    assert policy_of({"name": "gold", "retain": kept}).points == PointsKept(
        KeptFor(30),
        KeptFor(12, ("Sunday",)),
        KeptFor(12, ("Sunday",), ("First",)),
        KeptFor(7, ("Sunday",), ("First",), months=("January",)),
    )
    on = {"monthlyOn": {"dates": [15, 1], "lastDay": True}, "yearlyOn": {"weeks": "Last", "months": ["June", "May"]}}
    points = policy_of({"name": "gold", "retain": {**kept, **on}}).points
    assert points.monthly == KeptFor(12, dates=(1, 15, LAST_DAY))
    assert points.yearly == KeptFor(7, ("Sunday",), ("Last",), months=("May", "June"))
    weekly = {"every": "P1W", "days": ["Thursday", "Tuesday"]}
    del kept["daily"]
    points = policy_of({"name": "gold", "schedule": weekly, "retain": kept}).points
    assert points.monthly == KeptFor(12, ("Tuesday",), ("First",))


def test_a_name_alone_is_no_description() -> None:
    assert wanted_backup_policy(BackupPolicyChoice.model_validate("gold"), "gold") is None


@given(NAMES, st.integers(0, 200))
def test_a_copys_name_is_one_that_azure_takes_and_of_the_family(base: str, number: int) -> None:
    name = shard_name(base, number)
    assert POLICY_NAME.fullmatch(name)
    assert family_of(name, base)
    assert family_of(name.upper(), base.lower())


def test_copies_are_numbered_and_others_are_strangers() -> None:
    assert [shard_name("gold", number) for number in (0, 1, 12, 100)] == ["gold", "gold-01", "gold-12", "gold-100"]
    assert len({shard_name("a" * 150, number) for number in range(120)}) == 120
    for stranger in ("golden", "gold-1", "gold-x1", "gold-00", "silver-01", "gold-001", "gold-01-02"):
        assert not family_of(stranger, "gold"), stranger


@given(backup_policies())
def test_a_policy_does_not_differ_from_itself_and_items_may_stay(policy: BackupPolicy) -> None:
    copy = replace(policy, name="gold-01", protected_items=7, carried='{"x": 1}')
    assert differences(copy, policy) == ()
    assert shortens_retention(copy, policy) == ""
    assert may_move(copy, policy) == ""


@given(backup_policies(), backup_policies())
def test_policies_that_differ_say_how(have: BackupPolicy, want: BackupPolicy) -> None:
    assert bool(differences(have, want)) == (have != want)
    assert len(differences(have, want)) == len(differences(want, have))


@given(backup_policies(), backup_policies())
def test_nothing_is_kept_less_long_where_no_one_says_so(have: BackupPolicy, want: BackupPolicy) -> None:
    if shortens_retention(have, want):
        return
    for kind in KINDS:
        old, new = have.points.of(kind), want.points.of(kind)
        assert old is None or (new is not None and new.count >= old.count and set(new.days) >= set(old.days))
    assert have.instant_restore_days is not None
    assert want.instant_restore_days is not None
    assert want.instant_restore_days >= have.instant_restore_days


@given(backup_policies(), backup_policies(), backup_policies())
def test_going_by_a_way_in_between_never_shortens(one: BackupPolicy, two: BackupPolicy, three: BackupPolicy) -> None:
    if not shortens_retention(one, two) and not shortens_retention(two, three):
        assert shortens_retention(one, three) == ""


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        (
            replace(STANDARD, points=PointsKept(KeptFor(14))),
            "daily points: kept 30 days, and would then be kept 14 days",
        ),
        (
            replace(STANDARD, instant_restore_days=1),
            "snapshots for instant restore: kept 2 days, and would then be 1 day",
        ),
        (replace(STANDARD, points=PointsKept()), "daily points: kept 30 days, and would then be not kept"),
    ],
)
def test_a_shorter_retention_is_no_way(changed: BackupPolicy, why: str) -> None:
    assert shortens_retention(STANDARD, changed) == may_move(STANDARD, changed) == why
    assert may_move(changed, STANDARD) == ""


def test_points_of_other_days_would_lose_what_keeps_them() -> None:
    sunday = replace(STANDARD, points=PointsKept(KeptFor(30), KeptFor(12, ("Sunday",))))
    monday = replace(sunday, points=PointsKept(KeptFor(30), KeptFor(52, ("Monday",))))
    both = replace(sunday, points=PointsKept(KeptFor(30), KeptFor(52, ("Sunday", "Monday"))))
    assert "of Sunday kept 12 weeks, and would then be of Monday kept 52 weeks" in shortens_retention(sunday, monday)
    assert shortens_retention(sunday, both) == ""
    by_date = replace(sunday, points=PointsKept(KeptFor(30), monthly=KeptFor(12, dates=(1,))))
    by_week = replace(sunday, points=PointsKept(KeptFor(30), monthly=KeptFor(12, ("Sunday",), ("First",))))
    assert shortens_retention(by_date, by_week)
    assert shortens_retention(by_week, by_date)


def test_there_is_no_way_back_from_enhanced() -> None:
    enhanced = replace(STANDARD, enhanced=True)
    assert may_move(enhanced, STANDARD) == "from Enhanced to Standard there is no way"
    assert may_move(STANDARD, enhanced) == ""


@pytest.mark.parametrize("other", [OF_OTHERS, STRANGE, BackupPolicy("empty")])
def test_what_is_not_understood_is_never_changed(other: BackupPolicy) -> None:
    for one, two in ((other, STANDARD), (STANDARD, other)):
        assert other.name in shortens_retention(one, two)
        assert other.name in may_move(one, two)
        assert len(differences(one, two)) == 1


def test_what_a_source_does_not_tell_is_not_held_against_it() -> None:
    untold = replace(STANDARD, instant_restore_days=None)
    assert differences(untold, STANDARD) == ()
    assert may_move(untold, STANDARD) == ""


def test_a_policy_is_told_in_one_line() -> None:
    kept = {"daily": "P30D", "weekly": "P1W", "monthly": "P12M", "yearly": "P7Y"}
    on = {"monthlyOn": {"weeks": ["Last", "First"]}, "yearlyOn": {"dates": [1], "lastDay": True, "months": "June"}}
    gold = {"type": "Enhanced", "schedule": {"every": "PT4H"}, "timeZone": "W. Europe Standard Time"}
    assert in_words(policy_of({"name": "gold", "retain": {**kept, **on}, **gold})) == (
        "every 4 hours from 08:00 W. Europe Standard Time for 12 hours; daily points kept 30 days; "
        "weekly points of Sunday kept 1 week; monthly points of the first and last Sunday kept 12 months; "
        "yearly points of day 1 and the last day of June kept 7 years; snapshots for instant restore kept 2 days"
    )
    weekly = policy_of({"name": "gold", "schedule": {"every": "P1W", "days": ["Sunday", "Friday", "Monday"]}})
    assert in_words(weekly).startswith("every Sunday, Monday and Friday at 23:00 UTC; weekly points of Sunday, Monday")
    assert in_words(OF_OTHERS) == "not a policy for virtual machines"
    assert in_words(STRANGE) == "cannot be told: it runs Hourly"


def test_differences_are_told_one_by_one() -> None:
    schedule, retain = {"at": "01:00"}, {"daily": "P60D", "weekly": "P8W"}
    other = {"name": "silver", "schedule": schedule, "timeZone": "GMT Standard Time", "retain": retain}
    assert differences(STANDARD, replace(policy_of(other), enhanced=True)) == (
        "type: Standard, wanted Enhanced",
        "schedule: every day at 23:00, wanted every day at 01:00",
        "time zone: UTC, wanted GMT Standard Time",
        "daily points: kept 30 days, wanted for 60 days",
        "weekly points: not kept, wanted of Sunday for 8 weeks",
    )
