"""From KQL to what DuckDB runs: translated by duckdb-kql, held to Resource Graph's own limits, refused where unsure.

What the translator does not know is refused by name, never guessed. Reads no rows.
"""

import re
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields, is_dataclass
from datetime import datetime

import duckdb_kql
from duckdb_kql import ir
from duckdb_kql.lower import lower

from simulator.core.wire import Json
from simulator.graph import rules
from simulator.graph.refusal import invalid_query, unsupported
from simulator.graph.schema import COLUMNS, DEFAULT_TABLE, TABLES

KEPT = 256
_CLOCK = "kqlnow"  # the name under which the translator asks for the moment of the query
_BLANK = re.compile(r"(?:\s+|//[^\n]*(?:\n|$))*")
_OPERATOR = re.compile(
    r"(where|filter|project|project-away|project-rename|extend|summarize|order|sort|top|take|limit|count|distinct|join"
    r"|union|mv-expand|mvexpand|parse)\b(?!\s*[=(|;])",
    re.IGNORECASE,
)
_ROW_BY_ROW = (ir.Where, ir.Project, ir.Extend, ir.ProjectAway, ir.ProjectRename, ir.Sort)


@dataclass(frozen=True)
class Plan:
    """A query that can be run. `by_row`: each row comes from one row of one table, which its `id` names."""

    sql: str
    asks_for_time: bool
    by_row: bool
    sorted: bool
    cut: bool  # it has `take` or `limit`, which switches paging off

    def bound(self, now: datetime) -> Json:
        """The values that the statement needs."""
        return {_CLOCK: now.replace(tzinfo=None)} if self.asks_for_time else {}


class Planner:
    """Plans, kept for when the same query comes again: parsing takes longer than most queries take to run."""

    def __init__(self) -> None:
        self._plans: OrderedDict[str, Plan] = OrderedDict()

    def plan(self, kql: str, now: datetime) -> Plan:
        """Raises Refusal."""
        plan = self._plans.pop(kql, None) or make(kql, now)
        self._plans[kql] = plan
        if len(self._plans) > KEPT:
            self._plans.popitem(last=False)
        return plan


def make(kql: str, now: datetime) -> Plan:
    """Translate one query. Raises Refusal."""
    text = with_table(kql)
    if text.lstrip().startswith("."):
        raise invalid_query("ParserFailure", "Management commands are not part of Resource Graph's language.")
    try:
        query = lower(text)
        rules.check(query, list(nodes(query)))
        schema = {name: list(COLUMNS) for name in set(re.findall(r"\w+", text)) if name.lower() in TABLES}
        made = duckdb_kql.to_sql(text, schema=schema, allow_write=False, query_now=now.replace(tzinfo=None))
    except duckdb_kql.KqlSyntaxError as error:
        raise invalid_query("ParserFailure", str(error)) from None
    except duckdb_kql.KqlSchemaError as error:
        raise invalid_query("InvalidQuery", str(error)) from None
    except duckdb_kql.KqlError as error:
        raise unsupported(str(error)) from None
    parameters = dict(made.parameters)
    if set(parameters) - {_CLOCK}:
        raise unsupported("declare query_parameters")
    operators = query.operators
    return Plan(
        sql=str(made),
        asks_for_time=_CLOCK in parameters,
        by_row=_by_row(query),
        sorted=any(isinstance(each, ir.Sort) for each in operators),
        cut=any(isinstance(each, ir.Take) for each in operators),
    )


def with_table(kql: str) -> str:
    """The query as it is, or with the default table in front where it begins with an operator."""
    start = _BLANK.match(kql)
    at = start.end() if start else 0
    return f"{kql[:at]}{DEFAULT_TABLE} | {kql[at:]}" if _OPERATOR.match(kql, at) else kql


def nodes(node: object) -> Iterator[ir.Node]:
    """Every node of a query, itself first."""
    if isinstance(node, ir.Node):
        yield node
    if is_dataclass(node) and not isinstance(node, type):
        for each in fields(node):
            yield from nodes(getattr(node, each.name))
    elif isinstance(node, list | tuple):
        for each in node:
            yield from nodes(each)


def _by_row(query: ir.Query) -> bool:
    if not isinstance(query.source, ir.TableRef) or query.source.name.lower() not in TABLES or query.lets:
        return False
    if not all(isinstance(each, _ROW_BY_ROW) for each in query.operators):
        return False
    whole = (ir.ToScalar, ir.RowContext, ir.Query)
    if any(isinstance(node, whole) for node in nodes(query) if node is not query):
        return False
    if any(node.name.lower() in rules.WINDOWS for node in nodes(query) if isinstance(node, ir.FunctionCall)):
        return False
    return all(_keeps_id(operator) for operator in query.operators)


def _keeps_id(operator: ir.Operator) -> bool:
    if isinstance(operator, ir.Project):
        made = [each for each in operator.expressions if _named(each) == "id"]
        return len(made) == 1 and made[0].expr == ir.ColumnRef("id")
    if isinstance(operator, ir.Extend):
        return all(_named(each) != "id" for each in operator.expressions)
    if isinstance(operator, ir.ProjectAway):
        return not any(
            "id".startswith(name.lower().partition("*")[0]) for name in operator.columns if "*" in name
        ) and ("id" not in _lower(operator.columns))
    if isinstance(operator, ir.ProjectRename):
        return "id" not in _lower(name for pair in operator.renames for name in pair)
    return True


def _named(each: ir.NamedExpr) -> str:
    name = each.name if each.name is not None else each.expr.name if isinstance(each.expr, ir.ColumnRef) else ""
    return name.lower()


def _lower(names: Iterable[str]) -> list[str]:
    return [name.lower() for name in names]
