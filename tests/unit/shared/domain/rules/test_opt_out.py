from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.policy import OptOut
from shared.domain.reasons import Reason
from shared.domain.rules.opt_out import read

NOW = datetime(2026, 11, 1, 12, 0, tzinfo=UTC)
REQUIRE = ("reason", "until")
QUARTER = timedelta(days=90)


def reason_of(
    text: str,
    require: tuple[str, ...] = REQUIRE,
    longest: timedelta | None = QUARTER,
    since: datetime | None = None,
) -> Reason:
    settings = OptOut.model_validate({"require": list(require)}).model_copy(update={"max_duration": longest})
    reading = read({"backup-opt-out": text}, settings, NOW, since)
    assert reading is not None
    assert reading.text == text
    return reading.reason


def test_a_vm_without_the_tag_has_not_opted_out() -> None:
    assert read({"env": "prod"}, OptOut(), NOW) is None


@pytest.mark.parametrize(
    "text",
    [
        "reason=ephemeral; until=2026-12-31",
        "until=2026-12-31;reason=x",
        " Reason = a b c ;; UNTIL=2026-12-31 ; ref=CHG123;",
        "reason=today counts to its end; until=2026-11-01",
        "reason=the last day that is allowed; until=2027-01-30",
    ],
)
def test_a_complete_tag_within_the_limit_is_honoured(text: str) -> None:
    assert reason_of(text) is Reason.OPTED_OUT


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("reason=x; until=2026-10-31", Reason.OPT_OUT_EXPIRED),
        ("reason=x; until=2027-01-31", Reason.OPT_OUT_TOO_LONG),
        ("reason=x; until=9999-12-31", Reason.OPT_OUT_TOO_LONG),
        ("yes", Reason.OPT_OUT_MALFORMED),
        ("", Reason.OPT_OUT_MALFORMED),
        ("reason=; until=2026-12-01", Reason.OPT_OUT_MALFORMED),
        ("reason=x", Reason.OPT_OUT_MALFORMED),
        ("until=2026-12-01", Reason.OPT_OUT_MALFORMED),
        ("reason=x; until=tomorrow", Reason.OPT_OUT_MALFORMED),
        ("reason=x; until=2026-02-30", Reason.OPT_OUT_MALFORMED),
        ("reason=x; until=2026-12-01T00:00:00Z", Reason.OPT_OUT_MALFORMED),
        ("reason=x; until=２０２６-12-01", Reason.OPT_OUT_MALFORMED),
        ("reason=x; until=2026-12-01; until=2026-12-02", Reason.OPT_OUT_MALFORMED),
        ("reason=x; until=2026-12-01; owner=me", Reason.OPT_OUT_MALFORMED),
    ],
)
def test_a_tag_that_is_not_honoured_says_why(text: str, reason: Reason) -> None:
    assert reason_of(text) is reason


def test_an_opt_out_without_an_end_needs_a_policy_without_a_limit() -> None:
    assert reason_of("reason=x", ("reason",)) is Reason.OPT_OUT_TOO_LONG
    assert reason_of("reason=x", ("reason",), None) is Reason.OPTED_OUT


@given(st.text())
def test_any_text_gets_a_reading(text: str) -> None:
    assert reason_of(text) in {
        Reason.OPTED_OUT,
        Reason.OPT_OUT_EXPIRED,
        Reason.OPT_OUT_MALFORMED,
        Reason.OPT_OUT_TOO_LONG,
    }


@given(st.dates(), st.timedeltas(min_value=timedelta(days=1), max_value=timedelta(days=9999)))
def test_it_is_honoured_exactly_within_its_window(until: object, longest: timedelta) -> None:
    honoured = reason_of(f"reason=x; until={until}", REQUIRE, longest) is Reason.OPTED_OUT
    assert honoured == (NOW.date() <= until <= (NOW + longest).date())  # type: ignore[operator]  # st.dates gives dates
