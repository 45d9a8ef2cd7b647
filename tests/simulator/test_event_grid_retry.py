"""Failed deliveries: tried again on the published schedule, then dead-lettered or dropped. On the stepped clock."""

import asyncio
from datetime import datetime
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from tests.simulator.client import Client
from tests.simulator.webhook import (
    TAGS_ONLY,
    Receiver,
    at,
    counts,
    everywhere,
    exactly_once,
    first_subscription,
    receiving,
    settings,
    subscribe,
    tag,
)

#: Seconds between one attempt and the next, as published.
SCHEDULE = [10, 30, 60, 300, 600, 1800, 3600, 10800, 21600, 43200]
STORE = {
    "endpointType": "StorageBlob",
    "properties": {
        "resourceId": "/subscriptions/s/resourceGroups/g/providers/Microsoft.Storage/storageAccounts/a",
        "blobContainerName": "dead",
    },
}


async def _one_event(azure: Client, receiver: Receiver, **more: Any) -> None:
    """One subscription, one event, one copy, exact times."""
    await exactly_once(azure)
    scope = await first_subscription(azure)
    assert (await subscribe(azure, scope, receiver.url, rules=TAGS_ONLY, **more)).status == 201
    await azure.until_idle()
    vm = (await azure.rows(f"{scope}/providers/Microsoft.Compute/virtualMachines"))[0]["id"]
    await tag(azure, vm)


async def _gaps(azure: Client) -> list[float]:
    """Virtual seconds between the attempts that `/_sim/events` lists."""
    [shown] = (await azure.get("/_sim/events"))["eventSubscriptions"]
    moments = [datetime.fromisoformat(each["at"][:26]) for each in shown["recent"]]
    return [(later - sooner).total_seconds() for sooner, later in pairwise(moments)]


async def test_attempts_follow_the_published_schedule_for_a_day(azure: Client, receiver: Receiver) -> None:
    receiver.status = 500
    await _one_event(azure, receiver)
    await azure.until_idle()
    gaps = await _gaps(azure)
    assert gaps == SCHEDULE[: len(gaps)]
    assert len(gaps) == 10  # another twelve hours, and the day that an event lives would be over
    assert [headers["aeg-delivery-count"] for headers in receiver.headers] == [str(n) for n in range(11)]
    totals = await counts(azure)
    assert (totals["dropped"], totals["failedAttempts"]) == (1, 11)


async def test_jitter_moves_the_attempts_but_not_by_much(azure: Client, receiver: Receiver) -> None:
    receiver.status = 500
    await settings(azure, jitter=0.2)
    await _one_event(azure, receiver)
    await azure.until_idle()
    gaps = await _gaps(azure)
    assert gaps != SCHEDULE[: len(gaps)]
    for gap, published in zip(gaps, SCHEDULE, strict=False):
        assert 0.8 * published <= gap <= 1.2 * published


@pytest.mark.parametrize(("status", "first"), [(404, 300), (408, 120), (503, 30), (429, 10), (302, 10), (205, 10)])
async def test_some_answers_make_it_wait_longer(azure: Client, receiver: Receiver, status: int, first: int) -> None:
    receiver.status = status
    await _one_event(azure, receiver, retryPolicy={"maxDeliveryAttempts": 2})
    await azure.until_idle()
    assert await _gaps(azure) == [first]


@pytest.mark.parametrize("status", [200, 201, 202, 203, 204])
async def test_these_answers_and_no_others_are_a_receipt(azure: Client, receiver: Receiver, status: int) -> None:
    receiver.status = status
    await _one_event(azure, receiver)
    await azure.until_idle()
    assert len(receiver.got) == (await counts(azure))["delivered"] == 1


@pytest.mark.parametrize(
    ("status", "outcome"),
    [(400, "BadRequest"), (401, "Unauthorized"), (403, "Forbidden"), (413, "RequestEntityTooLarge")],
)
async def test_some_answers_end_it_at_once(azure: Client, receiver: Receiver, status: int, outcome: str) -> None:
    receiver.status = status
    await _one_event(azure, receiver, deadLetterDestination=STORE)
    await azure.until_idle()
    assert len(receiver.got) == 1
    [blob] = await azure.get("/_sim/deadletters")
    assert blob["content"][0]["lastDeliveryOutcome"] == outcome
    assert (await counts(azure))["deadLettered"] == 1


async def test_without_a_dead_letter_destination_it_is_dropped_and_counted(azure: Client, receiver: Receiver) -> None:
    receiver.status = 413
    await _one_event(azure, receiver)
    await azure.until_idle()
    totals = await counts(azure)
    assert (totals["dropped"], totals["deadLettered"]) == (1, 0)
    assert await azure.get("/_sim/deadletters") == []


