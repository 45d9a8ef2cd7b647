import copy
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.events import Ignored, IgnoredBecause, decode_events, read_event, writer_of, written_at
from shared.domain.model import ReconcileRequest
from tests.fakes import SUB, vm_id
from tests.reference import reference_file

DOCS = "eventgrid/azure-docs.event-schema-subscriptions.ResourceWriteSuccess.json"
CUSTODIAN = "eventgrid/c7n.test_policy_mode.sample.json"
TENANT = "99999999-1111-4111-8111-111111111111"
VM = vm_id().text
NOW = datetime(2026, 11, 24, 8, tzinfo=UTC)


def real_events() -> list[dict[str, Any]]:
    """The two real resource-write events, neither of a VM."""
    return [json.loads(reference_file(DOCS))[0], json.loads(reference_file(CUSTODIAN))]


def as_vm_event(event: dict[str, Any], operation: str = "Microsoft.Compute/virtualMachines/write") -> dict[str, Any]:
    """A VM's event derived from a real one by changing ids, resourceProvider and operationName only."""
    event = copy.deepcopy(event)
    event["subject"] = event["data"]["resourceUri"] = VM
    event["topic"] = f"/subscriptions/{SUB}"
    event["data"] |= {"resourceProvider": "Microsoft.Compute", "operationName": operation, "subscriptionId": SUB}
    if "tenantId" in event["data"]:
        event["data"]["tenantId"] = TENANT
    return event


def as_cloud_event(event: dict[str, Any]) -> dict[str, Any]:
    """The same event in the CloudEvents 1.0 envelope."""
    return {
        "specversion": "1.0",
        "id": event["id"],
        "source": event["topic"],
        "subject": event["subject"],
        "type": event["eventType"],
        "time": event["eventTime"],
        "data": event["data"],
    }


@pytest.mark.parametrize("which", [0, 1])
def test_real_events_of_other_resources_are_ignored(which: int) -> None:
    read = read_event(real_events()[which])
    assert isinstance(read, Ignored)
    assert read.because is IgnoredBecause.OTHER_OPERATION


@pytest.mark.parametrize("which", [0, 1])
@pytest.mark.parametrize("envelope", [lambda event: event, as_cloud_event])
def test_a_vm_write_becomes_a_request_in_both_schemas(which: int, envelope: Any) -> None:
    event = as_vm_event(real_events()[which])
    read = read_event(envelope(event), TENANT)
    assert isinstance(read, ReconcileRequest)
    assert read.vm_id == vm_id()
    assert (read.cause, read.correlation_id) == ("event", event["data"]["correlationId"])


@pytest.mark.parametrize(
    "operation", ["Microsoft.ClassicCompute/virtualMachines/write", "Microsoft.Resources/tags/write"]
)
def test_a_classic_vm_is_named_by_its_own_providers_events_and_by_its_tags(operation: str) -> None:
    classic = VM.replace("Microsoft.Compute", "Microsoft.ClassicCompute")
    event = as_vm_event(real_events()[0], operation)
    tags = "/providers/Microsoft.Resources/tags/default" if "tags" in operation else ""
    event["subject"] = event["data"]["resourceUri"] = classic + tags
    read = read_event(event)
    assert isinstance(read, ReconcileRequest)
    assert (read.vm_id.text, read.vm_id.classic) == (classic, True)


def test_a_write_of_a_vms_tags_names_the_vm() -> None:
    event = as_vm_event(real_events()[1], "Microsoft.Resources/tags/write")
    event["data"]["resourceUri"] = f"{VM}/providers/Microsoft.Resources/tags/default"
    read = read_event(event)
    assert isinstance(read, ReconcileRequest)
    assert read.vm_id == vm_id()


def test_the_optional_parts_may_be_empty_or_absent() -> None:
    event = as_vm_event(real_events()[0])
    event["data"]["claims"] = {}
    event["data"]["authorization"] = {"evidence": []}
    assert "httpRequest" not in event["data"]
    assert isinstance(read_event(event), ReconcileRequest)
    event["data"] = {"operationName": event["data"]["operationName"], "resourceUri": VM}
    assert isinstance(read_event(event), ReconcileRequest)


@pytest.mark.parametrize(
    ("changes", "because"),
    [
        ({"eventType": "Microsoft.Resources.ResourceDeleteSuccess"}, IgnoredBecause.OTHER_EVENT_TYPE),
        ({"eventType": "Microsoft.Resources.ResourceWriteFailure"}, IgnoredBecause.OTHER_EVENT_TYPE),
        ({"eventType": None}, IgnoredBecause.NOT_AN_EVENT),
        ({"data": []}, IgnoredBecause.NOT_AN_EVENT),
        ({"data": None}, IgnoredBecause.NOT_AN_EVENT),
    ],
)
def test_other_events_are_ignored_with_a_reason(changes: dict[str, Any], because: IgnoredBecause) -> None:
    read = read_event(as_vm_event(real_events()[1]) | changes)
    assert isinstance(read, Ignored)
    assert read.because is because


