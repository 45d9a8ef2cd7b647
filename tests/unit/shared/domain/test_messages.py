import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain import messages
from shared.domain.events import read_event
from shared.domain.model import ReconcileRequest
from tests.findings import maybe_moments, vm_id, vm_ids

WRITABLE = st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=200)
REQUEST = ReconcileRequest(vm_id("web-1"), "event", "corr", "run-1", 2, True, datetime(2026, 12, 1, tzinfo=UTC))

requests = st.builds(
    ReconcileRequest,
    vm_ids,
    st.sampled_from(sorted(messages.CAUSES)),
    WRITABLE,
    WRITABLE,
    st.integers(min_value=1, max_value=1_000_000),
    st.booleans(),
    maybe_moments,
)


def altered(**changes: object) -> str:
    data = json.loads(messages.encode(REQUEST))
    data.update(changes)
    return json.dumps(data)


@given(requests)
def test_a_request_comes_back_from_its_message_as_it_was(request: ReconcileRequest) -> None:
    body = messages.encode(request)
    back = messages.decode(body)
    assert back == request
    assert back.vm_id.text == request.vm_id.text
    assert messages.decode(body.encode()) == request
    assert body.isascii()
    assert "\n" not in body


def test_the_message_of_an_event_with_a_hostile_correlation_id_can_be_read() -> None:
    event = {
        "eventType": "Microsoft.Resources.ResourceWriteSuccess",
        "data": {
            "operationName": "Microsoft.Compute/virtualMachines/write",
            "resourceUri": vm_id("web-1").text,
            "correlationId": "x\r\n\x00" + "y" * 500,
        },
    }
    request = read_event(event)
    assert isinstance(request, ReconcileRequest)
    assert messages.decode(messages.encode(request)) == request


@given(st.text(max_size=200) | st.binary(max_size=200))
def test_any_other_text_is_refused_with_a_reason(body: str | bytes) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        messages.decode(body)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("[]", "not a JSON object"),
        ("{", "not JSON"),
        ("NaN", "NaN is not JSON"),
        ("[" * 7_000, "nested too deeply|not JSON"),
        ("1" * 9_000, "longer than 8,000 characters"),
        (b"\xff\xfe\x00", "not UTF-8|not JSON"),
        ("{}", "version is None"),
        ('{"version":1,"version":1}', "a key appears twice"),
        (altered(version=2), "version is 2"),
        (altered(version=True), "version is True"),
        (altered(extra=1), "unknown key 'extra'"),
        (altered(cause="cron"), "cause: must be one of cli, event, sweep"),
        (altered(cause=None), "cause: must be text"),
        (altered(vmId="/subscriptions/x"), "not the id of a virtual machine"),
        (altered(vmId=vm_id("web-1").text + "/extensions/x"), "not the id of a virtual machine"),
        (altered(attempt=0), "attempt: must be a whole number"),
        (altered(attempt=True), "attempt: must be a whole number"),
        (altered(attempt=1.0), "attempt: must be a whole number"),
        (altered(backupNow="yes"), "backupNow: must be true or false"),
        (altered(backupNow=1), "backupNow: must be true or false"),
        (altered(retainUntil="tomorrow"), "retainUntil: not a moment"),
        (altered(retainUntil="2026-12-01T00:00:00"), "retainUntil: must be in UTC"),
        (altered(retainUntil="2026-12-01T00:00:00+02:00"), "retainUntil: must be in UTC"),
        (altered(retainUntil=5), "retainUntil: must be text"),
        (altered(runId="r" * 201), "runId: longer than 200"),
        (altered(runId="\ud800"), "runId: not valid Unicode"),
    ],
)
def test_a_malformed_message_is_refused_and_says_why(body: str | bytes, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        messages.decode(body)


@pytest.mark.parametrize("key", sorted(json.loads(messages.encode(REQUEST)).keys() - {"version"}))
def test_a_message_without_one_of_its_keys_is_refused(key: str) -> None:
    data = json.loads(messages.encode(REQUEST))
    del data[key]
    with pytest.raises(ValueError, match=f"the key '{key}' is missing"):
        messages.decode(json.dumps(data))


def test_the_reason_shows_little_of_a_hostile_message_and_on_one_line() -> None:
    with pytest.raises(ValueError, match="unknown key") as caught:
        messages.decode(altered(**{"\r\n\u202e" + "x" * 900: 1}))
    text = str(caught.value)
    assert len(text) < 200
    assert text.isprintable()
