"""Each class of failure, made by a real server where a server can make it."""

import re
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
from azure.core.exceptions import (
    ClientAuthenticationError,
    ServiceRequestError,
    ServiceRequestTimeoutError,
    ServiceResponseError,
    ServiceResponseTimeoutError,
)
from azure.core.rest import HttpRequest
from hypothesis import given
from hypothesis import strategies as st
from multidict import CIMultiDict

from shared.adapters.azure.arm_errors import LOGIN_REMEDY, clean, retry_after, translate, translated
from shared.adapters.azure.connection import Connection
from shared.domain.troubleshooting import advice_for
from shared.errors import BackstopError, LoginError, PermanentError, RetryLaterError
from tests.unit.shared.adapters.azure.stub import VM, Reply, Script, Stub, broken_json, half_a_body, hang_up

ACTION = "Microsoft.RecoveryServices/Vaults/backupFabrics/protectionContainers/protectedItems/write"


async def failure(
    connection: Connection, stub: Stub, script: Script, *, connection_wide: bool = False
) -> BackstopError:
    stub.on("GET", "/x", script)
    try:
        with translated(VM, connection_wide=connection_wide):
            response = await connection.send(HttpRequest("GET", f"{stub.base}/x"))
            response.json()
    except BackstopError as error:
        return error
    raise AssertionError("nothing failed")


def arm_error(status: int, code: str, message: str = "it says no", **headers: str) -> Reply:
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return Reply({"error": {"code": code, "message": message}}, status, names)


@pytest.mark.parametrize("status", [408, 409, 429, 500, 502, 503, 504, 599])
async def test_what_may_pass_is_retried_later_with_what_the_service_asked(
    connection: Connection, stub: Stub, status: int
) -> None:
    error = await failure(connection, stub, arm_error(status, "Whatever", retry_after="17"))
    assert type(error) is RetryLaterError
    assert (error.retry_after, error.code, error.resource_id) == (timedelta(seconds=17), "Whatever", VM)
    # Only a refusal says that the service did nothing.
    assert error.may_have_happened is (status not in {409, 429})


async def test_a_missing_retry_after_stays_none(connection: Connection, stub: Stub) -> None:
    error = await failure(connection, stub, arm_error(429, "TooManyRequests"))
    assert isinstance(error, RetryLaterError)
    assert error.retry_after is None


@pytest.mark.parametrize("code", ["UserErrorBackupOperationInProgress", "BMSUserErrorObjectLocked", "RequestThrottled"])
async def test_a_400_whose_code_says_busy_is_retried_later(connection: Connection, stub: Stub, code: str) -> None:
    assert isinstance(await failure(connection, stub, arm_error(400, code)), RetryLaterError)


@pytest.mark.parametrize(
    ("code", "hours"), [("CloudDosTimeboudLimitReached", 4), ("CloudDosAbsoluteLimitReached", 24), ("CloudDosNew", 4)]
)
@pytest.mark.parametrize("status", [400, 429])
async def test_the_backup_services_own_brakes_stay_on_for_hours(
    connection: Connection, stub: Stub, code: str, hours: int, status: int
) -> None:
    error = await failure(connection, stub, arm_error(status, code, retry_after="60"))
    assert isinstance(error, RetryLaterError)
    assert error.retry_after == timedelta(hours=hours)


@pytest.mark.parametrize("status", [400, 404, 405, 410, 412, 413, 422])
async def test_other_refusals_are_permanent_with_azures_code_and_message(
    connection: Connection, stub: Stub, status: int
) -> None:
    error = await failure(
        connection, stub, arm_error(status, "BMSUserErrorX", "The input\r\nis \x1b[31mwrong" + "!" * 900)
    )
    assert type(error) is PermanentError
    assert error.code == "BMSUserErrorX"
    assert error.message.startswith("The input is [31mwrong!!!")
    assert len(error.message) == 500


async def test_the_first_detail_is_told_where_the_message_only_points_to_it(connection: Connection, stub: Stub) -> None:
    details = [{"code": "NoSuchGroup", "message": "the management group 'nope' was not found"}]
    body: dict[str, Any] = {"error": {"code": "BadRequest", "message": "Details say why.", "details": details}}
    error = await failure(connection, stub, Reply(body, 400))
    assert error.message == "Details say why. the management group 'nope' was not found"
    body["error"]["message"] = "Please provide below info when asking for support: correlationId = 1."
    error = await failure(connection, stub, Reply(body, 400))
    assert error.message.startswith("the management group 'nope' was not found Please provide")