async def test_a_dead_letter_says_what_became_of_the_event(azure: Client, receiver: Receiver) -> None:
    receiver.status = 500
    await _one_event(azure, receiver, retryPolicy={"maxDeliveryAttempts": 3}, deadLetterDestination=STORE)
    for _ in range(3):
        await azure.advance()
    last = (await azure.get("/_sim/clock"))["now"]
    assert len(receiver.got) == 3
    assert ((await counts(azure))["pending"], await azure.get("/_sim/deadletters")) == (1, [])
    await azure.advance()
    [blob] = await azure.get("/_sim/deadletters")
    written = datetime.fromisoformat(blob["written"][:26] + "+00:00")
    assert (written - datetime.fromisoformat(last)).total_seconds() == 300
    unpadded = f"{written.year}/{written.month}/{written.day}/{written.hour}"
    assert blob["name"].startswith(f"BACKSTOP/{unpadded}/")
    assert blob["name"].endswith(".json")
    assert (blob["container"], blob["resourceId"]) == ("dead", STORE["properties"]["resourceId"])  # type: ignore[index]
    [dead] = blob["content"]
    [[sent], *_] = receiver.got
    assert {name: dead[name] for name in sent} == sent
    assert (dead["deadLetterReason"], dead["deliveryAttempts"]) == ("MaxDeliveryAttemptsExceeded", 3)
    assert dead["lastDeliveryOutcome"] == "InternalServerError"
    assert dead["publishTime"] == sent["eventTime"]
    assert dead["lastDeliveryAttemptTime"][:26] == last[:26]
    scope = await first_subscription(azure)
    assert await azure.get(f"/_sim/deadletters?eventSubscription={at(scope).upper()}") == [blob]
    assert await azure.get(f"/_sim/deadletters?eventSubscription={at(scope, 'other')}") == []


async def test_a_cloud_events_dead_letter_has_its_words_in_lower_case(azure: Client, receiver: Receiver) -> None:
    receiver.status = 400
    await _one_event(azure, receiver, schema="CloudEventSchemaV1_0", deadLetterDestination=STORE)
    await azure.until_idle()
    [dead] = (await azure.get("/_sim/deadletters"))[0]["content"]
    assert dead["specversion"] == "1.0"
    assert {"deadletterreason", "deliveryattempts", "lastdeliveryoutcome", "publishtime"} < set(dead)
    assert all(name == name.lower() for name in dead)


async def test_the_time_to_live_ends_it_where_it_comes_first(azure: Client, receiver: Receiver) -> None:
    """The documentation's own example: thirty minutes to live leave six attempts of ten."""
    receiver.status = 500
    policy = {"maxDeliveryAttempts": 10, "eventTimeToLiveInMinutes": 30}
    before = datetime.fromisoformat((await azure.get("/_sim/clock"))["now"])
    await _one_event(azure, receiver, retryPolicy=policy, deadLetterDestination=STORE)
    await azure.until_idle()
    assert len(receiver.got) == 6
    [blob] = await azure.get("/_sim/deadletters")
    assert blob["content"][0]["deadLetterReason"] == "TimeToLiveExceeded"
    written = datetime.fromisoformat(blob["written"][:26] + "+00:00")
    assert 1800 + 300 <= (written - before).total_seconds() <= 1800 + 300 + 10


async def test_a_late_answer_is_none_and_the_event_comes_again(azure: Client, receiver: Receiver) -> None:
    await settings(azure, ackTimeoutSeconds=0.05)
    receiver.hang = asyncio.Event()
    await _one_event(azure, receiver)
    await azure.advance()
    receiver.hang.set()
    receiver.hang = None
    assert (await counts(azure))["delivered"] == 0
    await settings(azure, ackTimeoutSeconds=30)
    await azure.until_idle()
    assert len(receiver.got) == 2
    assert receiver.got[0] == receiver.got[1]
    [shown] = (await azure.get("/_sim/events"))["eventSubscriptions"]
    assert [each["outcome"] for each in shown["recent"]] == ["TimedOut", "Delivered"]
    assert (await counts(azure))["delivered"] == 1


async def test_a_receiver_that_is_gone_counts_as_failed(azure: Client) -> None:
    async with receiving() as receiver:
        await _one_event(azure, receiver, retryPolicy={"maxDeliveryAttempts": 2})
    await azure.until_idle()
    [shown] = (await azure.get("/_sim/events"))["eventSubscriptions"]
    assert [each["outcome"] for each in shown["recent"]] == ["SocketError", "SocketError"]
    assert (await counts(azure))["dropped"] == 1


async def test_a_redirect_is_a_failure_and_not_followed(azure: Client, receiver: Receiver) -> None:
    async with receiving() as other:
        receiver.status, receiver.location = 307, other.url
        await _one_event(azure, receiver, retryPolicy={"maxDeliveryAttempts": 2})
        await azure.until_idle()
        assert (len(receiver.got), other.got) == (2, [])
    assert (await counts(azure))["dropped"] == 1


