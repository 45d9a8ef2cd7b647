import pytest

from shared.domain.limits import ENOUGH, excess, too_many_failed
from shared.domain.policy import MaxActions


@pytest.mark.parametrize(
    ("to_change", "discovered", "limit", "stopped"),
    [
        (50, 1000, {}, False),
        (51, 1000, {}, True),
        (1, 1, {"amount": 0}, True),
        (0, 0, {"amount": 0, "percent": 0}, False),
        (10, 100, {"amount": 500, "percent": 10}, False),
        (11, 100, {"amount": 500, "percent": 10}, True),
        (400, 400, {"amount": 500}, False),
    ],
)
def test_a_run_may_change_what_the_policy_allows(
    to_change: int, discovered: int, limit: dict[str, int], stopped: bool
) -> None:
    assert bool(excess(to_change, discovered, MaxActions.model_validate(limit))) is stopped


@pytest.mark.parametrize(
    ("ended", "failed", "percent", "stopped"),
    [
        (ENOUGH - 1, ENOUGH - 1, 0, False),
        (ENOUGH, 1, 10, False),
        (ENOUGH, 2, 10, True),
        (ENOUGH, 0, 0, False),
        (1000, 1, 0, True),
        (1000, 1000, 100, False),
    ],
)
def test_a_run_goes_on_until_more_than_so_many_of_a_hundred_failed(
    ended: int, failed: int, percent: int, stopped: bool
) -> None:
    assert bool(too_many_failed(ended, failed, percent)) is stopped
