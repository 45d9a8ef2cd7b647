"""Resource Graph: real KQL over the simulator's state, translated by duckdb-kql and run by DuckDB.

The tables follow the state by its list of changes, applied just before a query; `lag` holds them back for that
long. What the translator does not know is refused by name, never guessed.
"""

import json
import re
import threading
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import duckdb
import duckdb_kql

from simulator.core.clock import Clock
from simulator.core.state import State
from simulator.core.wire import AzureError, Json, stamp
from simulator.graph import rows as graph_rows
from simulator.graph.rows import COLUMNS, DYNAMIC

TABLES = ("resources", "resourcecontainers", "recoveryservicesresources")
Rows = dict[str, list[Json]]


class Graph:
    """The tables and the queries on them. One connection, used by one query at a time."""

    def __init__(self, state: State, clock: Clock, lag: float) -> None:
        self._state, self._clock, self._lag = state, clock, timedelta(seconds=lag)
        self._lock = threading.Lock()
        self._held: set[str] = set()  # records that have rows in the tables
        self._db = duckdb.connect(":memory:")
        self._db.execute("SET TimeZone='UTC'")
        self._db.execute("SET enable_external_access=false")
        self._db.execute("SET threads=1")
        self._db.execute("CREATE SCHEMA store")
        columns = ", ".join(f'"{c}" {"JSON" if c in DYNAMIC else "VARCHAR"}' for c in COLUMNS)
        shown = ", ".join(f'"{c}"' for c in COLUMNS)
        self._set_scope([])
        for table in TABLES:
            self._db.execute(f"CREATE TABLE store.{table} (record VARCHAR, {columns})")
            self._db.execute(
                f"CREATE VIEW {table} AS SELECT {shown} FROM store.{table}"
                " WHERE list_contains(getvariable('scope'), \"subscriptionId\")"
            )

    def close(self) -> None:
        self._db.close()

    def query(self, kql: str, scope: list[str], top: int, skip: int) -> tuple[list[str], list[list[Any]], int]:
        """Column names, the rows from `skip` to `skip + top`, and how many rows there are in all.

        Raises AzureError 400 where the query is wrong or beyond the translator.
        """
        with self._lock:
            self.follow()
            self._set_scope(scope)
            sql, bound = translate(kql, self._clock.now())
            try:
                total = self._db.execute(f"SELECT count(*) FROM ({sql})", bound).fetchall()[0][0]
                cursor = self._db.execute(f"SELECT * FROM ({sql}) LIMIT {top} OFFSET {skip}", bound)
                description = cursor.description or []
                rows = cursor.fetchall()
            except duckdb.CatalogException as error:
                raise bad_query("DisallowedLogicalTableName", str(error)) from None
            except duckdb.Error as error:
                raise bad_query("InvalidQuery", str(error)) from None
        dynamic = [str(column[1]) == "JSON" for column in description]
        shown = [[_value(v, d) for v, d in zip(row, dynamic, strict=True)] for row in rows]
        return [column[0] for column in description], shown, total

    def _set_scope(self, scope: list[str]) -> None:
        self._db.execute("SET VARIABLE scope = ?::VARCHAR[]", [scope])

    def follow(self) -> None:
        """Bring the tables up to the state as of `lag` ago, by the changes only."""
        seen = self._clock.now() - self._lag
        due = [record for record, moment in self._state.changed.items() if moment <= seen]
        rows: dict[str, list[Json]] = {table: [] for table in TABLES}
        for record in due:
            del self._state.changed[record]
            for table, made in self._rows(*record).items():
                rows[table].extend(row | {"record": "|".join(record)} for row in made)
        names = {"|".join(record) for record in due}
        stale = list(names & self._held)
        self._held = (self._held - names) | {row["record"] for made in rows.values() for row in made}
        for table in TABLES:
            if stale:
                self._db.execute(f"DELETE FROM store.{table} WHERE list_contains(?::VARCHAR[], record)", [stale])
            if rows[table]:
                self._insert(table, rows[table])

    def _insert(self, table: str, rows: list[Json]) -> None:
        """Column by column: one statement whatever the number of rows, and several times faster than by row."""
        columns = ("record", *COLUMNS)
        values = [[_cell(row[column], column in DYNAMIC) for row in rows] for column in columns]
        unnested = ", ".join(["unnest(?::VARCHAR[])"] * len(columns))
        self._db.execute(f"INSERT INTO store.{table} SELECT {unnested}", values)

    def _rows(self, kind: str, key: str) -> Rows:
        """The rows that a record has now; none where it is gone."""
        state = self._state
        if kind == "vm":
            vm = state.vms.get(key)
            return {"resources": [graph_rows.vm(state, vm)]} if vm else {}
        if kind in ("group", "subscription"):
            row = graph_rows.container(state, key)
            return {"resourcecontainers": [row]} if row else {}
        vault = state.vaults.get(key.split("|", 1)[0])
        if vault is None:
            return {}
        if kind == "vault":
            policies = graph_rows.policies(state, vault)
            return {"resources": [graph_rows.vault(state, vault)], "recoveryservicesresources": policies}
        rest = key.split("|", 1)[1]
        if kind == "item":
            item = vault.items.get(rest)
            return {"recoveryservicesresources": [graph_rows.item(state, vault, item)]} if item else {}
        job = vault.jobs[rest]
        return {"recoveryservicesresources": [graph_rows.job(state, vault, job)]}


def translate(kql: str, now: datetime) -> tuple[str, Json]:
    """KQL to DuckDB's SQL and its parameters, with `now()` standing for virtual now.

    Raises AzureError 400 with a named code.
    """
    if kql.lstrip().startswith("."):
        raise bad_query("InvalidQuery", "Management commands are not part of Resource Graph's language.")
    schema = {word: list(COLUMNS) for word in set(re.findall(r"\w+", kql)) if word.lower() in TABLES}
    try:
        moment = now.replace(tzinfo=None)
        made = duckdb_kql.to_sql(kql, schema=schema, allow_write=False, query_now=moment)
    except duckdb_kql.KqlSyntaxError as error:
        raise bad_query("ParserFailure", str(error)) from None
    except duckdb_kql.KqlSchemaError as error:
        raise bad_query("DisallowedLogicalTableName", str(error)) from None
    except duckdb_kql.KqlError as error:
        raise bad_query("UnsupportedBySimulator", str(error)) from None
    return str(made), dict(made.parameters)


def bad_query(code: str, message: str) -> AzureError:
    """Resource Graph's 400: a general code, the particular one in its details."""
    text = "The query could not be answered; the details say why."
    return AzureError(400, "BadRequest", text, [{"code": code, "message": message}])


def _cell(value: Any, dynamic: bool) -> Any:
    return json.dumps(value) if dynamic and value is not None else value


def _value(value: Any, dynamic: bool) -> Any:
    if dynamic and isinstance(value, str):
        return json.loads(value)
    if isinstance(value, datetime):
        return stamp(value.replace(tzinfo=value.tzinfo or UTC))
    if isinstance(value, date | timedelta):
        return str(value)
    return float(value) if isinstance(value, Decimal) else value
