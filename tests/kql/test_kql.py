"""All KQL of the project, read by Microsoft's own parser: syntax, and meaning against the tables that there are."""

from datetime import UTC, datetime

import pytest

from shared.adapters.azure import estate_queries, job_queries, queries
from simulator.graph.plan import Planner
from tests.kql import parser
from tests.kql.collecting import all_queries, in_prose, in_python
from tests.simulator.test_resource_graph_language import MISTAKEN

MODULES = (queries, estate_queries, job_queries)
OURS = [text for each in MODULES for name, text in vars(each).items() if name.isupper() and isinstance(text, str)]
#: What it must look at many rows for, to give one.
SUMMARIES = [job_queries.FAILED_LAST]
SHOWN = "docs/azure-cli.md"


#: Each kind of mistake that the parser must not overlook, and how its verdict begins.
BROKEN = {
    "resources | wher name == 'x'": "KS",
    "resources | join nowhere on id": "KS204",
    "resources | project nothing": "KS142",
    "resources | summarize by tags": "KS116",
}


@pytest.fixture(scope="module")
def verdicts() -> dict[str, list[str]]:
    """What the parser says of every text, in one run. Skips where it cannot be had."""
    parser.ready()
    texts = [*(query.text for query in all_queries()), *MISTAKEN, *BROKEN]
    return dict(zip(texts, parser.errors(texts), strict=True))


def test_microsofts_parser_finds_no_error_in_any_query_of_the_project(verdicts: dict[str, list[str]]) -> None:
    wanted = [query for query in all_queries() if query.text not in {*MISTAKEN, *BROKEN}]
    assert {query.place: verdicts[query.text] for query in wanted if verdicts[query.text]} == {}


def test_it_finds_an_error_in_each_query_that_is_wrong_on_purpose(verdicts: dict[str, list[str]]) -> None:
    assert [text for text in MISTAKEN if not verdicts[text]] == []


@pytest.mark.parametrize(("text", "code"), BROKEN.items())
def test_a_broken_query_is_reported(verdicts: dict[str, list[str]], text: str, code: str) -> None:
    assert verdicts[text]
    assert verdicts[text][0].startswith(code)


def test_every_query_of_our_own_is_found_and_one_that_a_document_shows() -> None:
    found = all_queries()
    assert len(OURS) > 5
    assert set(OURS) <= {query.text for query in found}
    assert any(query.place.startswith(SHOWN) for query in found)


def test_queries_are_found_in_strings_f_strings_blocks_and_quotes() -> None:
    python = 'Q = "resources | count"\nR = f"Resources | where id =~ \'{vm}\'"\nS = "resources are few"\n'
    assert list(in_python(python)) == [(1, "resources | count"), (2, "Resources | where id =~ 'x'")]
    prose = 'a\n```kusto\nresources\n| count\n```\n`resources | take 1` and "resourcecontainers | count"\n'
    assert [text for _, text in in_prose(prose)] == [
        "resources\n| count\n",
        "resources | take 1",
        "resourcecontainers | count",
    ]


@pytest.mark.parametrize("text", [each for each in OURS if each not in SUMMARIES])
def test_the_simulator_answers_every_query_of_our_own_row_by_row(text: str) -> None:
    planner = Planner()
    try:
        assert planner.plan(text, datetime(2026, 1, 1, tzinfo=UTC)).by_row
    finally:
        planner.close()
