"""The `backupPolicy` of the policy file: what Azure would refuse is refused here, in words."""

from typing import Any

import pytest
from hypothesis import given
from pydantic import ValidationError

from shared.domain.policy_file.backup_policy import BackupPolicyChoice
from tests.backup_policies import descriptions

DAILY = {"daily": "P30D"}


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ({"schedule": {"every": "PT4H"}}, "several backups a day need `type: Enhanced`"),
        ({"schedule": {"every": "PT5H"}, "type": "Enhanced"}, "every must be PT4H"),
        ({"schedule": {"every": "P1D", "days": ["Monday"]}}, "`days` belongs to `every: P1W`"),
        ({"schedule": {"window": "PT12H"}}, "`window` belongs to several backups a day"),
        ({"schedule": {"every": "PT8H", "window": "PT12H"}, "type": "Enhanced"}, "window must be a multiple"),
        ({"schedule": {"every": "PT12H", "window": "PT36H"}, "type": "Enhanced"}, "24 hours at most"),
        ({"schedule": {"every": "PT12H", "window": "PT0S"}, "type": "Enhanced"}, "window must be a multiple"),
        ({"schedule": {"at": "23:15"}}, "pattern"),
        ({"schedule": {"every": "P1W", "days": ["Monday", "Monday"]}}, "appears twice"),
        ({"retain": {"daily": "P6D"}}, "between P7D and P9999D"),
        ({"retain": {"weekly": "P4W"}}, "needs `retain.daily`"),
        ({"schedule": {"every": "P1W"}, "retain": DAILY}, "needs `retain.weekly`"),
        ({"schedule": {"every": "P1W"}, "retain": {**DAILY, "weekly": "P4W"}}, "makes no points for `retain.daily`"),
        ({"retain": {**DAILY, "weeklyOn": "Monday"}}, "`weeklyOn` belongs to `weekly`"),
        ({"retain": {**DAILY, "yearly": "P100Y"}}, "between P1Y and P99Y"),
        ({"retain": {**DAILY, "monthly": "P1M", "monthlyOn": {"dates": [29]}}}, "less than or equal to 28"),
        ({"retain": {**DAILY, "monthly": "P1M", "monthlyOn": {"dates": [1], "days": "Monday"}}}, "give either `days`"),
        (
            {"schedule": {"every": "P1W", "days": "Monday"}, "retain": {"weekly": "P4W", "weeklyOn": "Sunday"}},
            "must be the days of the weekly schedule",
        ),
        (
            {"schedule": {"every": "P1W"}, "retain": {"weekly": "P4W", "monthly": "P4M", "monthlyOn": {"dates": [1]}}},
            "not by dates",
        ),
        (
            {
                "schedule": {"every": "P1W"},
                "retain": {"weekly": "P4W", "yearly": "P4Y", "yearlyOn": {"days": "Monday"}},
            },
            "must be among the days",
        ),
        ({"instantRestoreDays": 6}, "must be 5 at most with `type: Standard`"),
        ({"instantRestoreDays": 31, "type": "Enhanced"}, "less than or equal to 30"),
        ({"instantRestoreDays": 2, "schedule": {"every": "P1W"}}, "of a weekly schedule must be 5"),
        ({"timeZone": "Europe/Berlin"}, "for Europe/Berlin that is 'W. Europe Standard Time'"),
        ({"timeZone": "CET"}, "such as 'W. Europe Standard Time' or UTC"),
        ({"manage": True}, "`manage` needs a description"),
        ({"fromTag": "tier", "retain": DAILY}, "cannot be described here"),
        ({"fromTag": "tier", "manage": True}, "cannot be described here"),
        ({"name": "no_underscores", "retain": DAILY}, "3 to 150 letters"),
    ],
)
def test_what_azure_would_refuse_is_refused(told: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError) as caught:
        BackupPolicyChoice.model_validate({"name": "gold", **told})
    assert words in str(caught.value)


@given(descriptions())
def test_what_azure_takes_is_taken_and_counts_as_described(description: dict[str, Any]) -> None:
    assert BackupPolicyChoice.model_validate(description).described


@pytest.mark.parametrize("kind", ["Standard", "Enhanced"])
def test_a_name_or_a_type_alone_describes_nothing(kind: str) -> None:
    assert not BackupPolicyChoice.model_validate("gold").described
    assert not BackupPolicyChoice.model_validate({"name": "gold", "type": kind}).described


def test_a_time_zone_is_kept_as_windows_spells_it() -> None:
    choice = BackupPolicyChoice.model_validate({"name": "gold", "timeZone": "w. europe standard time"})
    assert choice.time_zone == "W. Europe Standard Time"