async def test_a_changed_address_gets_what_is_still_pending(azure: Client, receiver: Receiver) -> None:
    receiver.status = 500
    await _one_event(azure, receiver)
    await azure.advance()
    async with receiving() as other:
        scope = await first_subscription(azure)
        await subscribe(azure, scope, other.url, rules=TAGS_ONLY)
        await azure.until_idle()
        assert other.got == receiver.got
    assert (await counts(azure))["delivered"] == 1


async def _copies(azure: Client, receiver: Receiver, first: int, **more: Any) -> dict[str, list[int]]:
    """Four events, each with one copy; the first request of each is answered `first`, all others 200. By event id."""
    answered: dict[str, list[int]] = {}

    def answer(body: Any) -> int:
        given_so_far = answered.setdefault(body[0]["id"], [])
        given_so_far.append(200 if given_so_far else first)
        return given_so_far[-1]

    receiver.answer = answer
    await settings(azure, duplicates=1, copies=2)
    await everywhere(azure, receiver.url, rules=TAGS_ONLY, **more)
    for label in (await azure.labels("plain-unprotected"))[:4]:
        await tag(azure, label["vmId"])
    await azure.until_idle()
    assert len(answered) == 4
    return answered


async def test_a_copy_that_is_received_ends_the_attempts(azure: Client, receiver: Receiver) -> None:
    answered = await _copies(azure, receiver, 503)  # after which the next attempt comes later than any copy
    assert list(answered.values()) == [[503, 200]] * 4
    assert (await counts(azure))["delivered"] == 4


async def test_an_event_that_has_been_given_up_comes_no_more(azure: Client, receiver: Receiver) -> None:
    answered = await _copies(azure, receiver, 400, deadLetterDestination=STORE)
    dead = {blob["content"][0]["id"] for blob in await azure.get("/_sim/deadletters")}
    assert dead
    assert {each for each, statuses in answered.items() if 200 not in statuses} == dead


ANSWERS = st.lists(st.sampled_from([200, 204, 205, 301, 400, 401, 404, 413, 429, 500, 503]), min_size=1, max_size=12)


@examples(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(
    answers=ANSWERS,
    duplicates=st.sampled_from([0.0, 0.5, 1.0]),
    copies=st.integers(1, 4),
    attempts=st.integers(1, 30),
    minutes=st.integers(1, 1440),
    batch=st.sampled_from([1, 3]),
    kept=st.booleans(),
    deleted=st.booleans(),
)
async def test_no_event_is_lost_silently(
    azure: Client,
    receiver: Receiver,
    answers: list[int],
    duplicates: float,
    copies: int,
    attempts: int,
    minutes: int,
    batch: int,
    kept: bool,
    deleted: bool,
) -> None:
    """Whatever the receiver answers: received at least once, or a dead letter, or counted as dropped."""
    before = (await azure.get("/_sim/events"))["totals"]
    letters = len(await azure.get("/_sim/deadletters"))
    receiver.got.clear()
    given_answers = iter(answers)
    acknowledged: set[str] = set()

    def answer(body: Any) -> int:
        status = next(given_answers, answers[-1])
        if 200 <= status <= 204:
            acknowledged.update(event["id"] for event in body)
        return status

    receiver.answer = answer
    policy = {"maxDeliveryAttempts": attempts, "eventTimeToLiveInMinutes": minutes}
    more: dict[str, Any] = {"deadLetterDestination": STORE} if kept else {}
    await settings(azure, duplicates=duplicates, copies=copies, delaySeconds=[0, 45])
    await everywhere(
        azure, receiver.url, rules=TAGS_ONLY, hook={"maxEventsPerBatch": batch}, retryPolicy=policy, **more
    )
    vms = [label["vmId"] for label in await azure.labels("plain-unprotected")][:4]
    for vm in vms:
        await tag(azure, vm)
    if deleted:
        await azure.advance()
        for each in await azure.rows("/subscriptions"):
            await azure.ask("DELETE", at(f"/subscriptions/{each['subscriptionId']}"))
    await azure.until_idle()
    after = await counts(azure)
    grown = {name: after[name] - before[name] for name in ("matched", "delivered", "deadLettered", "dropped")}
    assert after["pending"] == 0
    assert grown["matched"] == len(vms) == grown["delivered"] + grown["deadLettered"] + grown["dropped"]
    dead = [blob["content"][0]["id"] for blob in await azure.get("/_sim/deadletters")][letters:]
    assert len(dead) == grown["deadLettered"]
    assert len(acknowledged) >= grown["delivered"]
    assert not acknowledged & set(dead)
    if kept and not deleted:
        assert len(acknowledged | set(dead)) == len(vms)
