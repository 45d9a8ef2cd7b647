"""The two handshakes, at once and by hand, and the operation that tells how they went."""

import asyncio

import pytest

from tests.simulator.client import Client, Reply
from tests.simulator.webhook import TAGS_ONLY, Receiver, at, counts, first_subscription, subscribe, tag

SCHEMAS = ("EventGridSchema", "CloudEventSchemaV1_0")


async def _state(azure: Client, scope: str) -> str:
    return str((await azure.get(at(scope)))["properties"]["provisioningState"])


async def _operation(azure: Client, made: Reply) -> tuple[str, str | None]:
    """Its status and the code of its error."""
    body = await azure.get(made.headers["azure-asyncoperation"])
    return body["status"], (body.get("error") or {}).get("code")


async def _vm(azure: Client, scope: str) -> str:
    return str((await azure.rows(f"{scope}/providers/Microsoft.Compute/virtualMachines"))[0]["id"])


@pytest.mark.parametrize("schema", SCHEMAS)
async def test_creating_ends_in_succeeded(azure: Client, receiver: Receiver, schema: str) -> None:
    scope = await first_subscription(azure)
    made = await subscribe(azure, scope, receiver.url, schema=schema)
    assert (made.status, made.body["properties"]["provisioningState"]) == (201, "Creating")
    assert await _operation(azure, made) == ("InProgress", None)
    await azure.until_idle()
    assert await _operation(azure, made) == ("Succeeded", None)
    assert await _state(azure, scope) == "Succeeded"
    shown = await azure.get(made.headers["azure-asyncoperation"])
    assert made.headers["azure-asyncoperation"].startswith(shown["id"].partition("?")[0])


@pytest.mark.parametrize("schema", SCHEMAS)
@pytest.mark.parametrize("handshake", ["wrong", "refuses"])
async def test_a_receiver_that_does_not_agree_gets_nothing(
    azure: Client, receiver: Receiver, schema: str, handshake: str
) -> None:
    scope = await first_subscription(azure)
    receiver.handshake = handshake
    made = await subscribe(azure, scope, receiver.url, schema=schema)
    await azure.until_idle()
    assert await _operation(azure, made) == ("Failed", "Url validation")
    assert "secret" not in str(await azure.get(made.headers["azure-asyncoperation"]))
    assert await _state(azure, scope) == "Failed"
    await tag(azure, await _vm(azure, scope))
    await azure.until_idle()
    assert receiver.got == []
    assert (await counts(azure))["matched"] == 0


async def test_nobody_at_the_address_is_no_agreement(azure: Client) -> None:
    scope = await first_subscription(azure)
    made = await subscribe(azure, scope, "http://127.0.0.1:9/none")
    await azure.until_idle()
    assert await _operation(azure, made) == ("Failed", "Url validation")


@pytest.mark.parametrize("schema", SCHEMAS)
async def test_a_silent_receiver_may_agree_by_its_address(azure: Client, receiver: Receiver, schema: str) -> None:
    scope = await first_subscription(azure)
    receiver.handshake = "silent"
    made = await subscribe(azure, scope, receiver.url, schema=schema, rules=TAGS_ONLY)
    assert await _state(azure, scope) == "AwaitingManualAction"
    vm = await _vm(azure, scope)
    await tag(azure, vm)
    assert (await counts(azure))["matched"] == 0
    [asked] = receiver.asked
    address = asked["data"]["validationUrl"] if "data" in asked else asked["WebHook-Request-Callback"]
    async with azure.http.get(address, headers={"Authorization": ""}) as answer:  # no token, as a browser has none
        assert answer.status == 200
    await tag(azure, vm)
    await azure.until_idle()
    assert await _operation(azure, made) == ("Succeeded", None)
    assert await _state(azure, scope) == "Succeeded"
    assert (await counts(azure))["delivered"] == 1
    async with azure.http.get(address) as answer:
        assert answer.status == 400


async def test_after_ten_minutes_the_address_is_of_no_use(azure: Client, receiver: Receiver) -> None:
    scope = await first_subscription(azure)
    receiver.handshake = "silent"
    made = await subscribe(azure, scope, receiver.url)
    await azure.until_idle()
    assert await _operation(azure, made) == ("Failed", "Url validation")
    assert await _state(azure, scope) == "Failed"
    async with azure.http.get(receiver.asked[0]["data"]["validationUrl"]) as answer:
        assert answer.status == 400


async def test_a_change_that_is_not_agreed_to_leaves_the_old_receiver(azure: Client, receiver: Receiver) -> None:
    scope = await first_subscription(azure)
    await subscribe(azure, scope, receiver.url, rules=TAGS_ONLY)
    await azure.until_idle()
    await azure.ask("PATCH", at(scope), {"destination": _hook("http://127.0.0.1:9/none")})
    await azure.until_idle()
    assert await _state(azure, scope) == "Failed"
    await tag(azure, await _vm(azure, scope))
    await azure.until_idle()
    assert (await counts(azure))["delivered"] == 1


async def test_the_question_holds_what_a_receiver_needs(azure: Client, receiver: Receiver) -> None:
    scope = await first_subscription(azure)
    await subscribe(azure, scope, receiver.url)
    await subscribe(azure, scope, receiver.url, name="clouds", schema="CloudEventSchemaV1_0")
    event, headers = receiver.asked
    assert event["eventType"] == "Microsoft.EventGrid.SubscriptionValidationEvent"
    assert event["topic"] == scope
    assert set(event["data"]) == {"validationCode", "validationUrl"}
    assert headers["WebHook-Request-Origin"] == "eventgrid.azure.net"
    assert headers["WebHook-Request-Rate"] == "120"
    assert headers["WebHook-Request-Callback"].startswith(f"{azure.base}/eventsubscriptions/clouds/validate?")


async def test_asking_anew_ends_the_handshake_before(azure: Client, receiver: Receiver) -> None:
    scope = await first_subscription(azure)
    receiver.handshake = "silent"
    first = await subscribe(azure, scope, receiver.url)
    receiver.handshake = "passes"
    second = await subscribe(azure, scope, receiver.url)
    await azure.until_idle()
    assert await _operation(azure, first) == ("Canceled", None)
    assert await _operation(azure, second) == ("Succeeded", None)
    assert await _state(azure, scope) == "Succeeded"


async def test_many_at_once_do_not_mix(azure: Client, receiver: Receiver) -> None:
    scope = await first_subscription(azure)
    made = await asyncio.gather(*(subscribe(azure, scope, receiver.url, name=f"hook-{n}") for n in range(8)))
    await azure.until_idle()
    assert {await _operation(azure, each) for each in made} == {("Succeeded", None)}
    assert len(await azure.rows(f"{scope}/providers/Microsoft.EventGrid/eventSubscriptions")) == 8


def _hook(url: str) -> dict[str, object]:
    return {"endpointType": "WebHook", "properties": {"endpointUrl": url}}
