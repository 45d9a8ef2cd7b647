import json
from typing import Any, cast

import pytest

from cli.host import payloads
from handlers import vm_event
from shared.adapters.local.work_queue import SqliteWorkQueue
from shared.bootstrap import Backstop
from shared.domain.events import IgnoredBecause
from tests.fakes import vm_id

DATA: dict[str, object] = {
    "operationName": "Microsoft.Compute/virtualMachines/write",
    "resourceUri": vm_id().text,
    "correlationId": "c-1",
}
AT = "2026-11-24T08:00:00.1234567Z"  # seven digits, as Event Grid writes them
WRITE = "Microsoft.Resources.ResourceWriteSuccess"


def event(**changes: Any) -> dict[str, Any]:
    return {"eventType": WRITE, "subject": vm_id().text, "data": DATA, **changes}


def test_an_event_of_event_grids_schema_gets_the_names_back_that_it_had_on_the_wire() -> None:
    wire = {
        "id": "1",
        "data": DATA,
        "topic": "/subscriptions/1",
        "subject": "s",
        "eventType": WRITE,
        "dataVersion": "2",
    }
    for sent, time in ((AT, "2026-11-24T08:00:00.123456+00:00"), (None, "")):
        delivered = cast("vm_event.DeliveredEvent", payloads.event({**wire, "eventTime": sent}))
        assert vm_event.as_sent(delivered) == {"eventType": WRITE, "eventTime": time, "subject": "s", "data": DATA}


def test_a_cloud_event_gets_the_names_back_that_it_had_on_the_wire() -> None:
    wire = {"id": "1", "source": "/subscriptions/1", "type": WRITE, "specversion": "1.0", "data": DATA, "subject": "s"}
    for sent, time in ((AT, "2026-11-24T08:00:00.123456+00:00"), (None, "")):
        delivered = cast("vm_event.DeliveredEvent", payloads.event({**wire, "time": sent}))
        expected = {"specversion": "1.0", "type": WRITE, "time": time, "subject": "s", "data": DATA}
        assert vm_event.as_sent(delivered) == expected


async def test_one_event_becomes_one_request(backstop: Backstop) -> None:
    taken = await vm_event.take_in(event())
    assert [each.vm_id for each in taken.accepted] == [vm_id()]
    assert await backstop.queue.depth("reconcile") == 1


async def test_a_message_with_an_array_becomes_one_request_for_each_vm(backstop: Backstop) -> None:
    other = event(data={**DATA, "resourceUri": vm_id("web-02").text})
    await vm_event.take_in_message(json.dumps([event(), other]).encode())
    assert await backstop.queue.depth("reconcile") == 2


@pytest.mark.parametrize("body", [b"no json", b"\xff\xfe\xfa", b""])
async def test_a_message_that_is_no_json_is_kept_in_the_poison_queue(body: bytes, backstop: Backstop) -> None:
    taken = await vm_event.take_in_message(body)
    assert [each.because for each in taken.ignored] == [IgnoredBecause.NOT_JSON]
    assert isinstance(backstop.queue, SqliteWorkQueue)
    (kept,) = await backstop.queue.poisoned("vm-events")
    assert kept.reason == "it is not JSON"
    assert kept.body == body.decode("utf-8", "backslashreplace")
    assert await backstop.queue.depth("reconcile") == 0


@pytest.mark.parametrize("body", [b"17", b"null", b'[[], "text"]', b'{"eventType": 7}'])
async def test_json_that_is_no_event_is_ignored_and_not_kept(body: bytes, backstop: Backstop) -> None:
    taken = await vm_event.take_in_message(body)
    assert {each.because for each in taken.ignored} == {IgnoredBecause.NOT_AN_EVENT}
    assert isinstance(backstop.queue, SqliteWorkQueue)
    assert await backstop.queue.poisoned("vm-events") == ()
