"""KQL over Resource Graph's tables: each construct means what Kusto means by it, or is refused by name.

Expected rows follow Kusto's documentation; what Azure refuses is held against Microsoft's parser in `tests/kql`.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import duckdb
import pytest

from simulator.core.wire import Json
from simulator.graph.engine import shown
from simulator.graph.plan import Planner, refused
from simulator.graph.refusal import Refusal
from simulator.graph.schema import DYNAMIC, TEXT
from simulator.graph.store import Store

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)


class Tables:
    """The tables with a few rows in which every difference shows."""

    def __init__(self) -> None:
        self._store, self._planner = Store(), Planner()
        properties = {
            "/a": {"n": 5, "f": 1.5, "yes": True, "list": ["x", "y"], "s": "V", "bag": {"deep": "D"}},
            "/b": {"n": 10, "f": 2.0, "yes": False, "list": [], "s": "v"},
            "/c": {"n": "10", "list": ["y"]},
        }
        tags = {"/a": {"env": "Prod", "x y": "1"}, "/b": {}, "/d": {"ENV": "dev"}}
        texts = {
            "/a": {"name": "Alpha", "type": "t1", "location": "west", "kind": "k"},
            "/b": {"name": "beta", "type": "t1", "location": "east"},
            "/c": {"name": "", "type": "T2", "location": "west"},
            "/d": {"name": "foo-bar_baz qux", "type": "t2", "location": ""},
        }
        rows = [_row(id=i, tags=tags.get(i), properties=properties.get(i), **text) for i, text in texts.items()]
        groups = [_row(id=i, name=i[1].upper(), type="rg", location="west") for i in ("/g", "/h")]
        self._store.put([("resources", {"resources": rows}), ("groups", {"resourcecontainers": groups})])

    def close(self) -> None:
        self._store.close()
        self._planner.close()

    def ask(self, kql: str) -> list[Json]:
        plan = self._planner.plan(kql, NOW)
        name, total = self._store.result(kql, plan.sql, plan.bound(NOW), ["s"])
        page = shown(self._store.slice(name, 0, 1000), total)
        return [dict(zip(page.names, row, strict=True)) for row in page.rows]

    def ids(self, kql: str) -> str:
        """The ids that a query gives, sorted and joined."""
        return "".join(sorted(str(row["id"])[1:] for row in self.ask(kql)))


def _row(**columns: Any) -> Json:
    empty: Json = dict.fromkeys(TEXT, "") | dict.fromkeys(DYNAMIC)
    return empty | {"scope": "s"} | columns


@pytest.fixture(scope="module")
def tables() -> Iterator[Tables]:
    held = Tables()
    yield held
    held.close()


@pytest.mark.parametrize(
    ("condition", "ids"),
    [
        ("name == 'ALPHA'", ""),
        ("name =~ 'ALPHA'", "a"),
        ("name !~ 'ALPHA'", "bcd"),
        ("name in ('ALPHA', 'beta')", "b"),
        ("name in~ ('ALPHA', 'beta')", "ab"),
        ("name !in~ ('ALPHA')", "bcd"),
        ("name has 'ba'", ""),  # a term, not a part of one
        ("name has 'BAR'", "d"),
        ("name has_cs 'BAR'", ""),
        ("name !has 'bar'", "abc"),
        ("name has_any ('bar', 'alpha')", "ad"),
        ("name has_all ('bar', 'qux')", "d"),
        ("name contains 'LPH'", "a"),
        ("name contains_cs 'LPH'", ""),
        ("name !contains 'a'", "c"),
        ("name startswith 'AL'", "a"),
        ("name startswith_cs 'AL'", ""),
        ("name endswith 'PHA'", "a"),
        ("name matches regex '^[A-Z].*a$'", "a"),
        ("name matches regex '(?i)^B'", "b"),
        ("isempty(name)", "c"),
        ("isnotempty(name)", "abd"),
        ("isnull(name)", ""),  # a string is never null
        ("isempty(tags)", "c"),  # an empty bag is not empty text
        ("isnull(tags)", "c"),
        ("isnotnull(tags)", "abd"),
        ("isnotempty(tags.env)", "a"),
        ("isempty(properties.s)", "cd"),
        ("tags.env == 'Prod'", "a"),
        ("tags.env =~ 'prod'", "a"),
        ("tags.env != 'Prod'", "bcd"),
        ("not(tags.env == 'Prod')", "bcd"),
        ("tags['x y'] == '1'", "a"),
        ("tags['ENV'] == 'dev'", "d"),
        ("tolower(tostring(tags['env'])) == 'prod'", "a"),
        ("tags has 'prod'", "a"),
        ("tags.env !in~ ('prod')", "bcd"),
        ("properties.s in~ ('V')", "ab"),
        ("properties.bag.deep == 'D'", "a"),
        ("properties['bag']['deep'] == 'D'", "a"),
        ("properties.n == 10", "bc"),
        ("properties.n > 5", "bc"),
        ("properties.n < 6", "a"),
        ("toint(properties.n) == 10", "bc"),
        ("properties.f > 1.6", "b"),
        ("properties.yes == true", "a"),
        ("properties.yes == false", "b"),
        ("tobool(properties.yes)", "a"),
        ("array_length(properties.list) == 0", "b"),
        ("isnull(array_length(properties.list))", "d"),
        ("set_has_element(properties.list, 'x')", "a"),
        ("properties.list has 'x'", "a"),
        ("kind == 'k'", "a"),  # a column whose name is a word of the language
        ("location == 'west' and not(name == 'Alpha')", "c"),
        ("name in ((resourcecontainers | project name))", ""),
        ("todatetime('2026-01-01') < now() and ago(1d) < now()", "abcd"),
    ],
)
def test_conditions(tables: Tables, condition: str, ids: str) -> None:
    for source in ("Resources", "RESOURCES", "resources"):
        assert tables.ids(f"{source}\n| where {condition}\n| project id") == ids


TABLE = "resources"
FIRST = "resources | where id == '/a' "


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("tostring(tags)", '{"env":"Prod","x y":"1"}'),
        ("tostring(properties.list)", '["x","y"]'),
        ("tostring(properties.yes)", "true"),
        ("tostring(properties.missing)", ""),
        ("properties.missing", None),
        ("properties.list[0]", "x"),
        ("properties.list[-1]", "y"),
        ("iff(isempty(kind), 'none', kind)", "k"),
        ("case(name == 'x', 1, name == 'Alpha', 2, 3)", 2),
        ("strcat(name, '-', 1)", "Alpha-1"),
        ("split(name, 'p')", ["Al", "ha"]),
        ("split(id, '/')[1]", "a"),
        ("extract('^(.)l', 1, name)", "A"),
        ("extract('z', 0, name)", ""),
        ("parse_json('{\"q\":[1,2]}').q[1]", 2),
        ("array_length(properties.list)", 2),
        ("substring(name, 1, 2)", "lp"),
        ("replace_string(name, 'a', 'o')", "Alpho"),
        ("toupper(name)", "ALPHA"),
        ("strlen(name)", 5),
        ("indexof(name, 'p')", 2),
        ("5 / 2", 2),
        ("5.0 / 2", 2.5),
        ("bin(7, 5)", 5),
        ("todatetime('rubbish')", None),
        ("datetime(2026-01-02)", "2026-01-02T00:00:00.0000000Z"),
        ("bin(datetime(2026-01-02 03:04:05), 1h)", "2026-01-02T03:00:00.0000000Z"),
        ("ago(1d)", "2025-12-31T12:00:00.0000000Z"),
        ("now()", "2026-01-01T12:00:00.0000000Z"),
        ("1h + 30m", "01:30:00"),
        ("now() - ago(1d)", "1.00:00:00"),
        ("-1s", "-00:00:01"),
        ("format_datetime(now(), 'yyyy-MM-dd')", "2026-01-01"),
        ("'a\\'b'", "a'b"),
        ('"a\\"b"', 'a"b'),
        ("@'a\\b'", "a\\b"),
        ("'// no comment'", "// no comment"),
        ("tolong('x')", None),
    ],
)
def test_expressions(tables: Tables, expression: str, value: Any) -> None:
    [row] = tables.ask(f"{FIRST}| project v = {expression}")
    assert row == {"v": value}
    assert type(row["v"]) is type(value)


@pytest.mark.parametrize(
    ("pipeline", "rows"),
    [
        (
            "project id, properties.bag.deep, tags.env | take 1",
            [{"id": "/a", "properties_bag_deep": "D", "tags_env": "Prod"}],
        ),
        ("project-rename n = name | project n | take 1", [{"n": "Alpha"}]),
        ("project id, name | project-away name | take 1", [{"id": "/a"}]),
        ("extend name = 'z' | project name | take 1", [{"name": "z"}]),
        ("count", [{"Count": 4}]),
        ("summarize count()", [{"count_": 4}]),
        (
            "summarize n = count(), dcount(location) by type | order by type asc | take 1",
            [{"type": "T2", "n": 1, "dcount_location": 1}],
        ),
        ("where type == 't1' | summarize make_list(name)", [{"list_name": ["Alpha", "beta"]}]),
        (
            "summarize l = make_list(properties.n) | project l, t = tostring(l)",
            [{"l": [5, 10, "10"], "t": '[5,10,"10"]'}],
        ),
        (
            "summarize n = count() by tostring(tags.env) | order by n asc",
            [{"tags_env": "Prod", "n": 1}, {"tags_env": "", "n": 3}],
        ),
        ("distinct type | order by type asc", [{"type": "T2"}, {"type": "t1"}, {"type": "t2"}]),
        ("order by name | project name | take 2", [{"name": "foo-bar_baz qux"}, {"name": "beta"}]),  # descending
        ("order by toint(properties.n) | project id | take 1", [{"id": "/b"}]),  # nulls last
        ("order by toint(properties.n) asc | project id | take 1", [{"id": "/d"}]),  # nulls first
        ("order by toint(properties.n) asc nulls last | project id | take 1", [{"id": "/a"}]),
        ("top 1 by name asc | project id", [{"id": "/c"}]),
        ("limit 2 | count", [{"Count": 2}]),
        (
            "mv-expand l = properties.list | project id, l | order by id asc",
            [{"id": "/a", "l": "x"}, {"id": "/a", "l": "y"}, {"id": "/c", "l": "y"}, {"id": "/d", "l": None}],
        ),
        (
            "mv-expand l = properties.list to typeof(string) | summarize n = count() by l | order by l asc",
            [{"l": "", "n": 1}, {"l": "x", "n": 1}, {"l": "y", "n": 2}],
        ),
        (
            "where id == '/a' | extend l = split(MANY, ',') | mv-expand l | count",
            [{"Count": 128}],
        ),  # unless told otherwise
        ("where id == '/a' | extend l = split(MANY, ',') | mv-expand l limit 150 | count", [{"Count": 150}]),
        ("summarize arg_max(name, *) by type | where type == 't1' | project id", [{"id": "/b"}]),
        ("summarize countif(location == 'west')", [{"countif_": 2}]),
    ],
)
def test_operators(tables: Tables, pipeline: str, rows: list[Json]) -> None:
    assert tables.ask(f"{TABLE} | {pipeline}".replace("MANY", f"'{',' * 199}'")) == rows


@pytest.mark.parametrize(
    ("kind", "pairs"),
    [
        ("", 2),  # innerunique: one left row for each key
        ("kind=innerunique", 2),
        ("kind=inner", 4),
        ("kind=leftouter", 6),
        ("kind=fullouter", 6),
    ],
)
def test_joins(tables: Tables, kind: str, pairs: int) -> None:
    rows = tables.ask(f"{TABLE} | join {kind} resourcecontainers on location | project id, id1, tags1")
    assert len(rows) == pairs
    lonely = [row for row in rows if row["id1"] == ""]
    assert len(lonely) == (2 if "outer" in kind else 0)
    assert all(row["tags1"] is None for row in lonely)


GAPS = "resources | join kind=leftouter (resourcecontainers | project location, g = name, one = 1) on location"


@pytest.mark.parametrize(
    ("condition", "ids"),
    [
        ("isempty(g)", "bd"),
        ("g == ''", "bd"),
        ("isnull(g)", ""),  # the commonest mistake in such queries: Kusto finds nothing
        ("isnull(one)", "bd"),
        ("g != 'G'", "abcd"),
        ("strlen(g) == 0", "bd"),
    ],
)
def test_what_an_outer_join_leaves_empty_is_the_empty_string(tables: Tables, condition: str, ids: str) -> None:
    assert "".join(sorted(set(tables.ids(f"{GAPS} | where {condition} | project id")))) == ids


def test_what_a_union_leaves_empty_is_the_empty_string(tables: Tables) -> None:
    both = "union (resources | project id), (resourcecontainers | project id, name)"
    assert tables.ids(f"{both} | where name == '' | project id") == "abcd"
    assert tables.ids(f"{both} | where isnull(name) | project id") == ""
    assert tables.ask("resources | union kind=inner resourcecontainers | count") == [{"Count": 6}]


def test_lets_comments_and_the_default_table(tables: Tables) -> None:
    assert tables.ids("let x = 'west';\nresources | where location == x | project id") == "ac"
    assert tables.ids("let T = resources | where type =~ 't2'; T | project id") == "cd"
    assert tables.ids("resources // 'quoted\n| where name == 'Alpha' // |\n| project id") == "a"
    assert tables.ids("where name == 'Alpha' | project id") == "a"
    assert tables.ids("// first\n  project id | where id == '/b'") == "b"


#: Wrong queries, and the code of the last detail. Microsoft's parser must find each of them wrong too.
MISTAKEN = {
    "resources | where (": "ParserFailure",
    "resources | where name = 'true'": "InvalidQuery",
    "resources | where tolower(name)": "InvalidQuery",
    "resources | where name == 'x": "ParserFailure",
    "resources | extend kind = 'x'": "ParserFailure",
    "resources | project nothing": "InvalidColumnName",
    "resources | where nothing == 1": "InvalidColumnName",
    "resources | project ID": "InvalidColumnName",
    "resources | where Name == 'x'": "InvalidColumnName",
    "resources | where properties.yes": "InvalidQuery",
    "resources | summarize count() by tags.env": "InvalidQuery",
    "resources | extend x = tags.env | summarize count() by x": "InvalidQuery",
    "resources | distinct tags": "InvalidQuery",
    "resources | order by tags.env": "InvalidQuery",
    "resources | where name > 5": "UnsupportedBySimulator",
    "resources | where location between ('a' .. 'f')": "UnsupportedBySimulator",
    "resources | extend a = 1, b = a + 1": "UnsupportedBySimulator",
}


@pytest.mark.parametrize(("kql", "code"), MISTAKEN.items())
def test_mistakes_are_refused(tables: Tables, kql: str, code: str) -> None:
    assert _refusal(tables, kql) == code


@pytest.mark.parametrize(
    "kql",
    [
        "resources | extend x = rand()",
        "resources | extend x = bag_keys(tags)",
        "resources | parse name with a '-' b",
        "resources | sample 1",
        "resources | serialize n = row_number()",
        "resources | evaluate bag_unpack(tags)",
        "resources | mv-expand properties.list",
        "resources | summarize make_bag(tags)",
        "resources | summarize make_list(now())",
        "resources | where name == 5",
        "resources | where 'x' in (properties.list)",
        "resources | project tostring(split(name, 'p'))",
        "resources | project x = properties.n + 1",
        "resources | where name == h'Alpha'",
        "resources | where name == 'al\\x70ha'",
        "resources | where name == ```Alpha```",
        "resources | extend Location = 1",
        "set query_now = datetime(2020-01-01); resources | where now() > ago(1d)",
        "declare query_parameters(x:string='a'); resources | where name == x",
        "resources | where toscalar(resources | join kind=leftouter resourcecontainers on id | count) > 0",
    ],
)
def test_what_the_engine_lacks_is_refused_by_name(tables: Tables, kql: str) -> None:
    assert _refusal(tables, kql) == "UnsupportedBySimulator"


FOUR_JOINS = "resources" + " | join kind=inner (resources | project id) on id" * 4


@pytest.mark.parametrize(
    ("kql", "code"),
    [
        ("nowhere | take 1", "DisallowedLogicalTableName"),
        (f"{TABLE} | join (nowhere) on id", "DisallowedLogicalTableName"),
        ("union resources, res*", "DisallowedLogicalTableName"),
        ("cluster('x').database('y').resources", "DisallowedLogicalTableName"),
        (FOUR_JOINS, "DisallowedMaxNumberOfJoins"),
        ("resources | union (resources), (resources), (resources), (resources)", "DisallowedMaxNumberOfJoins"),
        ("resources | join kind=leftanti resourcecontainers on id", "UnsupportedJoinFlavor"),
        ("resources | join kind=leftsemi resourcecontainers on id", "UnsupportedJoinFlavor"),
        ("resources" + " | mv-expand x = properties.list" * 4, "DisallowedMaxNumberOfMvExpands"),
        ("resources | mv-expand x = properties.list limit 2001", "InvalidMvExpandRowLimit"),
        (
            "resources" + " | join kind=inner (recoveryservicesresources | project id) on id" * 2,
            "DisallowedMaxNumberOfRemoteTables",
        ),
    ],
)
def test_what_resource_graph_forbids_is_refused(tables: Tables, kql: str, code: str) -> None:
    assert _refusal(tables, kql) == code


def test_three_joins_are_allowed(tables: Tables) -> None:
    assert len(tables.ask("resources" + " | join kind=inner (resources | project id) on id" * 3)) == 4


def _refusal(tables: Tables, kql: str) -> str:
    try:
        rows = tables.ask(kql)
    except Refusal as refusal:
        return refusal.details[-1][0]
    except duckdb.Error as error:
        return refused(error).details[-1][0]
    raise AssertionError(f"answered: {rows}")