async def test_an_unregistered_provider_is_permanent_although_it_is_a_conflict(
    connection: Connection, stub: Stub
) -> None:
    error = await failure(connection, stub, arm_error(409, "MissingSubscriptionRegistration"))
    assert type(error) is PermanentError
    assert "Register" in error.remedy


async def test_a_lock_is_permanent_until_a_person_removes_it(connection: Connection, stub: Stub) -> None:
    error = await failure(connection, stub, arm_error(409, "ScopeLocked"))
    assert type(error) is PermanentError
    assert "Remove the lock" in error.remedy


@pytest.mark.parametrize("status", [400, 404, 409])
async def test_a_refusal_that_a_person_must_mend_is_permanent_with_its_remedy(
    connection: Connection, stub: Stub, status: int
) -> None:
    error = await failure(connection, stub, arm_error(status, "usererrorvmvaultlocationmismatch"))
    assert type(error) is PermanentError
    assert error.code == "usererrorvmvaultlocationmismatch"
    assert error.remedy == advice_for("UserErrorVmVaultLocationMismatch").remedy


@pytest.mark.parametrize("status", [408, 429, 500, 503])
async def test_a_status_that_may_pass_goes_before_any_code(connection: Connection, stub: Stub, status: int) -> None:
    error = await failure(connection, stub, arm_error(status, "UserErrorVmVaultLocationMismatch"))
    assert type(error) is RetryLaterError
    assert error.remedy == ""


async def test_a_refusal_that_passes_after_hours_waits_for_them(connection: Connection, stub: Stub) -> None:
    error = await failure(connection, stub, arm_error(400, "UserErrorMaxDailyBackupLimitReached"))
    assert isinstance(error, RetryLaterError)
    assert error.retry_after == timedelta(hours=6)


async def test_a_403_of_azure_policy_is_no_missing_right(connection: Connection, stub: Stub) -> None:
    error = await failure(connection, stub, arm_error(403, "RequestDisallowedByPolicy"))
    assert type(error) is PermanentError
    assert "assignment" in error.remedy


async def test_a_403_names_the_missing_action(connection: Connection, stub: Stub) -> None:
    message = (
        "The client 'x' with object id 'y' does not have authorization to perform action "
        f"'{ACTION}' over scope '/subscriptions/s/resourceGroups/g' or the scope is invalid."
    )
    error = await failure(connection, stub, arm_error(403, "AuthorizationFailed", message))
    assert type(error) is PermanentError
    assert error.remedy == f"Give the login a role with the action {ACTION} on /subscriptions/s/resourceGroups/g."


async def test_a_403_without_arms_body_is_still_told_with_a_code_and_a_remedy(
    connection: Connection, stub: Stub
) -> None:
    error = await failure(connection, stub, Reply(None, 403))
    assert (type(error), error.code) == (PermanentError, "AuthorizationFailed")
    assert error.remedy


@pytest.mark.parametrize("status", [401, 403])
async def test_a_call_that_stands_for_the_login_fails_as_the_login(
    connection: Connection, stub: Stub, status: int
) -> None:
    error = await failure(connection, stub, arm_error(status, "InvalidAuthenticationToken"), connection_wide=True)
    assert isinstance(error, LoginError)
    assert error.remedy


@pytest.mark.parametrize("script", [half_a_body, hang_up, broken_json])
async def test_a_body_that_breaks_off_is_retried_later(connection: Connection, stub: Stub, script: Script) -> None:
    error = await failure(connection, stub, script)
    assert type(error) is RetryLaterError
    assert error.code in {"UnreadableAnswer", "NoAnswer"}
    assert error.may_have_happened
    assert "\n" not in str(error)


async def test_a_redirect_is_refused(connection: Connection, stub: Stub) -> None:
    error = await failure(connection, stub, Reply(None, 302, {"Location": f"{stub.base}/elsewhere"}))
    assert type(error) is PermanentError
    assert [each.path for each in stub.seen] == ["/x"]


