"""A query's meaning where the translation alone would get it wrong: types of expressions, and strings without null.

Kusto knows every expression's type before it runs a query, and refuses some: keys that are dynamic, a condition that is
none (checked against Microsoft's parser). DuckDB is asked for the types, over tables without rows. In Kusto a string is
never null: what an outer join or a union leaves empty is made the empty string here.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from typing import NamedTuple

import duckdb
from duckdb_kql import ir
from duckdb_kql.translate import CLOCK_SLOT, clock, to_sql

from simulator.core.wire import Json
from simulator.graph.refusal import Refusal, invalid_query, unsupported
from simulator.graph.schema import COLUMNS, DYNAMIC, TABLES
from simulator.graph.trees import nodes

#: Elements that `mv-expand` makes of a row unless told otherwise (documentation of the query language, 2023).
ROWS_EXPANDED = 128

Schema = Mapping[str, list[str]]
Lets = list[tuple[str, ir.Query | ir.Expr]]


class Sql(NamedTuple):
    """A statement and the values that it needs."""

    text: str
    bound: Json


def emit(query: ir.Query, schema: Schema, now: datetime) -> Sql:
    """Raises duckdb_kql.KqlError."""
    with clock(now.replace(tzinfo=None)) as active:
        made = to_sql(query, {name: list(columns) for name, columns in schema.items()})
        return Sql(str(made), {CLOCK_SLOT: active.moment} if active.used else {})


class Meaning:
    """Knows types. Holds empty tables of its own."""

    def __init__(self) -> None:
        self._db = duckdb.connect(":memory:")
        self._db.execute("SET enable_external_access=false")
        columns = ", ".join(f'"{column}" {"JSON" if column in DYNAMIC else "VARCHAR"}' for column in COLUMNS)
        for table in TABLES:
            self._db.execute(f"CREATE TABLE {table} ({columns})")

    def close(self) -> None:
        """Give everything back."""
        self._db.close()

    def bind(self, sql: Sql) -> None:
        """Raises duckdb.Error where a statement names what is not there, or does with a type what cannot be done."""
        self._db.execute(f"DESCRIBE {sql.text}", sql.bound)

    def settle(self, query: ir.Query, schema: Schema, now: datetime) -> ir.Query:
        """The query as it is to be translated. Raises Refusal, duckdb_kql.KqlError, duckdb.Error."""
        return _Settling(self._db, schema, now).whole(query, [])


class _Settling:
    def __init__(self, db: duckdb.DuckDBPyConnection, schema: Schema, now: datetime) -> None:
        self._db, self._schema, self._now = db, schema, now

    def whole(self, query: ir.Query, outer: Lets) -> ir.Query:
        lets: Lets = list(outer)
        own: Lets = []
        for name, bound in query.lets:
            settled = self.whole(bound, lets) if isinstance(bound, ir.Query) else bound
            lets.append((name, settled))
            own.append((name, settled))
        done: list[ir.Operator] = []
        for operator in query.operators:
            before = ir.Query(query.source, list(done), lets)
            self._check(operator, before)
            done.append(self._within(operator, lets))
            if _leaves_gaps(operator) or _may_make_lists(operator):
                done += self._mended(ir.Query(query.source, list(done), lets), gaps=_leaves_gaps(operator))
        return replace(query, operators=done, lets=own)

    def _within(self, operator: ir.Operator, lets: Lets) -> ir.Operator:
        """The operator with the queries inside it settled."""
        if isinstance(operator, ir.Join | ir.Lookup):
            return replace(operator, right=self.whole(operator.right, lets))
        if isinstance(operator, ir.Union):
            return replace(operator, branches=tuple(self.whole(branch, lets) for branch in operator.branches))
        if isinstance(operator, ir.MvExpand) and operator.limit is None:
            operator = replace(operator, limit=ROWS_EXPANDED)
        for node in nodes(operator):
            if isinstance(node, ir.Query) and any(_leaves_gaps(each) for each in node.operators):
                raise unsupported("an outer join or a union in a query inside an expression")
        return operator

    def _mended(self, query: ir.Query, *, gaps: bool) -> list[ir.Operator]:
        """Strings that may be null become empty, and DuckDB's lists, as `make_list` and `split` leave them, dynamic."""
        empty, mended = ir.Literal("", "string"), []
        for name, kind in self._types(query).items():
            column = ir.ColumnRef(name)
            if gaps and kind == "VARCHAR":
                mended.append(ir.NamedExpr(ir.FunctionCall("coalesce", (column, empty)), name))
            elif kind.startswith(("TIMESTAMP", "INTERVAL")) and kind.endswith("[]"):
                raise unsupported(f"a list of moments or timespans ('{name}')")
            elif kind.endswith("[]"):
                mended.append(ir.NamedExpr(ir.FunctionCall("todynamic", (column,)), name))
        return [ir.Extend(tuple(mended))] if mended else []

    def _check(self, operator: ir.Operator, before: ir.Query) -> None:
        if isinstance(operator, ir.Where):
            for condition in _conditions(operator.predicate):
                if self._type_of(condition, before) not in ("BOOLEAN", ""):
                    raise _mistyped("where", "the expression must have the type bool")
        for key in _keys(operator):
            if _is_dynamic(self._type_of(key, before)):
                name = type(operator).__name__.lower()
                raise _mistyped(name, "a key must not be dynamic; use an explicit cast such as tostring()")
        for node in nodes(operator):
            if isinstance(node, ir.BinaryOp) and node.op in ("==", "!="):
                self._check_sides(node, before)
            elif isinstance(node, ir.InList):
                for item in node.items:
                    if isinstance(item, ir.PathAccess | ir.ColumnRef) and _is_dynamic(self._type_of(item, before)):
                        raise unsupported("a dynamic value on the right of 'in'")
            if isinstance(node, ir.FunctionCall | ir.BinaryOp):
                self._check_lists(node, before)

    def _check_sides(self, node: ir.BinaryOp, before: ir.Query) -> None:
        for one, other in ((node.left, node.right), (node.right, node.left)):
            number = isinstance(one, ir.Literal) and one.kind not in ("string", "dynamic", "null", "guid")
            if number and isinstance(other, ir.ColumnRef) and self._type_of(other, before) == "VARCHAR":
                raise unsupported(f"comparing the string '{other.name}' with a value of another type")

    def _check_lists(self, node: ir.FunctionCall | ir.BinaryOp, before: ir.Query) -> None:
        """A list has no JSON text before it is a column of its own: there it is made dynamic."""
        parts = node.args if isinstance(node, ir.FunctionCall) else (node.left, node.right)
        if isinstance(node, ir.FunctionCall) and node.name.startswith(("array_", "set_", "strcat_array", "todynamic")):
            return
        for part in parts:
            if isinstance(part, ir.FunctionCall) and self._type_of(part, before).endswith("[]"):
                raise unsupported(f"the list that {part.name}() gives inside another expression; extend a column by it")

    def _type_of(self, expression: ir.Expr, before: ir.Query) -> str:
        probe = ir.Project((ir.NamedExpr(expression, "probe"),))
        try:
            return self._types(ir.Query(before.source, [*before.operators, probe], before.lets)).get("probe", "")
        except duckdb.BinderException:
            return ""  # a column of the other side of a join, or none at all: the whole statement will tell

    def _types(self, query: ir.Query) -> dict[str, str]:
        sql = emit(query, self._schema, self._now)
        described = self._db.execute(f"DESCRIBE {sql.text}", sql.bound).fetchall()
        return {str(row[0]): str(row[1]) for row in described}


