"""Walks through Event Grid's resources: system topics, event subscriptions at each scope, both handshakes."""

from tests.contract.spec.recorder import Recorder
from tests.simulator.webhook import Receiver, at, receiving, wish

TOPICS = "/providers/Microsoft.EventGrid/systemTopics"


async def walk_events(azure: Recorder, group: str) -> None:
    """`group`: the id of a resource group to make topics in."""
    subscription = "/".join(group.split("/")[:3])
    topic = f"{group}{TOPICS}/contract"
    body = {
        "location": "global",
        "properties": {"source": subscription, "topicType": "Microsoft.Resources.Subscriptions"},
    }
    for name in ("contract", "contract", "second"):
        await azure.ask("PUT", f"{group}{TOPICS}/{name}", body)
    await azure.ask("PATCH", topic, {"tags": {"a": "b"}})
    for path in (topic, f"{topic}-absent", f"{group}{TOPICS}", f"{subscription}{TOPICS}"):
        await azure.ask("GET", path)
    async with receiving() as receiver:
        for path in (at(subscription), at(group), f"{topic}/eventSubscriptions/backstop"):
            await _event_subscription(azure, path, receiver)
        await _by_hand(azure, at(subscription, "manual"), receiver)
        receiver.handshake = "refuses"
        await _follow(azure, (await azure.ask("PUT", at(subscription, "refused"), wish(receiver.url))).headers)
    await _follow(azure, (await azure.ask("DELETE", topic)).headers)
    await azure.ask("DELETE", topic)


async def _follow(azure: Recorder, headers: dict[str, str]) -> None:
    for ended in (False, True):
        for name in ("azure-asyncoperation", "location"):
            if name in headers:
                await azure.ask("GET", headers[name])
        if not ended:
            await azure.advance()


async def _event_subscription(azure: Recorder, path: str, receiver: Receiver) -> None:
    for schema in ("EventGridSchema", "CloudEventSchemaV1_0"):
        made = await azure.ask("PUT", path, wish(receiver.url, schema=schema))
        await _follow(azure, made.headers)
    await _follow(azure, (await azure.ask("PATCH", path, {"labels": ["a"]})).headers)
    for method, below in (("GET", ""), ("POST", "/getFullUrl"), ("POST", "/getDeliveryAttributes")):
        await azure.ask(method, path + below)
    await azure.ask("GET", path.rsplit("/", 1)[0])
    await azure.ask("PUT", path, wish("no address"))
    await _follow(azure, (await azure.ask("DELETE", path)).headers)
    await azure.ask("DELETE", path)
    await azure.ask("GET", path)


async def _by_hand(azure: Recorder, path: str, receiver: Receiver) -> None:
    """The receiver answers later, by the address that it was given."""
    for method, schema in (("GET", "EventGridSchema"), ("POST", "CloudEventSchemaV1_0")):
        receiver.handshake, receiver.asked = "silent", []
        await azure.ask("PUT", path, wish(receiver.url, schema=schema))
        await azure.advance()
        asked = receiver.asked[-1]
        given = asked["data"]["validationUrl"] if method == "GET" else asked["WebHook-Request-Callback"]
        await azure.ask(method, given)
        await azure.ask(method, f"{given}x")
        await azure.ask("GET", path)
