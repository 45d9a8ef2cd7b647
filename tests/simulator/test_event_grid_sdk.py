"""Azure's own poller follows the long-running operations of event subscriptions to their end."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from azure.core import PipelineClient
from azure.core.exceptions import HttpResponseError
from azure.core.pipeline import Pipeline
from azure.core.pipeline.policies import HeadersPolicy, RequestIdPolicy
from azure.core.pipeline.transport import RequestsTransport
from azure.core.polling import LROPoller
from azure.core.rest import HttpRequest
from azure.mgmt.core.polling.arm_polling import ARMPolling

from simulator.server import running
from tests.simulator.client import Client
from tests.simulator.webhook import Receiver, at, first_subscription, wish

VERSION = "?api-version=2022-06-15"


@pytest.fixture
async def flowing() -> AsyncIterator[Client]:
    """A second there is a minute here."""
    session = aiohttp.ClientSession(headers={"Authorization": "Bearer any"})
    async with running(vms=50, mode="flowing", speed=60) as (base, _), session as http:
        yield Client(base, http)


async def _follow(azure: Client, method: str, path: str, body: Any = None) -> Any:
    """Send it and poll as a management client does; the resource at the end."""

    def run() -> Any:
        policies = [RequestIdPolicy(), HeadersPolicy({"Authorization": "Bearer any"})]
        with Pipeline(RequestsTransport(), policies=policies) as pipeline:
            client: Any = PipelineClient(azure.base, pipeline=pipeline)
            first = pipeline.run(HttpRequest(method, f"{azure.base}{path}{VERSION}", json=body))

            def read(found: Any) -> Any:
                return found.http_response.json() if found.http_response.body() else None

            return LROPoller(client, first, read, ARMPolling(0.01)).result(20)

    return await asyncio.to_thread(run)


async def test_a_creation_is_followed_to_the_finished_resource_and_a_deletion_to_its_end(
    flowing: Client, receiver: Receiver
) -> None:
    path = at(await first_subscription(flowing))
    made = await _follow(flowing, "PUT", path, wish(receiver.url))
    assert made["properties"]["provisioningState"] == "Succeeded"
    assert await _follow(flowing, "DELETE", path) is None
    assert (await flowing.ask("GET", path)).status == 404


async def test_a_refused_handshake_is_raised_with_its_code(flowing: Client, receiver: Receiver) -> None:
    receiver.handshake = "refuses"
    with pytest.raises(HttpResponseError) as raised:
        await _follow(flowing, "PUT", at(await first_subscription(flowing)), wish(receiver.url))
    assert raised.value.error is not None
    assert raised.value.error.code == "Url validation"


async def test_a_system_topic_needs_no_polling(flowing: Client) -> None:
    scope = await first_subscription(flowing)
    group = (await flowing.rows(f"{scope}/resourceGroups"))[0]["id"]
    properties = {"source": scope, "topicType": "Microsoft.Resources.Subscriptions"}
    path = f"{group}/providers/Microsoft.EventGrid/systemTopics/told"
    made = await _follow(flowing, "PUT", path, {"location": "global", "properties": properties})
    assert (made["name"], made["properties"]["provisioningState"]) == ("told", "Succeeded")
    assert await _follow(flowing, "DELETE", path) is None