@pytest.mark.parametrize(
    ("raised", "code"),
    [
        (ServiceRequestError("no route"), "NoAnswer"),
        (ServiceResponseError("reset"), "NoAnswer"),
        (ServiceRequestTimeoutError("connect"), "NoAnswerInTime"),
        (ServiceResponseTimeoutError("read"), "NoAnswerInTime"),
        (TimeoutError(), "NoAnswerInTime"),
        (ConnectionResetError("reset"), "NoAnswer"),
    ],
)
def test_a_connection_that_fails_is_retried_later(raised: Exception, code: str) -> None:
    error = translate(raised, VM)
    assert isinstance(error, RetryLaterError)
    assert (error.code, error.may_have_happened) == (code, True)


def test_a_login_that_cannot_be_had_says_what_to_run_in_one_line() -> None:
    error = translate(ClientAuthenticationError("forty\nlines\nof advice"), VM)
    assert isinstance(error, LoginError)
    assert str(error) == "there is no usable login to Azure [NoLogin]. " + LOGIN_REMEDY


def test_an_answer_of_the_wrong_form_is_permanent() -> None:
    error = translate(ValueError("id is missing"), VM)
    assert (type(error), error.code) == (PermanentError, "MalformedAnswer")


def test_our_own_errors_pass_unchanged() -> None:
    mine = RetryLaterError("mine")
    with pytest.raises(RetryLaterError) as caught, translated(VM):
        raise mine
    assert caught.value is mine


def test_a_mistake_of_our_own_is_not_dressed_up_as_azures() -> None:
    with pytest.raises(ZeroDivisionError), translated(VM):
        _ = 1 / 0


@given(st.text())
def test_cleaned_text_is_one_short_printable_line(text: str) -> None:
    cleaned = clean(text)
    assert len(cleaned) <= 500
    assert cleaned.isprintable()


def headers(**values: str) -> CIMultiDict[str]:
    return CIMultiDict({name.replace("_", "-"): value for name, value in values.items()})


@given(st.integers(0, 604_800))
def test_retry_after_in_seconds_is_taken_as_it_is(seconds: int) -> None:
    assert retry_after(headers(Retry_After=str(seconds))) == timedelta(seconds=seconds)


@given(st.integers(0, 604_800_000))
def test_retry_after_in_milliseconds_comes_first(milliseconds: int) -> None:
    found = retry_after(headers(Retry_After="5", x_ms_retry_after_ms=str(milliseconds)))
    assert found is not None
    assert abs(found - timedelta(milliseconds=milliseconds)) < timedelta(milliseconds=1)


@given(
    st.datetimes(datetime(1990, 1, 1), datetime(2100, 1, 1)),  # noqa: DTZ001 -- made aware in the test
    st.integers(-1_000_000, 1_000_000),
)
def test_retry_after_as_a_date_counts_from_the_answers_own_date(sent: datetime, seconds: int) -> None:
    sent = sent.replace(microsecond=0, tzinfo=UTC)
    asked = format_datetime(sent + timedelta(seconds=seconds), usegmt=True)
    found = retry_after(headers(Retry_After=asked, Date=format_datetime(sent, usegmt=True)))
    assert found == min(max(timedelta(seconds=seconds), timedelta()), timedelta(days=7))


@given(st.text(), st.text(), st.text())
def test_whatever_the_headers_hold_the_wait_is_none_or_within_a_week(after: str, milliseconds: str, date: str) -> None:
    found = retry_after(headers(Retry_After=after, x_ms_retry_after_ms=milliseconds, Date=date))
    assert found is None or timedelta() <= found <= timedelta(days=7)


@given(
    st.from_regex(re.compile(r"[A-Z][a-z]{2}, \d{1,2} [A-Z][a-z]{2} \d{1,12} \d\d:\d\d:\d\d( GMT)?"), fullmatch=True)
)
def test_dates_out_of_any_range_do_no_harm(date: str) -> None:
    found = retry_after(headers(Retry_After=date, Date="Mon, 16 Dec 2019 13:14:19 GMT"))
    assert found is None or timedelta() <= found <= timedelta(days=7)


@pytest.mark.parametrize("text", ["-5", "soon", "1e9", "٣", "nan", "inf", ""])
def test_a_retry_after_that_says_nothing_sensible_is_none(text: str) -> None:
    assert retry_after(headers(Retry_After=text)) is None


def test_a_date_without_the_answers_own_date_is_none() -> None:
    assert retry_after(headers(Retry_After="Mon, 16 Dec 2019 13:14:19 GMT")) is None
