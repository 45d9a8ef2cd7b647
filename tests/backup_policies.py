"""Descriptions of backup policies as the policy file takes them, drawn at random, for the properties of what is made
of them."""

from typing import Any

from hypothesis import strategies as st

from shared.domain.backup_policy import MONTHS, WEEKDAYS, WEEKS, BackupPolicy, wanted_backup_policy
from shared.domain.policy_file.backup_policy import BackupPolicyChoice
from shared.domain.time_zones import WINDOWS

_TIMES = st.builds("{:02}:{:02}".format, st.integers(0, 23), st.sampled_from([0, 30]))
_ZONES = st.sampled_from(sorted(WINDOWS))


def _some(values: tuple[str, ...]) -> st.SearchStrategy[list[str]]:
    return st.lists(st.sampled_from(values), min_size=1, max_size=3, unique=True)


def _left_out(**keys: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({}, optional=keys)


def _on(days: tuple[str, ...], by_date: bool, **more: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    by_week = _left_out(days=_some(days), weeks=_some(WEEKS), **more)
    if not by_date:
        return by_week
    dates = st.lists(st.integers(1, 28), min_size=1, max_size=3, unique=True)
    return by_week | _left_out(dates=dates, lastDay=st.booleans(), **more)


@st.composite
def descriptions(draw: st.DrawFn, name: str = "gold") -> dict[str, Any]:
    """A `backupPolicy` that describes a policy of this name."""
    kind, every = draw(st.sampled_from([("Standard", "P1D"), ("Standard", "P1W"), ("Enhanced", "several")]))
    if every == "several":
        every = draw(st.sampled_from(["PT4H", "PT6H", "PT8H", "PT12H", "P1D", "P1W"]))
    weekly = every == "P1W"
    schedule: dict[str, Any] = {"every": every, **draw(_left_out(at=_TIMES))}
    days = WEEKDAYS
    if weekly:
        days = tuple(draw(_some(WEEKDAYS)))
        schedule["days"] = list(days)
    if every.startswith("PT") and draw(st.booleans()):
        hours = int(every[2:-1])
        schedule["window"] = f"PT{hours * draw(st.integers(1, 24 // hours))}H"
    kept: dict[str, Any] = {"weekly" if weekly else "daily": draw(st.integers(7, 9999 if not weekly else 5163))}
    if not weekly:
        kept |= draw(_left_out(weekly=st.integers(1, 5163), weeklyOn=_some(WEEKDAYS)))
    kept |= draw(_left_out(monthly=st.integers(1, 1188), monthlyOn=_on(days, not weekly)))
    kept |= draw(_left_out(yearly=st.integers(1, 99), yearlyOn=_on(days, not weekly, months=_some(MONTHS))))
    retain = {key: f"P{each}{key[0].upper()}" if isinstance(each, int) else each for key, each in kept.items()}
    for key in ("weekly", "monthly", "yearly"):
        if key not in retain:
            retain.pop(f"{key}On", None)
    most = 30 if kind == "Enhanced" else 5
    instant = st.just(5) if weekly else st.integers(1, most)
    return {
        "name": name,
        "type": kind,
        "schedule": schedule,
        "retain": retain,
        **draw(_left_out(timeZone=_ZONES, instantRestoreDays=instant)),
    }


def policy_of(description: dict[str, Any]) -> BackupPolicy:
    """The policy that a description stands for."""
    wanted = wanted_backup_policy(BackupPolicyChoice.model_validate(description), description["name"])
    assert wanted is not None
    return wanted


def backup_policies(name: str = "gold") -> st.SearchStrategy[BackupPolicy]:
    """A policy as a description stands for it."""
    return descriptions(name).map(policy_of)
