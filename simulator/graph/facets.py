"""Facets: how often each value of a column comes in a query's result, counted in the same request.

As the REST specification's example has them: a facet that cannot be made is an error of its own, the answer stands.
"""

from simulator.core.wire import Json
from simulator.graph.engine import Graph
from simulator.graph.form import Form, table_or_objects
from simulator.graph.refusal import Refusal, details_json, invalid_query
from simulator.graph.scope import Scope

MAX_TOP = 1000


async def all_of(graph: Graph, scope: Scope, query: str, asked: object, form: Form) -> list[Json]:
    """One result or error for each facet, in order. Raises Refusal where the request itself is malformed."""
    if asked is None:
        return []
    if not isinstance(asked, list) or not all(isinstance(each, dict) for each in asked):
        raise invalid_query("InvalidFacets", "facets must be a list of objects.")
    columns = (await graph.query(graph.plan(query), scope, 1, 0)).names if asked else []
    return [await _facet(graph, scope, query, each, columns, form) for each in asked]


async def _facet(graph: Graph, scope: Scope, query: str, asked: Json, columns: list[str], form: Form) -> Json:
    expression = asked.get("expression")
    if not isinstance(expression, str) or not expression.strip():
        raise invalid_query("InvalidFacets", "A facet must have an expression.")
    try:
        kql, top = _question(query, expression, asked.get("options") or {}, columns)
        page = await graph.query(graph.plan(kql), scope, top, 0)
    except Refusal as refusal:
        return {"expression": expression, "resultType": "FacetError", "errors": details_json(refusal.details)}
    shown = page._replace(names=[*page.names[:-1], "count"])
    counted = {"totalRecords": page.total, "count": len(page.rows), "data": table_or_objects(shown, form)}
    return {"expression": expression, "resultType": "FacetResult", **counted}


def _question(query: str, expression: str, options: Json, columns: list[str]) -> tuple[str, int]:
    names = [_column(each.strip(), columns) for each in expression.split(",")]
    if unknown := [each for each in names if each not in columns]:
        raise Refusal(
            ("NoValidColumns", "No valid columns in facet expression."),
            ("InvalidColumnNames", f"Invalid column names: [{', '.join(unknown)}]."),
        )
    top, order = options.get("$top", MAX_TOP), str(options.get("sortOrder") or "desc").lower()
    if not isinstance(top, int) or not 1 <= top <= MAX_TOP or order not in ("asc", "desc"):
        raise invalid_query("InvalidFacets", f"$top must be 1 to {MAX_TOP} and sortOrder asc or desc.")
    key = str(options.get("sortBy") or "count")
    where = f"| where {options['filter']}\n" if options.get("filter") else ""
    by = ", ".join(f"['{name}'] = tostring(['{name}'])" for name in names)  # a path's column is dynamic
    sort = f"| sort by {'count_' if key == 'count' else key} {order}\n"
    return f"{query}\n{where}| summarize count_ = count() by {by}\n{sort}", top


def _column(name: str, columns: list[str]) -> str:
    """A path is asked for by its dots, and its column is named with underscores."""
    joined = name.replace(".", "_")
    return joined if joined in columns else name
