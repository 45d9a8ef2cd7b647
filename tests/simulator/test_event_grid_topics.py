"""System topics: one per subscription, and event subscriptions below them."""

from typing import Any

import pytest

from tests.simulator.client import Client
from tests.simulator.webhook import TAGS_ONLY, Receiver, at, counts, first_subscription, subscribe, tag, wish


async def _group(azure: Client, number: int = 0) -> str:
    """A resource group of the first subscription."""
    return str((await azure.rows(f"{await first_subscription(azure)}/resourceGroups"))[number]["id"])


def _topic(source: str, **more: Any) -> Any:
    properties = {"source": source, "topicType": "Microsoft.Resources.Subscriptions"}
    return {"location": "global", "properties": properties | more}


async def _made(azure: Client) -> str:
    """The id of the first subscription's system topic."""
    path = f"{await _group(azure)}/providers/Microsoft.EventGrid/systemTopics/told"
    reply = await azure.ask("PUT", path, _topic(await first_subscription(azure)))
    assert reply.status == 201, reply
    return str(reply.body["id"])


async def test_a_topic_shows_what_azure_shows(azure: Client) -> None:
    scope, topic = await first_subscription(azure), await _made(azure)
    shown = await azure.get(topic)
    assert shown["type"] == "Microsoft.EventGrid/systemTopics"
    assert (shown["name"], shown["location"]) == ("told", "global")
    assert shown["properties"]["provisioningState"] == "Succeeded"
    assert shown["properties"]["source"] == scope
    assert shown["properties"]["topicType"] == "Microsoft.Resources.Subscriptions"
    assert shown["properties"]["metricResourceId"]
    for path in (scope, await _group(azure)):
        assert await azure.rows(f"{path}/providers/Microsoft.EventGrid/systemTopics") == [shown]
    assert await azure.rows(f"{await _group(azure, 1)}/providers/Microsoft.EventGrid/systemTopics") == []


async def test_a_source_has_one_topic(azure: Client) -> None:
    scope = await first_subscription(azure)
    await _made(azure)
    for number in (0, 1):
        path = f"{await _group(azure, number)}/providers/Microsoft.EventGrid/systemTopics/second"
        reply = await azure.ask("PUT", path, _topic(scope.upper()))
        assert (reply.status, reply.code) == (400, "InvalidRequest")
        assert "Only one system topic is allowed per source" in reply.body["error"]["message"]


async def test_a_topic_keeps_its_source_and_may_change_its_tags(azure: Client) -> None:
    scope, topic = await first_subscription(azure), await _made(azure)
    group = await _group(azure)
    other = _topic(group, topicType="Microsoft.Resources.ResourceGroups")
    assert (await azure.ask("PUT", topic, other)).status == 400
    again = await azure.ask("PUT", topic, _topic(scope) | {"tags": {"a": "b"}})
    assert (again.status, again.body["tags"]) == (200, {"a": "b"})
    changed = await azure.ask("PATCH", topic, {"tags": {"c": "d"}})
    assert (changed.status, changed.body["tags"]) == (200, {"c": "d"})


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"location": "westeurope"}, "InvalidRequest"),
        ({"location": ""}, "LocationRequired"),
        ({"properties": {"topicType": "Microsoft.Storage.StorageAccounts", "source": "/x"}}, "UnsupportedBySimulator"),
        ({"properties": {"topicType": "Microsoft.Resources.Subscriptions"}}, "InvalidRequest"),
        ({"properties": {"topicType": "Microsoft.Resources.Subscriptions", "source": "/elsewhere"}}, "InvalidRequest"),
    ],
)
async def test_a_topic_that_cannot_be_is_refused(azure: Client, change: dict[str, Any], code: str) -> None:
    path = f"{await _group(azure)}/providers/Microsoft.EventGrid/systemTopics/told"
    reply = await azure.ask("PUT", path, _topic(await first_subscription(azure)) | change)
    assert (reply.status, reply.code) == (400, code)
    assert (await azure.ask("GET", path)).status == 404


async def test_an_event_subscription_of_a_topic_is_told_and_goes_with_it(azure: Client, receiver: Receiver) -> None:
    scope, topic = await first_subscription(azure), await _made(azure)
    path = f"{topic}/eventSubscriptions/below"
    made = await azure.ask("PUT", path, wish(receiver.url, rules=TAGS_ONLY))
    assert made.status == 201
    assert made.body["type"] == "Microsoft.EventGrid/systemTopics/eventSubscriptions"
    assert made.body["properties"]["topic"] == topic
    await azure.until_idle()
    shown = await azure.get(path)
    assert shown["properties"]["provisioningState"] == "Succeeded"
    assert await azure.rows(f"{topic}/eventSubscriptions") == [shown]
    assert await azure.rows(at(scope, "")[:-1]) == []
    assert (await azure.ask("POST", f"{path}/getFullUrl")).body == {"endpointUrl": receiver.url}
    vm = (await azure.rows(f"{scope}/providers/Microsoft.Compute/virtualMachines"))[0]["id"]
    await tag(azure, vm)
    await azure.until_idle()
    assert (await counts(azure))["delivered"] == 1
    assert {event["topic"] for event in receiver.events} == {scope}
    gone = await azure.ask("DELETE", topic)
    assert gone.status == 202
    assert (await azure.ask("DELETE", topic)).status == 204
    assert (await azure.ask("GET", path)).status == 404
    await tag(azure, vm)
    await azure.until_idle()
    assert (await azure.ask("GET", gone.headers["location"])).status == 200
    assert (await counts(azure))["matched"] == 1
    assert await _made(azure) == topic


async def test_a_resource_groups_event_subscription_hears_of_that_group_alone(
    azure: Client, receiver: Receiver
) -> None:
    scope = await first_subscription(azure)
    vms = [vm["id"] for vm in await azure.rows(f"{scope}/providers/Microsoft.Compute/virtualMachines")]
    groups = {vm.partition("/providers/")[0].lower(): vm for vm in vms}
    (group, inside), (_, outside), *_ = groups.items()
    assert (await subscribe(azure, group, receiver.url, rules=TAGS_ONLY)).status == 201
    await tag(azure, outside)
    await tag(azure, inside)
    await azure.until_idle()
    assert {event["data"]["resourceUri"].lower() for event in receiver.events} == {
        f"{inside}/providers/Microsoft.Resources/tags/default".lower()
    }


async def test_setting_up_events_is_nobodys_wrong_write(azure: Client, receiver: Receiver) -> None:
    topic = await _made(azure)
    await azure.ask("PUT", f"{topic}/eventSubscriptions/below", wish(receiver.url))
    await azure.ask("POST", f"{topic}/eventSubscriptions/below/getFullUrl")
    await azure.ask("PATCH", topic, {"tags": {}})
    await azure.ask("DELETE", topic)
    assert (await azure.get("/_sim/check"))["wrongWrites"] == []
    assert await azure.get("/_sim/writes") == []
