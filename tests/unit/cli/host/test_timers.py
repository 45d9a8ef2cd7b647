from datetime import UTC, datetime, timedelta

import azure.functions as func  # noqa: TID251  # what the local host hands over
import pytest

from cli.host.invoking import Invoker
from cli.host.timers import Timers, next_after
from shared.errors import SettingsError
from shared.settings import Settings
from tests.fakes import START, FakeClock
from tests.unit.cli.host.conftest import App, Told

TUESDAY = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("schedule", "expected"),
    [
        ("0 0 */4 * * *", TUESDAY + timedelta(hours=4)),
        ("30 5 * * * *", TUESDAY + timedelta(minutes=5, seconds=30)),
        ("*/10 * * * * *", TUESDAY + timedelta(seconds=10)),
        ("0 0 6 * * 1", datetime(2026, 11, 30, 6, 0, tzinfo=UTC)),
        ("0 0 6 * * Mon", datetime(2026, 11, 30, 6, 0, tzinfo=UTC)),
        ("0 0 6 1 jan *", datetime(2027, 1, 1, 6, 0, tzinfo=UTC)),
        ("0 0 0 29 2 *", datetime(2028, 2, 29, tzinfo=UTC)),
        # Both day fields must match in NCRONTAB, where cron would take either: Friday the 13th.
        ("0 0 0 13 * 5", datetime(2027, 8, 13, tzinfo=UTC)),
        ("0 0,30 9-17 * * 1-5", datetime(2026, 11, 24, 9, 0, tzinfo=UTC)),
    ],
)
def test_a_schedule_means_the_same_as_in_azure(schedule: str, expected: datetime) -> None:
    assert next_after(schedule, TUESDAY) == expected


@pytest.mark.parametrize("schedule", [Settings().sweep_schedule, Settings().report_schedule])
def test_the_default_schedules_can_be_used(schedule: str) -> None:
    assert next_after(schedule, TUESDAY) > TUESDAY


@pytest.mark.parametrize(
    "schedule",
    [
        "0 */4 * * *",
        "0 0 25 * * *",
        "0 0 0 L * *",
        "0 0 0 * * 5#2",
        "0 0 0 ? * *",
        "@daily",
        "a b c d e f",
        "0 0 0 31 2 *",
        "",
    ],
)
def test_what_ncrontab_does_not_know_is_refused_in_one_line(schedule: str) -> None:
    with pytest.raises(SettingsError) as error:
        next_after(schedule, TUESDAY)
    assert repr(schedule) in str(error.value)
    assert "\n" not in str(error.value)


@pytest.fixture
def timers(app: App, clock: FakeClock, told: Told) -> Timers:
    return Timers(app.triggers.timers, clock, Invoker(told))


def lateness(app: App) -> list[bool]:
    return [each.past_due for each in app.called("on_timer") if isinstance(each, func.TimerRequest)]


async def test_a_timer_runs_when_its_moment_comes_and_not_before(app: App, timers: Timers, clock: FakeClock) -> None:
    await timers.fire_due()
    assert app.calls == []
    assert timers.next_due() == START + timedelta(minutes=15)
    clock.moment += timedelta(minutes=15)
    await timers.fire_due()
    await timers.fire_due()
    assert lateness(app) == [False]
    assert timers.next_due() == START + timedelta(minutes=30)


async def test_a_timer_that_was_missed_several_times_runs_once_and_is_told_that_it_is_late(
    app: App, timers: Timers, clock: FakeClock
) -> None:
    clock.moment += timedelta(hours=2, minutes=1)
    await timers.fire_due()
    assert lateness(app) == [True]
    assert timers.next_due() == START + timedelta(hours=2, minutes=15)


async def test_a_timer_that_fails_runs_again_at_its_next_moment(
    app: App, timers: Timers, clock: FakeClock, told: Told
) -> None:
    app.fail["on_timer"] = [RuntimeError("no luck")]
    for _ in range(2):
        clock.moment += timedelta(minutes=15)
        await timers.fire_due()
    assert told.kinds == ["started", "failed", "started", "succeeded"]


async def test_a_timer_can_be_run_out_of_turn_and_then_its_failure_is_the_callers(app: App, timers: Timers) -> None:
    await timers.fire("on_timer")
    assert lateness(app) == [False]
    assert timers.next_due() == START + timedelta(minutes=15)
    app.fail["on_timer"] = [RuntimeError("no luck")]
    with pytest.raises(RuntimeError, match="no luck"):
        await timers.fire("on_timer")
    with pytest.raises(KeyError):
        await timers.fire("on_first")
