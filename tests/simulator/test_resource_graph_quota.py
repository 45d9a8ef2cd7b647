"""Resource Graph's quota: fifteen queries in five seconds of virtual time, for each caller."""

import base64
import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.graph.quota import QUERIES, WINDOW, Quota, caller
from simulator.world import World
from tests.simulator.client import GRAPH, Client, Reply

START = datetime(2026, 1, 1, tzinfo=UTC)


def _token(**claims: str) -> str:
    parts = [base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in ({}, claims)]
    return f"Bearer {'.'.join(parts)}.x"


def test_a_window_holds_fifteen_and_ends_five_seconds_after_its_first_query() -> None:
    quota = Quota()
    grants = [quota.take("a", START + timedelta(seconds=i / 10)) for i in range(QUERIES + 2)]
    assert [grant.remaining for grant in grants] == [*range(14, -1, -1), 0, 0]
    assert [grant.admitted for grant in grants] == [True] * QUERIES + [False] * 2
    assert grants[-1].retry_after == 4  # 1.6 s of the window are over
    assert quota.take("a", START + WINDOW - timedelta(microseconds=1)).admitted is False
    assert quota.take("a", START + WINDOW).remaining == 14


def test_headers_are_as_azure_writes_them() -> None:
    grant = Quota().take("a", START)
    assert grant.headers == {"x-ms-user-quota-remaining": "14", "x-ms-user-quota-resets-after": "00:00:05"}


def test_callers_do_not_share_a_window() -> None:
    quota = Quota(queries=1)
    assert quota.take("a", START).admitted
    assert quota.take("b", START).admitted
    assert not quota.take("a", START).admitted


@given(st.lists(st.floats(0, 7), max_size=80), st.integers(1, 20))
def test_never_more_than_the_quota_in_a_window_and_waiting_as_told_helps(pauses: list[float], queries: int) -> None:
    quota, now, admitted = Quota(queries), START, 0
    window = START
    for pause in pauses:
        now += timedelta(seconds=pause)
        grant = quota.take("a", now)
        assert 0 <= grant.remaining <= queries
        assert timedelta() < grant.resets_after <= WINDOW
        if now + grant.resets_after != window:
            window, admitted = now + grant.resets_after, 0
        admitted += grant.admitted
        assert admitted <= queries
        if not grant.admitted:
            now += timedelta(seconds=grant.retry_after)
            assert quota.take("a", now).admitted
            window, admitted = now + WINDOW, 1


@pytest.mark.parametrize(
    ("authorization", "who"),
    [
        (_token(oid="o", appid="a"), "o"),
        (_token(appid="a"), "a"),
        (_token(sub="s"), _token(sub="s").removeprefix("Bearer ")),
        ("Bearer plain", "plain"),
        ("Bearer a.b.c", "a.b.c"),
        ("", ""),
    ],
)
def test_a_caller_is_who_the_token_says(authorization: str, who: str) -> None:
    assert caller(authorization) == who


async def _ask(azure: Client, token: str = "Bearer any", **headers: str) -> Reply:
    return await azure.ask("POST", GRAPH, {"query": "resources | count"}, {"Authorization": token, **headers})


async def test_the_sixteenth_query_is_refused_and_one_after_the_window_is_not(served: tuple[Client, World]) -> None:
    azure, world = served
    await azure.ask("PUT", "/_sim/graph", {"quota": {"refuses": True}})
    replies = [await _ask(azure) for _ in range(QUERIES + 1)]
    assert [reply.status for reply in replies] == [200] * QUERIES + [429]
    assert replies[4].headers["x-ms-user-quota-remaining"] == "10"
    refused = replies[-1]
    assert refused.code == "RateLimiting"
    assert refused.body["error"]["details"][0]["code"] == "RateLimiting"
    assert (refused.headers["retry-after"], refused.headers["x-ms-user-quota-remaining"]) == ("5", "0")
    assert (await _ask(azure, _token(oid="somebody else"))).status == 200
    assert (await _ask(azure, **{"x-sim-actor": "estate"})).status == 200
    await azure.advance((world.now() + timedelta(seconds=int(refused.headers["retry-after"]))).isoformat())
    assert (await _ask(azure)).status == 200


async def test_a_wrong_query_uses_the_quota_up_too(azure: Client) -> None:
    wrong = await azure.graph("nowhere | count")
    assert wrong.headers["x-ms-user-quota-remaining"] == "14"
    assert (await azure.graph("resources | count")).headers["x-ms-user-quota-remaining"] == "13"


async def test_switched_off_it_counts_and_refuses_nobody(azure: Client) -> None:
    replies = [await _ask(azure) for _ in range(QUERIES + 3)]
    assert {reply.status for reply in replies} == {200}
    assert replies[-1].headers["x-ms-user-quota-remaining"] == "0"
    assert "retry-after" not in replies[-1].headers


async def test_its_numbers_can_be_set(azure: Client) -> None:
    quota = {"refuses": True, "queries": 2, "windowSeconds": 60}
    assert (await azure.ask("PUT", "/_sim/graph", {"quota": quota})).body["quota"] == quota
    assert [(await _ask(azure)).status for _ in range(3)] == [200, 200, 429]
    assert (await _ask(azure)).headers["retry-after"] == "60"
