"""Resource Graph's address: scope, options, pages, facets and quota around the queries of `engine.py`.

Only `query` has to be in a body; the rest has Azure's defaults.
"""

import base64
import json
import uuid
import zlib
from typing import Any, NamedTuple

from simulator.core.routing import Call, Route
from simulator.core.wire import Answer, AzureError, Json
from simulator.graph import facets, scope
from simulator.graph.form import Form, table_or_objects
from simulator.graph.quota import THROTTLED, caller
from simulator.graph.refusal import Refusal, details_json, invalid_query, support_text

DEFAULT_TOP, MAX_TOP = 100, 1000


class Options(NamedTuple):
    """How much of a result is asked for, and in which form."""

    top: int | None
    skip: int | None
    token: str | None
    form: Form


async def resources(call: Call) -> Answer:
    """`POST …/resources`: `{subscriptions|managementGroups, query, options, facets}`; only `query` has to be there."""
    now, graph = call.world.now(), call.world.graph
    correlation = call.headers.get("x-ms-correlation-request-id") or str(uuid.uuid4())
    estate = call.headers.get("x-sim-actor") == "estate"  # the estate's own people are somebody else
    grant = graph.quota.take("estate" if estate else caller(call.headers.get("authorization", "")), now)
    if not grant.admitted and graph.quota_refuses:
        details = details_json((("RateLimiting", THROTTLED),))
        error = AzureError(429, "RateLimiting", support_text(now, correlation), details)
        headers = error.answer().headers | grant.headers | {"Retry-After": str(grant.retry_after)}
        return Answer(429, error.answer().body, headers)
    try:
        return Answer(200, await _answer(call), grant.headers)
    except Refusal as refusal:
        answer = refusal.error(now, correlation).answer()
        return Answer(answer.status, answer.body, answer.headers | grant.headers)


async def _answer(call: Call) -> Json:
    body, graph = call.body, call.world.graph
    query = body.get("query")
    if not isinstance(query, str) or not query.strip():
        raise invalid_query("EmptyQuery", "Query text is missing.")
    within = scope.read(call.world.state, body)
    options = _options(body.get("options"))
    plan = graph.plan(query)
    top, skip = DEFAULT_TOP, 0
    if options.token is not None:
        top, skip = _read_token(options.token, query, within.keys)
    top, skip = options.top or top, skip if options.skip is None else options.skip
    if plan.cut:
        skip = 0  # `take` and `limit` switch skipping and paging off (documentation, 2021)
    page = await graph.query(plan, within, top, skip)
    answer: Json = {"totalRecords": page.total, "count": len(page.rows), "resultTruncated": "false"}
    after = skip + len(page.rows)
    if after < page.total and "id" in page.names and not plan.cut:
        answer["$skipToken"] = _token(top, after, query, within.keys)
    elif after < page.total:
        answer["resultTruncated"] = "true"  # no paging: the rest cannot be had (documentation, 2021)
    answer["facets"] = await facets.all_of(graph, within, query, body.get("facets"), options.form)
    answer["data"] = table_or_objects(page, options.form)
    return answer


def _options(given: object) -> Options:
    options = {} if given is None else given
    if not isinstance(options, dict):
        raise invalid_query("InvalidOptions", "options must be an object.")
    top = _number(options.get("$top"), "$top", 1, MAX_TOP)
    skip = _number(options.get("$skip"), "$skip", 0, 2**31 - 1)
    token = options.get("$skipToken") or None
    if token is not None and not isinstance(token, str):
        raise invalid_query("InvalidOptions", "$skipToken must be a string.")
    return Options(top, skip, token, Form.read(options.get("resultFormat")))


def _number(value: object, name: str, least: int, most: int) -> int | None:
    if value is None:
        return None
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise invalid_query("InvalidOptions", f"{name} must be a number from {least} to {most}.")
    return value


def _mark(query: str, keys: tuple[str, ...]) -> int:
    return zlib.crc32("\n".join((query, *sorted(keys))).encode())


def _token(top: int, skip: int, query: str, keys: tuple[str, ...]) -> str:
    read = {"top": top, "skip": skip, "query": _mark(query, keys)}
    return base64.urlsafe_b64encode(json.dumps(read).encode()).decode()


def _read_token(token: str, query: str, keys: tuple[str, ...]) -> tuple[int, int]:
    try:
        read: Any = json.loads(base64.urlsafe_b64decode(token.encode()))
        if read["query"] == _mark(query, keys):
            return int(read["top"]), int(read["skip"])
    except (ValueError, KeyError, TypeError):
        pass
    raise Refusal(("InvalidSkipToken", "The skip token is not one that this query was given in this scope."))


ROUTES: list[Route] = [("POST", "/providers/Microsoft.ResourceGraph/resources", resources)]