def _leaves_gaps(operator: ir.Operator) -> bool:
    if isinstance(operator, ir.Join):
        return operator.kind in ("leftouter", "rightouter", "fullouter")
    if isinstance(operator, ir.Lookup):
        return operator.kind == "leftouter"
    return isinstance(operator, ir.Union) and operator.kind == "outer"


def _may_make_lists(operator: ir.Operator) -> bool:
    makes = isinstance(operator, ir.Summarize | ir.Extend | ir.Project)
    return makes and any(isinstance(node, ir.FunctionCall) for node in nodes(operator))


def _conditions(predicate: ir.Expr) -> Iterator[ir.Expr]:
    """The parts that must be true or false, where they are no comparisons."""
    if isinstance(predicate, ir.BinaryOp) and predicate.op in ("and", "or"):
        yield from _conditions(predicate.left)
        yield from _conditions(predicate.right)
    elif isinstance(predicate, ir.PathAccess | ir.ColumnRef | ir.Literal | ir.FunctionCall):
        yield predicate


def _keys(operator: ir.Operator) -> Iterable[ir.Expr]:
    if isinstance(operator, ir.Summarize):
        return [each.expr for each in operator.by]
    if isinstance(operator, ir.Distinct):
        return [each.expr for each in operator.expressions if not isinstance(each.expr, ir.Wildcard)]
    if isinstance(operator, ir.Sort):
        return [key.expr for key in operator.keys]
    return [ir.ColumnRef(key.left) for key in operator.keys] if isinstance(operator, ir.Join | ir.Lookup) else []


def _is_dynamic(kind: str) -> bool:
    return kind == "JSON" or kind.endswith("[]")


def _mistyped(operator: str, message: str) -> Refusal:
    return invalid_query("InvalidQuery", f"{operator}: {message}.")
