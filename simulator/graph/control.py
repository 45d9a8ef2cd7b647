"""`/_sim/graph`: how far Resource Graph is behind, and whether its quota refuses. For whoever runs the simulator."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from simulator.core.routing import Call, Route
from simulator.core.wire import Answer, AzureError
from simulator.graph.schema import TABLES

#: A week: longer lags say nothing that a shorter one does not.
LONGEST = 7 * 86400


def get_graph(call: Call) -> Answer:
    """`{"lagSeconds": {table: s}, "waiting", "quota": {"refuses", "queries", "windowSeconds"}}`.

    `waiting` are changes that a lag holds back. Lag and window are virtual seconds.
    """
    graph = call.world.graph
    quota = {
        "refuses": graph.quota_refuses,
        "queries": graph.quota.queries,
        "windowSeconds": graph.quota.window.total_seconds(),
    }
    return Answer(200, {"lagSeconds": dict(graph.lags), "waiting": graph.waiting, "quota": quota})


async def put_graph(call: Call) -> Answer:
    """Set what the body names; the rest stays. A number as `lagSeconds` is for every table.

    Raises AzureError 400 `InvalidSetting` on an unknown name or a wrong value; nothing is set then.
    """
    graph = call.world.graph
    _known(call.body, "", {"lagSeconds", "quota"})
    lags = _lags(call.body.get("lagSeconds", {}), dict(graph.lags))
    quota = call.body.get("quota", {})
    _known(quota, "quota.", {"refuses", "queries", "windowSeconds"})
    refuses = _checked(quota.get("refuses", graph.quota_refuses), "quota.refuses", lambda v: isinstance(v, bool))
    queries = _checked(quota.get("queries", graph.quota.queries), "quota.queries", _is_amount)
    window = _checked(quota.get("windowSeconds", graph.quota.window.total_seconds()), "quota.windowSeconds", _is_span)
    if lags != graph.lags:
        await graph.set_lags(lags)
    graph.quota_refuses = refuses
    graph.quota.queries, graph.quota.window = queries, timedelta(seconds=window)
    return get_graph(call)


def _known(given: object, place: str, names: set[str]) -> None:
    """Raises AzureError 400 where this is no object or has other names."""
    if not isinstance(given, dict):
        raise _wrong(place.rstrip(".") or "The body", "must be an object")
    if unknown := sorted(set(given) - names):
        raise _wrong(f"{place}{unknown[0]}", f"is unknown; known are {', '.join(sorted(names))}")


def _lags(given: object, now: dict[str, float]) -> dict[str, float]:
    if not isinstance(given, dict):
        given = dict.fromkeys(TABLES, given)
    _known(given, "lagSeconds.", set(TABLES))
    return now | {table: float(_checked(lag, f"lagSeconds.{table}", _is_lag)) for table, lag in given.items()}


def _checked(value: Any, name: str, fits: Callable[[Any], bool]) -> Any:
    if not fits(value):
        raise _wrong(name, f"cannot be {value!r}")
    return value


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_lag(value: Any) -> bool:
    return _is_number(value) and 0 <= value <= LONGEST


def _is_span(value: Any) -> bool:
    return _is_number(value) and 0 < value <= LONGEST


def _is_amount(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= 1_000_000


def _wrong(name: str, what: str) -> AzureError:
    return AzureError(400, "InvalidSetting", f"{name} {what}.")


ROUTES: list[Route] = [("GET", "/_sim/graph", get_graph), ("PUT", "/_sim/graph", put_graph)]