@pytest.mark.parametrize(
    ("data", "because"),
    [
        ({"operationName": "Microsoft.Compute/virtualMachines/extensions/write"}, IgnoredBecause.OTHER_OPERATION),
        ({"operationName": 7}, IgnoredBecause.OTHER_OPERATION),
        ({"resourceUri": f"{VM}/extensions/x"}, IgnoredBecause.NOT_A_VM),
        ({"resourceUri": "https://example.org/"}, IgnoredBecause.NOT_A_VM),
        ({"tenantId": "88888888-1111-4111-8111-111111111111"}, IgnoredBecause.OTHER_TENANT),
    ],
)
def test_hostile_or_foreign_data_is_ignored(data: dict[str, Any], because: IgnoredBecause) -> None:
    event = as_vm_event(real_events()[1])
    event["data"] |= data
    read = read_event(event, TENANT)
    assert isinstance(read, Ignored)
    assert read.because is because


def test_a_body_holds_one_event_or_an_array() -> None:
    assert decode_events("[1, 2]") == [1, 2]
    assert decode_events(b'{"a": 1}') == [{"a": 1}]
    for body in ("", "not json", b"\xff\xfe\x00", "[" * 100_000):
        decoded = decode_events(body)
        assert isinstance(decoded, Ignored)
        assert decoded.because is IgnoredBecause.NOT_JSON


XMLSOAP = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims"


@pytest.mark.parametrize("envelope", [lambda event: event, as_cloud_event])
def test_the_writer_of_a_real_event_is_the_person_or_application_that_its_claims_name(envelope: Any) -> None:
    claims = real_events()[0]["data"]["claims"]
    assert writer_of(envelope(as_vm_event(real_events()[0]))) == claims["name"] != ""
    assert writer_of(envelope(as_vm_event(real_events()[1]))) == ""  # an event without any claims


@pytest.mark.parametrize(
    ("claims", "writer"),
    [
        ({f"{XMLSOAP}/upn": "alice@contoso.example", "name": "Alice", "appid": "a"}, "alice@contoso.example"),
        ({f"{XMLSOAP}/name": "alice@contoso.example", "name": "Alice"}, "alice@contoso.example"),
        ({"name": "Alice", "appid": "a"}, "Alice"),
        ({"appid": "11111111-1111-4111-8111-111111111111"}, "11111111-1111-4111-8111-111111111111"),
        ({"name": "  ", "appid": "a"}, "a"),
        ({"name": ["Alice"], "appid": 7}, ""),
        ({"name": "Al\x1b[31m\u202eice\n\tx"}, "Al[31mice x"),
        ({"name": "x" * 1000}, "x" * 200),
        ({}, ""),
        (None, ""),
        ("alice", ""),
    ],
)
def test_a_writer_is_one_short_line_or_nobody(claims: object, writer: str) -> None:
    event = as_vm_event(real_events()[0])
    event["data"]["claims"] = claims
    assert writer_of(event) == writer


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("2018-07-19T18:38:04.6117357Z", datetime(2018, 7, 19, 18, 38, 4, 611735, tzinfo=UTC)),
        ("2018-07-19T20:38:04+02:00", datetime(2018, 7, 19, 18, 38, 4, tzinfo=UTC)),
        ("2999-01-01T00:00:00Z", NOW),
        ("2018-07-19T18:38:04", NOW),
        ("yesterday", NOW),
        (7, NOW),
        (None, NOW),
    ],
)
@pytest.mark.parametrize("envelope", [lambda event: event, as_cloud_event])
def test_an_event_tells_when_the_write_was_and_never_of_the_future(text: object, at: datetime, envelope: Any) -> None:
    assert written_at(envelope(as_vm_event(real_events()[0]) | {"eventTime": text}), NOW) == at


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=10,
)


@given(JSON, st.dictionaries(st.sampled_from(["eventType", "specversion", "type", "data", "subject"]), JSON))
def test_any_json_is_ignored_and_breaks_nothing(alone: Any, shaped: dict[str, Any]) -> None:
    assert isinstance(read_event(alone), Ignored)
    assert isinstance(read_event(shaped), Ignored)
    assert (writer_of(alone), written_at(alone, NOW)) == ("", NOW)
    assert isinstance(writer_of(shaped), str)
