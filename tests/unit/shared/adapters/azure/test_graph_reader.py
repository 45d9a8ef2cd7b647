"""The quota that Resource Graph's answers tell. Pages, cuts and throttling are held in `test_inventory.py`."""

from datetime import timedelta
from typing import Any

import pytest

from shared.adapters.azure.connection import Connection
from shared.adapters.azure.graph_reader import GraphReader
from shared.domain.azure_answers import Scope
from shared.errors import PermanentError
from tests.unit.shared.adapters.azure.stub import GRAPH, SUB, Reply, StandingClock, Stub

WHERE = Scope(subscriptions=(SUB,))


def page(token: str = "", **quota: str) -> Reply:
    body: dict[str, Any] = {"totalRecords": 1, "count": 1, "data": [{"id": "x"}], "facets": []}
    body |= {"resultTruncated": "false"} | ({"$skipToken": token} if token else {})
    return Reply(body, headers={f"x-ms-user-quota-{name.replace('_', '-')}": value for name, value in quota.items()})


def refused(message: str) -> Reply:
    return Reply({"error": {"code": "BadRequest", "message": message}}, 400)


@pytest.mark.parametrize(
    ("remaining", "resets_after", "waits"),
    [
        ("0", "00:00:05", [5]),
        ("0", "00:00:00", [1]),
        ("0", "00:01:02.5", [62]),
        ("0", "09:00:00", [120]),
        ("1", "00:00:05", []),
        ("0", "soon", []),
        ("", "00:00:05", []),
    ],
)
async def test_where_the_quota_is_used_up_the_next_question_waits(
    connection: Connection, clock: StandingClock, stub: Stub, remaining: str, resets_after: str, waits: list[int]
) -> None:
    stub.on("POST", GRAPH, page("next", remaining=remaining, resets_after=resets_after), page())
    rows = [each async for each in GraphReader(connection, clock).rows("q", WHERE)]
    assert len(rows) == 2
    assert clock.waits == [timedelta(seconds=each) for each in waits]


async def test_a_scope_that_is_refused_is_told_to_be_looked_at(
    connection: Connection, clock: StandingClock, stub: Stub
) -> None:
    stub.on("POST", GRAPH, refused(f"No such scope. Given: '{SUB}'."))
    with pytest.raises(PermanentError, match="Check the scope"):
        _ = [each async for each in GraphReader(connection, clock).rows("q", WHERE)]
    stub.on("POST", GRAPH, refused("The query is wrong."))
    with pytest.raises(PermanentError) as raised:
        _ = [each async for each in GraphReader(connection, clock).rows("q", WHERE)]
    assert raised.value.remedy == ""


async def test_nobody_waits_after_the_last_page_and_the_next_query_does(
    connection: Connection, clock: StandingClock, stub: Stub
) -> None:
    stub.on("POST", GRAPH, page(remaining="0", resets_after="00:00:03"))
    reader = GraphReader(connection, clock)
    assert [each async for each in reader.rows("q", WHERE)]
    assert clock.waits == []
    assert [each async for each in reader.rows("q", WHERE)]
    assert clock.waits == [timedelta(seconds=3)]
