import re
from pathlib import Path

from cli.output.advice_page import page
from shared.domain.advice import Advice

PAGE = Path(__file__).parents[3] / "docs" / "advice.md"


def test_the_page_is_that_of_this_version() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "python -m cli.output.advice_page > docs/advice.md"


def test_all_advice_stands_on_it_once_with_what_is_so_and_what_to_do() -> None:
    rows = re.findall(r"^\| `([A-Z_]+)` \| ([^|]+) \| ([^|]+) \|$", page(), re.MULTILINE)
    assert sorted(code for code, *_ in rows) == sorted(each.code for each in Advice)
    assert all(what.strip() and remedy.strip() for _, what, remedy in rows)
