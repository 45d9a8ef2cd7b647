from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from aiohttp import web

from shared.adapters.azure.topic import EventGridNotices, NoNotices
from shared.domain.arm_id import parse_vm_id
from shared.domain.model import Finding, Outcome, Protection, ProtectionState, ReasonDetail, State, Status, Verdict
from shared.domain.reasons import Reason
from shared.errors import RetryLaterError
from tests.unit.shared.adapters.azure.stub import ITEM, VAULT, VM, Reply, Stub, hang_up

TOPIC = "/api/events"
FINDING = Finding(
    vm=parse_vm_id(VM),
    location="westeurope",
    verdict=Verdict(State.NON_COMPLIANT, (ReasonDetail(Reason.UNPROTECTED),), rule="default"),
    protection=Protection(ProtectionState.FIRST_BACKUP_PENDING, ITEM, VAULT, "DefaultPolicy"),
    actions=(),
    outcome=Outcome(Status.SUCCEEDED),
    at=datetime(2026, 11, 1, 12, 0, tzinfo=UTC),
    cause="event",
    correlation_id="c-1",
)


async def test_a_protected_vm_is_published_with_the_topics_key(stub: Stub) -> None:
    stub.on("POST", TOPIC, Reply(None, 200))
    async with EventGridNotices(stub.base + TOPIC, "the-key") as notices:
        await notices.vm_protected(FINDING)
    [seen] = stub.seen
    [event] = seen.body
    assert seen.headers["aeg-sas-key"] == "the-key"
    assert (event["eventType"], event["subject"], event["dataVersion"]) == ("Backstop.VmProtected", VM, "1")
    assert event["eventTime"].startswith("2026-11-01T12:00:00")
    assert event["data"]["vaultId"] == VAULT
    assert event["data"]["protectedItemId"] == ITEM
    assert event["data"]["backupPolicy"] == "DefaultPolicy"
    assert event["data"]["correlationId"] == "c-1"


async def test_a_finding_without_a_protection_is_published_with_empty_fields(stub: Stub) -> None:
    stub.on("POST", TOPIC, Reply(None, 200))
    async with EventGridNotices(stub.base + TOPIC, "the-key") as notices:
        await notices.vm_protected(replace(FINDING, protection=None))
    assert stub.seen[0].body[0]["data"]["vaultId"] == ""


async def test_a_report_is_published_with_its_summary(stub: Stub) -> None:
    stub.on("POST", TOPIC, Reply(None, 200))
    async with EventGridNotices(stub.base + TOPIC, "the-key") as notices:
        await notices.report_ready({"discovered": 3, "verdicts": {"COMPLIANT": 3}})
    [event] = stub.seen[0].body
    assert (event["eventType"], event["subject"]) == ("Backstop.ReportReady", "report")
    assert event["data"] == {"discovered": 3, "verdicts": {"COMPLIANT": 3}}


async def drop(_request: web.Request) -> web.StreamResponse:
    return web.Response(status=500, text="no")


@pytest.mark.parametrize(
    "script",
    [Reply({"error": {"code": "Unauthorized", "message": "key"}}, 401), Reply(None, 404), Reply(None, 429), drop],
)
async def test_an_event_that_could_not_be_published_is_sent_once_and_may_be_sent_later(stub: Stub, script: Any) -> None:
    stub.on("POST", TOPIC, script)
    async with EventGridNotices(stub.base + TOPIC, "the-key") as notices:
        with pytest.raises(RetryLaterError) as caught:
            await notices.vm_protected(FINDING)
    assert len(stub.seen) == 1
    assert "the-key" not in str(caught.value)


async def test_a_topic_that_hangs_up_is_tried_later(stub: Stub) -> None:
    stub.on("POST", TOPIC, hang_up)
    async with EventGridNotices(stub.base + TOPIC, "the-key") as notices:
        with pytest.raises(RetryLaterError):
            await notices.report_ready({})


async def test_without_a_topic_nothing_is_published() -> None:
    await NoNotices().vm_protected(FINDING)
    await NoNotices().report_ready({})
