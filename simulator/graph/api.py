"""Resource Graph's address: scope, options and pages around the queries of `graph.py`.

Only `query` has to be in a body; the rest has Azure's defaults.
"""

import base64
import json
import zlib
from typing import Any

from simulator.core.routing import Call, Route
from simulator.core.wire import Answer, Json
from simulator.graph.engine import bad_query

DEFAULT_TOP, MAX_TOP = 100, 1000


def resources(call: Call) -> Answer:
    """`POST …/resources`: `{subscriptions|managementGroups, query, options}`; only `query` has to be there."""
    body = call.body
    query, options = body.get("query"), body.get("options") or {}
    if not isinstance(query, str) or not query.strip():
        raise bad_query("InvalidQuery", "Query text is missing.")
    if not isinstance(options, dict):
        raise bad_query("InvalidOptions", "options must be an object.")
    top, skip = options.get("$top", DEFAULT_TOP), options.get("$skip", 0)
    if not isinstance(top, int) or not 1 <= top <= MAX_TOP or not isinstance(skip, int) or skip < 0:
        raise bad_query("InvalidOptions", f"$top must be 1 to {MAX_TOP} and $skip not negative.")
    if options.get("$skipToken"):
        skip = _read_token(options["$skipToken"], query)
    names, rows, total = call.world.graph.query(query, _scope(call, body), top, skip)
    more = skip + len(rows) < total
    answer: Json = {"totalRecords": total, "count": len(rows), "resultTruncated": "false"}
    if more and "id" in names:
        answer["$skipToken"] = _token(skip + len(rows), query)
    elif more:
        answer["resultTruncated"] = "true"  # no id, no paging: the rest cannot be had (documentation, 2021)
    answer["facets"] = []
    if str(options.get("resultFormat", "objectArray")).lower() == "table":
        answer["data"] = {"columns": [{"name": n, "type": _kind(rows, i)} for i, n in enumerate(names)], "rows": rows}
    else:
        answer["data"] = [dict(zip(names, row, strict=True)) for row in rows]
    headers = {"x-ms-user-quota-remaining": "14", "x-ms-user-quota-resets-after": "00:00:05"}
    return Answer(200, answer, headers)


def _scope(call: Call, body: Json) -> list[str]:
    state = call.world.state
    if body.get("subscriptions"):
        return [str(s).lower() for s in body["subscriptions"]]
    if body.get("managementGroups"):
        groups = {name.lower(): members for name, members in state.management_groups.items()}
        unknown = [name for name in body["managementGroups"] if str(name).lower() not in groups]
        if unknown:
            raise bad_query("ManagementGroupNotFound", f"Management groups not found: {unknown}")
        return [s for name in body["managementGroups"] for s in groups[str(name).lower()]]
    return list(state.subscriptions)


def _kind(rows: list[list[Any]], index: int) -> str:
    values = [row[index] for row in rows if row[index] is not None]
    if values and all(isinstance(v, bool) for v in values):
        return "boolean"
    if values and all(isinstance(v, int) for v in values):
        return "integer"
    return "object" if any(isinstance(v, dict | list) for v in values) else "string"


def _mark(query: str) -> int:
    return zlib.crc32(query.encode())


def _token(skip: int, query: str) -> str:
    return base64.urlsafe_b64encode(json.dumps({"skip": skip, "query": _mark(query)}).encode()).decode()


def _read_token(token: object, query: str) -> int:
    try:
        read = json.loads(base64.urlsafe_b64decode(str(token).encode()))
        if read["query"] == _mark(query):
            return int(read["skip"])
    except (ValueError, KeyError, TypeError):
        pass
    raise bad_query("InvalidSkipToken", "The skip token is not one that this query was given.")


ROUTES: list[Route] = [("POST", "/providers/Microsoft.ResourceGraph/resources", resources)]
