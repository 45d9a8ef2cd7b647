"""Every trigger but the timers through the worker's runtime, with payloads shaped as the Functions host sends them."""

import json
import sys
from datetime import timedelta
from typing import Any

import pytest

from shared.bootstrap import Backstop
from shared.domain import messages
from shared.domain.arm_id import parse_vm_id
from shared.domain.model import ReconcileRequest, State
from tests.worker.conftest import NEEDS, Azure
from tests.worker.deliveries import as_cloud_event, documented_event, of_vm, recorded_event
from tests.worker.process import Worker
from tests.worker.sending import METADATA, delivered, got, poisoned, queued, waiting, work_the_queue

pytestmark = pytest.mark.skipif(sys.version_info < (3, 13), reason=NEEDS)


@pytest.mark.parametrize("original", [documented_event, recorded_event])
@pytest.mark.parametrize("cloud", [False, True], ids=["event-grid-schema", "cloud-event"])
async def test_a_vm_event_becomes_a_request_that_waits_until_the_vm_has_settled(
    original: Any, cloud: bool, worker: Worker, azure: Azure, backstop: Backstop
) -> None:
    vm = azure.unprotected_vm()
    event = of_vm(original(), vm, azure.tenant)
    delivered(worker, as_cloud_event(event) if cloud else event)
    (sent,) = waiting(backstop, vm)
    assert sent.request.cause == "event"
    assert sent.request.correlation_id == event["data"]["correlationId"]
    assert sent.visible_at - sent.inserted == timedelta(minutes=10)


async def test_empty_claims_and_an_absent_http_request_change_nothing(
    worker: Worker, azure: Azure, backstop: Backstop
) -> None:
    vm = azure.unprotected_vm()
    event = of_vm(documented_event(), vm, azure.tenant)
    event["data"]["claims"] = {}
    assert "httpRequest" not in event["data"]
    delivered(worker, event)
    assert len(waiting(backstop, vm)) == 1


@pytest.mark.parametrize("original", [documented_event, recorded_event])
async def test_real_events_of_other_resources_are_ignored_and_never_sent_again(
    original: Any, worker: Worker, backstop: Backstop
) -> None:
    before = await backstop.queue.depth(backstop.settings.reconcile_queue)
    delivered(worker, original())
    queued(worker, "vm_events", json.dumps([original(), as_cloud_event(original())]))
    assert await backstop.queue.depth(backstop.settings.reconcile_queue) == before


async def test_an_event_of_another_tenant_asks_for_nothing(worker: Worker, azure: Azure, backstop: Backstop) -> None:
    vm = azure.unprotected_vm()
    delivered(worker, of_vm(documented_event(), vm, "99999999-1111-4111-8111-111111111111"))
    assert waiting(backstop, vm) == []


async def test_a_queue_message_holds_one_event_or_an_array_in_either_schema(
    worker: Worker, azure: Azure, backstop: Backstop
) -> None:
    first, second, third = (azure.unprotected_vm() for _ in range(3))
    queued(worker, "vm_events", json.dumps(of_vm(recorded_event(), first, azure.tenant)))
    several = [
        of_vm(documented_event(), second, azure.tenant),
        documented_event(),
        as_cloud_event(of_vm(recorded_event(), third, azure.tenant)),
    ]
    queued(worker, "vm_events", json.dumps(several))
    assert [each.request.vm_id.key for each in waiting(backstop, first, second, third)] == [
        first.lower(),
        second.lower(),
        third.lower(),
    ]


async def test_a_message_that_is_no_json_goes_to_the_poison_queue_with_the_reason(
    worker: Worker, backstop: Backstop
) -> None:
    queued(worker, "vm_events", "no event at all")
    (kept,) = await poisoned(backstop, backstop.settings.events_queue)
    assert (kept.body, kept.reason) == ("no event at all", "it is not JSON")


async def test_a_request_that_cannot_be_read_goes_to_the_poison_queue_with_the_reason(
    worker: Worker, backstop: Backstop
) -> None:
    queued(worker, "reconcile_vm", '{"version": 7}')
    (kept,) = await poisoned(backstop, backstop.settings.reconcile_queue)
    assert kept.body == '{"version": 7}'
    assert "this Backstop reads version 1" in kept.reason


async def test_requests_end_with_a_protected_vm_and_one_first_backup(
    worker: Worker, azure: Azure, backstop: Backstop
) -> None:
    vm = azure.unprotected_vm()
    request = messages.encode(ReconcileRequest(parse_vm_id(vm), "event"))
    queued(worker, "reconcile_vm", request)
    assert len(waiting(backstop, vm)) == 1  # protecting takes a while: the request waits to look again
    await work_the_queue(worker, backstop)
    assert waiting(backstop, vm) == []
    missed = {each["vmId"] for each in azure.ask("/_sim/check")["missed"]}
    assert vm not in missed
    finding = await backstop.findings.of(parse_vm_id(vm))
    assert finding is not None
    assert finding.verdict.state is State.COMPLIANT
    writes = [each["operation"] for each in azure.ask("/_sim/writes") if (each["vmId"] or "").lower() == vm.lower()]
    assert writes == ["PUT protectedItems", "POST backup"]


def test_health_tells_the_policy_and_whether_writing_is_permitted(worker: Worker) -> None:
    status, kind, body = got(worker, "health")
    assert (status, kind) == (200, "application/json")
    data = json.loads(body)
    assert data["status"] == "ok"
    assert (data["policy"]["name"], data["policy"]["mode"]) == ("demo", "enforce")
    assert (data["mayWrite"], data["paused"]) == (True, False)


@pytest.mark.parametrize(
    ("setting", "value", "says"),
    [
        ("BACKSTOP_POLICY", "missing.yaml", "missing.yaml"),
        ("BACKSTOP_ENDPOINT", "http://127.0.0.1:9", "http://127.0.0.1:9"),
        ("WEBSITE_SITE_NAME", "a-deployed-app", "keeps its state on this machine's disk"),
    ],
)
async def test_what_cannot_work_fails_every_invocation_in_one_line_and_loses_no_message(
    setting: str, value: str, says: str, worker: Worker, settings: dict[str, str], azure: Azure, backstop: Backstop
) -> None:
    vm = azure.unprotected_vm()
    body = messages.encode(ReconcileRequest(parse_vm_id(vm), "event"))
    writes = azure.ask("/_sim/counts")["writes"]
    with Worker(**{**settings, setting: value}) as broken:
        answer = broken.try_to_invoke("reconcile_vm", {"string": body}, METADATA)
        assert says in answer["error"]
        assert "\n" not in answer["error"]
        # The failed invocation is what tells the host to keep the message; the app itself has put it nowhere.
        assert waiting(backstop, vm) == []
        status, _, health = got(broken, "health")
        assert (status, json.loads(health)["status"]) == (503, "unusable")
        assert value not in health
    assert azure.ask("/_sim/counts")["writes"] == writes
