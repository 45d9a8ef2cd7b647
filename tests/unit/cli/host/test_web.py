import io
import json
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import azure.functions as func  # noqa: TID251  # what the local host hands over
import pytest
from aiohttp import web

from cli.host.invoking import Invoker
from cli.host.web import WEBHOOK, create_app
from tests.unit.cli.host.conftest import App, Told


@pytest.fixture
async def client(app: App, told: Told) -> AsyncIterator[aiohttp.ClientSession]:
    runner = web.AppRunner(create_app(app.triggers, "api", Invoker(told)))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    base = f"http://127.0.0.1:{runner.addresses[0][1]}"
    async with aiohttp.ClientSession(base) as session:
        yield session
    await runner.cleanup()


HOOK = f"{WEBHOOK}?functionName=on_event"


def event(number: int) -> dict[str, Any]:
    return {"id": str(number), "topic": "t", "subject": f"s{number}", "eventType": "x", "data": {"n": number}}


def subjects(app: App) -> list[str]:
    return [each.subject for each in app.called("on_event") if isinstance(each, func.EventGridEvent)]


async def test_an_array_becomes_one_invocation_for_each_event(app: App, client: aiohttp.ClientSession) -> None:
    async with client.post(HOOK, json=[event(1), event(2)], headers={"aeg-event-type": "Notification"}) as answer:
        assert answer.status == 200
    assert subjects(app) == ["s1", "s2"]


async def test_a_single_event_and_a_cloud_event_are_taken_too(app: App, client: aiohttp.ClientSession) -> None:
    cloud = {"specversion": "1.0", "id": "3", "source": "s", "type": "x", "subject": "s3", "data": {}}
    async with client.post(HOOK, json=event(1)) as answer:
        assert answer.status == 200
    headers = {"Content-Type": "application/cloudevents+json; charset=utf-8"}
    async with client.post(HOOK, data=json.dumps(cloud), headers=headers) as answer:
        assert answer.status == 200
    assert [type(each) for each in app.called("on_event")] == [func.EventGridEvent, func.CloudEvent]


async def test_a_failed_event_is_answered_so_that_event_grid_sends_it_again(
    app: App, client: aiohttp.ClientSession
) -> None:
    app.fail["on_event"] = [RuntimeError("the store\nis busy")]
    async with client.post(HOOK, json=[event(1)]) as answer:
        assert answer.status == 500
        text = await answer.text()
    assert text.startswith("on_event failed: the store")
    assert text.count("\n") == 1


async def test_event_grids_handshake_gives_the_code_back_and_calls_no_function(
    app: App, client: aiohttp.ClientSession
) -> None:
    body = [{"eventType": "Microsoft.EventGrid.SubscriptionValidationEvent", "data": {"validationCode": "c0de"}}]
    async with client.post(HOOK, json=body, headers={"aeg-event-type": "SubscriptionValidation"}) as answer:
        assert (answer.status, await answer.json()) == (200, {"validationResponse": "c0de"})
    assert app.calls == []


async def test_the_handshake_of_cloud_events_allows_the_origin_that_asks(client: aiohttp.ClientSession) -> None:
    async with client.options(HOOK, headers={"WebHook-Request-Origin": "eventgrid.azure.net"}) as answer:
        assert answer.status == 200
        assert answer.headers["WebHook-Allowed-Origin"] == "eventgrid.azure.net"
    async with client.options(HOOK) as answer:
        assert answer.status == 400


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"not json", "the body is not JSON"),
        (b"\xff", "the body is not JSON"),
        (b"[" * 100_000, "the body is not JSON"),
        (b"17", "the body is neither an event nor an array of events"),
        (b'["text"]', "the body is neither an event nor an array of events"),
        (b'{"eventTime": "yesterday"}', "an event cannot be read"),
    ],
)
async def test_what_is_no_event_is_refused_in_one_line(
    body: bytes, says: str, app: App, client: aiohttp.ClientSession
) -> None:
    async with client.post(HOOK, data=body) as answer:
        assert answer.status == 400
        text = await answer.text()
    assert text.startswith(says)
    assert text.count("\n") == 1
    assert app.calls == []


async def test_a_validation_event_without_its_code_is_refused(client: aiohttp.ClientSession) -> None:
    bodies: list[list[dict[str, Any]]] = [[], [{}], [{"data": {"validationCode": 7}}]]
    for body in bodies:
        async with client.post(HOOK, json=body, headers={"aeg-event-type": "SubscriptionValidation"}) as answer:
            assert answer.status == 400


@pytest.mark.parametrize("query", ["", "?functionName=", "?functionName=on_first", "?functionName=nobody"])
async def test_a_function_that_takes_no_events_is_not_found(query: str, client: aiohttp.ClientSession) -> None:
    async with client.post(f"{WEBHOOK}{query}", json=[event(1)]) as answer:
        assert (answer.status, await answer.text()) == (404, "functionName names no Event Grid function of this app\n")
    async with client.options(f"{WEBHOOK}{query}", headers={"WebHook-Request-Origin": "x"}) as answer:
        assert answer.status == 404


async def test_a_body_that_event_grid_would_never_send_is_refused(app: App, client: aiohttp.ClientSession) -> None:
    async with client.post(HOOK, data=io.BytesIO(b" " * (3 * 1024 * 1024))) as answer:
        assert answer.status == 413
    assert app.calls == []


async def test_a_route_passes_method_parameters_and_body_and_gives_the_answer_back(
    client: aiohttp.ClientSession,
) -> None:
    async with client.put("/api/echo/ann?q=1", data=b"hello") as answer:
        assert answer.status == 202
        assert answer.headers["X-Own"] == "yes"
        assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
        assert await answer.text() == "PUT ann {'q': '1'} hello"


async def test_other_methods_and_paths_are_refused_in_one_line(client: aiohttp.ClientSession) -> None:
    async with client.delete("/api/echo/ann") as answer:
        assert (answer.status, await answer.text()) == (405, "405: Method Not Allowed\n")
    async with client.get("/api/nothing") as answer:
        assert (answer.status, await answer.text()) == (404, "404: Not Found\n")


async def test_a_route_that_fails_answers_500_in_one_line(app: App, client: aiohttp.ClientSession) -> None:
    app.fail["echo"] = [RuntimeError("no luck")]
    async with client.get("/api/echo/ann") as answer:
        assert (answer.status, await answer.text()) == (500, "echo failed: no luck\n")


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "169.254.169.254"])
async def test_a_page_that_reaches_this_machine_by_a_name_of_its_own_reads_nothing(
    host: str, app: App, client: aiohttp.ClientSession
) -> None:
    async with client.get("/api/echo/ann", headers={"Host": host}) as answer:
        assert answer.status == 403
    assert app.calls == []
