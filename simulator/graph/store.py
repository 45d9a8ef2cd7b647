"""The rows of Resource Graph in DuckDB: put in by record, taken out by SQL, limited to a scope.

Rows stay as they were put in, uncompressed: with 100,000 VMs that costs 120 MB more than DuckDB's own compression, and
spares every page the unpacking of the whole table. Knows neither KQL nor the simulator's state.
Used by one thread at a time; whoever calls sees to that.
"""

import hashlib
import json
from collections.abc import Iterable, Sequence
from operator import itemgetter
from typing import Any

import duckdb

from simulator.core.wire import Json
from simulator.graph.schema import COLUMNS, DYNAMIC, TABLES, TEXT

#: Rows that may lie dead in a table before it is written anew: DuckDB frees none of a table held in memory.
DEAD_ROWS = 20_000
#: Results kept for the pages to come.
RESULTS = 4
#: Rows held back until so many of one table can be put in at once, or a query comes.
BUFFER = 10_000

_texts, _bags = itemgetter(*TEXT), itemgetter(*DYNAMIC)
_encode = json.JSONEncoder(separators=(",", ":"), check_circular=False).encode
_NAMES = ", ".join(f'"{column}"' for column in COLUMNS)
_FIELDS = ", ".join(f'"{column}" {"JSON" if column in DYNAMIC else "VARCHAR"}' for column in COLUMNS)
#: A row's scope as its id tells it. Knowing it spares DuckDB the reading of every other subscription's rows.
_SCOPE = (
    "CASE WHEN lower(id) LIKE '/subscriptions/%' THEN lower(split_part(id, '/', 3))"
    " WHEN lower(id) LIKE '/providers/microsoft.management/%/providers/%' THEN 'upon:' || lower(split_part(id, '/', 5))"
    " WHEN lower(id) LIKE '/providers/microsoft.management/%' THEN 'group:' || lower(split_part(id, '/', 5))"
    " ELSE '' END"
)
_HERE = "scope IN (SELECT scope FROM store.page) AND id IN (SELECT id FROM store.page)"

#: The rows of one record by table, each with the key of the scope that shows it.
Image = dict[str, list[Json]]


