"""From KQL to what DuckDB runs: translated by duckdb-kql, held to Resource Graph's own limits, refused where unsure.

What the translator does not know is refused by name, never guessed. Reads no rows.
"""

import re
import threading
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

import duckdb
import duckdb_kql
from duckdb_kql import ir
from duckdb_kql.lower import lower
from duckdb_kql.translate import CLOCK_SLOT, clock

from simulator.core.wire import Json
from simulator.graph import literals, rules
from simulator.graph.meaning import Meaning, emit
from simulator.graph.refusal import Refusal, invalid_query, unsupported
from simulator.graph.schema import COLUMNS, DEFAULT_TABLE, TABLES
from simulator.graph.trees import nodes

KEPT = 512
_BLANK = re.compile(r"(?:\s+|//[^\n]*(?:\n|$))*")
_OPERATOR = re.compile(
    r"(where|filter|project|project-away|project-rename|extend|summarize|order|sort|top|take|limit|count|distinct|join"
    r"|union|mv-expand|mvexpand|parse)\b(?!\s*[=(|;])",
    re.IGNORECASE,
)
#: What DuckDB says of a column that is not there; the second where a column that is made has its name.
_NO_COLUMN = ('Binder Error: Referenced column "', 'Binder Error: Column "')
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
        return {CLOCK_SLOT: now.replace(tzinfo=None)} if self.asks_for_time else {}


#: Kept for when the same query comes again: parsing takes longer than most queries take to run. A plan holds nothing
#: of the world that it was made in, so all worlds of a process share them.
_plans: OrderedDict[str, Plan] = OrderedDict()
_plans_lock = threading.Lock()


class Planner:
    """Makes plans, each once."""

    def __init__(self) -> None:
        self._made: Meaning | None = None

    @property
    def _meaning(self) -> Meaning:
        self._made = self._made or Meaning()
        return self._made

    def close(self) -> None:
        """Give everything back."""
        if self._made is not None:
            self._made.close()

    def plan(self, kql: str, now: datetime) -> Plan:
        """Raises Refusal."""
        with _plans_lock:
            plan = _plans.pop(kql, None)
        plan = plan or self._make(kql, now)
        with _plans_lock:
            _plans[kql] = plan
            while len(_plans) > KEPT:
                _plans.popitem(last=False)
        return plan

    def _make(self, kql: str, now: datetime) -> Plan:
        text = with_table(kql)
        if text.lstrip().startswith("."):
            raise invalid_query("ParserFailure", "Management commands are not part of Resource Graph's language.")
        literals.check(text)
        text = literals.with_columns_quoted(text)
        schema = {name: list(COLUMNS) for name in set(re.findall(r"\w+", text)) if name.lower() in TABLES}
        try:
            query = _parsed(text, now)
            rules.check(query, list(nodes(query)))
            settled = self._meaning.settle(query, schema, now)
            sql = emit(settled, schema, now)
            self._meaning.bind(sql)
        except duckdb_kql.KqlSyntaxError as error:
            raise invalid_query("ParserFailure", str(error)) from None
        except duckdb_kql.KqlSchemaError as error:
            raise invalid_query("InvalidQuery", str(error)) from None
        except duckdb_kql.KqlError as error:
            raise unsupported(str(error)) from None
        except duckdb.Error as error:
            raise refused(error) from None
        return Plan(
            sql=sql.text,
            asks_for_time=bool(sql.bound),
            by_row=_by_row(query),
            sorted=any(isinstance(each, ir.Sort) for each in query.operators),
            cut=any(isinstance(each, ir.Take) for each in query.operators),
        )


def refused(error: duckdb.Error) -> Refusal:
    """What DuckDB could not do: the query's fault where it names a column that is not there, else the simulator's."""
    message = str(error).partition("\n")[0]
    if isinstance(error, duckdb.BinderException) and message.startswith(_NO_COLUMN):
        column = message.split('"')[1]
        return invalid_query("InvalidColumnName", f"There is no column '{column}'.")
    return unsupported(message)


def _parsed(text: str, now: datetime) -> ir.Query:
    moment = now.replace(tzinfo=None)
    with clock(moment) as active:
        query = lower(text)
    if active.moment != moment:
        raise unsupported("set query_now")
    if query.parameters:
        raise unsupported("declare query_parameters")
    return query


def with_table(kql: str) -> str:
    """The query as it is, or with the default table in front where it begins with an operator."""
    start = _BLANK.match(kql)
    at = start.end() if start else 0
    return f"{kql[:at]}{DEFAULT_TABLE} | {kql[at:]}" if _OPERATOR.match(kql, at) else kql


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
