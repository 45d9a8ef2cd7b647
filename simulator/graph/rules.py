"""What Resource Graph forbids in a query that KQL as such allows: foreign tables, many joins, kinds of join.

Numbers and wording are from Azure's documentation of the query language (2023 and later) and from error messages in
public issue threads. Looks at a query's structure only.
"""

from collections import Counter
from collections.abc import Sequence

from duckdb_kql import ir

from simulator.graph.refusal import Refusal, invalid_query, unsupported
from simulator.graph.schema import COLUMNS, HOME_TABLES, TABLES

MOST_JOINS = 3  # and unions, counted together
MOST_EXPANSIONS = 3
MOST_ROWS_EXPANDED = 2000
JOIN_KINDS = ("innerunique", "inner", "leftouter", "fullouter")
#: Functions whose value depends on other rows.
WINDOWS = ("row_number", "row_cumsum", "row_rank_dense", "row_rank_min", "row_window_session", "prev", "next")


def check(query: ir.Query, nodes: Sequence[ir.Node]) -> None:
    """Raises Refusal where Azure would, and where the translation is known to go wrong."""
    _tables(nodes)
    _amounts(nodes)
    _remote(query, nodes)
    _columns(nodes)


def _tables(nodes: Sequence[ir.Node]) -> None:
    bound = {name for node in nodes if isinstance(node, ir.Query) for name, _ in node.lets}
    for node in nodes:
        if isinstance(node, ir.WildcardTableRef):
            raise _disallowed(node.pattern)
        if isinstance(node, ir.TableRef):
            if node.database or node.cluster:
                raise _disallowed(node.qualified)
            if node.name not in bound and node.name.lower() not in TABLES:
                raise _disallowed(node.name)


def _disallowed(name: str) -> Refusal:
    return Refusal(("DisallowedLogicalTableName", f"Table {name.lower()} is invalid, unsupported or disallowed."))


def _amounts(nodes: Sequence[ir.Node]) -> None:
    joins = [node for node in nodes if isinstance(node, ir.Join)]
    branches = sum(len(node.branches) for node in nodes if isinstance(node, ir.Union))
    lookups = sum(isinstance(node, ir.Lookup) for node in nodes)
    if len(joins) + branches + lookups > MOST_JOINS:
        message = (
            f"The query has {len(joins) + lookups} joins and {branches} unions; {MOST_JOINS} are allowed together."
        )
        raise invalid_query("DisallowedMaxNumberOfJoins", message)
    for join in joins:
        if join.kind not in JOIN_KINDS:
            raise invalid_query(
                "UnsupportedJoinFlavor", f'The join kind "{join.kind}" is not supported or not allowed.'
            )
    expansions = [node for node in nodes if isinstance(node, ir.MvExpand)]
    if len(expansions) > MOST_EXPANSIONS:
        message = f"The query has {len(expansions)} mv-expand operators; {MOST_EXPANSIONS} are allowed."
        raise invalid_query("DisallowedMaxNumberOfMvExpands", message)
    for expansion in expansions:
        if expansion.limit is not None and expansion.limit > MOST_ROWS_EXPANDED:
            message = f"The row limit of mv-expand must not be more than {MOST_ROWS_EXPANDED}."
            raise invalid_query("InvalidMvExpandRowLimit", message)


def _remote(query: ir.Query, nodes: Sequence[ir.Node]) -> None:
    """A table other than the two home tables may stand on the right of a join once."""
    lets = {name: bound for name, bound in query.lets if isinstance(bound, ir.Query)}
    right: Counter[str] = Counter()
    for node in nodes:
        if isinstance(node, ir.Join | ir.Lookup):
            table = _table_of(node.right, lets)
            if table is not None and table not in HOME_TABLES:
                right[table] += 1
    for table, times in right.items():
        if times > 1:
            message = f"Table {table} is on the right of {times} joins; one is allowed."
            raise invalid_query("DisallowedMaxNumberOfRemoteTables", message)


def _table_of(query: ir.Query, lets: dict[str, ir.Query]) -> str | None:
    source = query.source
    seen: set[str] = set()
    while isinstance(source, ir.TableRef) and source.name in lets and source.name not in seen:
        seen.add(source.name)
        source = lets[source.name].source
    return source.name.lower() if isinstance(source, ir.TableRef) else None


def _columns(nodes: Sequence[ir.Node]) -> None:
    """Kusto tells columns apart by case and DuckDB does not: a name that fits only without case is no column."""
    defined = set(COLUMNS)
    for node in nodes:
        if isinstance(node, ir.NamedExpr | ir.MvExpandTarget | ir.ParseSegment) and node.name:
            defined.add(node.name)
        elif isinstance(node, ir.ProjectRename):
            defined.update(new for new, _ in node.renames)
    folded = {name.lower(): name for name in defined}
    for node in nodes:
        if isinstance(node, ir.ColumnRef) and node.name not in defined and node.name.lower() in folded:
            message = f"There is no column '{node.name}'; there is '{folded[node.name.lower()]}'."
            raise invalid_query("InvalidColumnName", message)
    if len(folded) < len(defined):
        twice = sorted(name for name in defined if folded[name.lower()] != name)
        raise unsupported(f"columns whose names differ in case only: {twice}")