class Store:
    """The tables. `version` changes with every change of a row."""

    def __init__(self) -> None:
        self.version = 0
        self._results: dict[tuple[object, int], str] = {}
        self._made = 0
        #: Rows of each table that were taken out and still take up memory.
        self.dead = dict.fromkeys(TABLES, 0)
        self._buffered = dict.fromkeys(TABLES, 0)
        self._appenders: dict[str, duckdb.Appender] = {}
        self._db = duckdb.connect(":memory:")
        for setting in ("TimeZone='UTC'", "enable_external_access=false", "threads=1", "preserve_insertion_order=true"):
            self._db.execute(f"SET {setting}")
        for schema in ("store", "scoped", "page"):
            self._db.execute(f"CREATE SCHEMA {schema}")
        self._db.execute("CREATE TABLE store.inside (key VARCHAR)")
        self._db.execute("CREATE TABLE store.page (id VARCHAR, scope VARCHAR)")
        for table in TABLES:
            self._db.execute(f"CREATE TABLE store.{table} (record BIGINT, scope VARCHAR, {_FIELDS})")
            rows = f"SELECT {_NAMES} FROM store.{table}"
            self._db.execute(f"CREATE VIEW scoped.{table} AS {rows} WHERE scope IN (SELECT key FROM store.inside)")
            self._db.execute(f"CREATE VIEW page.{table} AS {rows} WHERE {_HERE}")
            self._appenders[table] = self._db.appender(f"store.{table}")

    def close(self) -> None:
        """Give everything back."""
        self._db.close()

    def put(self, images: Iterable[tuple[str, Image]], *, fresh: bool = False) -> None:
        """Let each record have these rows and no others, in the tables that its image names.

        `fresh` where none of them has any yet. No record may come twice.
        """
        rows: dict[str, list[tuple[int, Json]]] = {table: [] for table in TABLES}
        records: dict[str, list[int]] = {table: [] for table in TABLES}
        for name, image in images:
            record = _number(name)
            for table, made in image.items():
                records[table].append(record)
                rows[table].extend((record, row) for row in made)
        for table in TABLES:
            if not fresh and records[table]:
                self._delete(table, records[table])
            if rows[table]:
                self._insert(table, rows[table])
        self.version += 1

    def _delete(self, table: str, records: list[int]) -> None:
        self._flush(table)
        gone = self._db.execute(
            f"DELETE FROM store.{table} WHERE record IN (SELECT unnest(?::BIGINT[]))", [records]
        ).fetchall()[0][0]
        self.dead[table] += gone
        live = self._db.execute(f"SELECT count(*) FROM store.{table}").fetchall()[0][0]
        if self.dead[table] > max(DEAD_ROWS, live):
            self._db.execute(f"CREATE TABLE store.anew AS FROM store.{table}")
            self._db.execute(f"DROP TABLE store.{table}")
            self._db.execute(f"ALTER TABLE store.anew RENAME TO {table}")
            self._appenders[table] = self._db.appender(f"store.{table}")
            self.dead[table] = 0

    def _insert(self, table: str, rows: list[tuple[int, Json]]) -> None:
        """Buffer the rows: many in one go are put in several times faster than few in many."""
        made = [(record, row["scope"], *_texts(row), *map(_json, _bags(row))) for record, row in rows]
        self._appenders[table].append_rows(made)
        self._buffered[table] += len(made)
        if self._buffered[table] >= BUFFER:
            self._flush(table)

    def _flush(self, table: str) -> None:
        if self._buffered[table]:
            self._appenders[table].flush()
            self._buffered[table] = 0

    def result(self, key: object, sql: str, bound: Json, scope: Sequence[str]) -> tuple[str, int]:
        """Keep the rows of a statement under `key` and this version; its table's name and how many rows it has.

        Raises duckdb.Error where the statement cannot be run.
        """
        name = self._results.pop((key, self.version), None)
        if name is None:
            for table in TABLES:
                self._flush(table)
            self._db.execute(
                "CREATE OR REPLACE TABLE store.inside AS SELECT unnest(?::VARCHAR[]) AS key", [list(scope)]
            )
            self._db.execute("SET schema='scoped'")
            self._made += 1
            name = f"result{self._made}"
            self._db.execute(f"CREATE TEMP TABLE {name} AS {sql}", bound)
        self._results[key, self.version] = name
        stale = [each for each in self._results if each[1] != self.version]
        for old in stale or list(self._results)[:-RESULTS]:
            self._db.execute(f"DROP TABLE temp.{self._results.pop(old)}")
        return name, self._db.execute(f"SELECT count(*) FROM temp.{name}").fetchall()[0][0]

    def slice(self, name: str, start: int, count: int) -> "Fetched":
        """Those rows of a result, in their order."""
        return self._fetch(f"SELECT * FROM temp.{name} {_window(start, count)}", {})

    def rows_of(self, name: str, start: int, count: int, sql: str, bound: Json) -> "Fetched":
        """A statement's rows where the tables hold nothing but the rows whose ids are those rows of a result."""
        wanted = f"SELECT id, {_SCOPE} AS scope FROM temp.{name} {_window(start, count)}"
        self._db.execute(f"CREATE OR REPLACE TABLE store.page AS {wanted}")
        self._db.execute("SET schema='page'")
        return self._fetch(sql, bound)

    def _fetch(self, sql: str, bound: Json) -> "Fetched":
        cursor = self._db.execute(sql, bound)
        described = cursor.description or []
        return Fetched([(str(column[0]), str(column[1])) for column in described], cursor.fetchall())


class Fetched:
    """Rows as DuckDB gives them, with each column's name and DuckDB type."""

    def __init__(self, columns: list[tuple[str, str]], rows: list[tuple[Any, ...]]) -> None:
        self.columns, self.rows = columns, rows


def _window(start: int, count: int) -> str:
    return f"WHERE rowid BETWEEN {start} AND {start + count - 1} ORDER BY rowid"


def _json(value: Any) -> str | None:
    return None if value is None else _encode(value)


def _number(name: str) -> int:
    """A record's name in eight bytes: 100,000 long names would weigh more than the rows' own ids."""
    return int.from_bytes(hashlib.blake2b(name.encode(), digest_size=8).digest(), "big", signed=True)
