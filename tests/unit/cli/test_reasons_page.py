import re
from pathlib import Path

from cli.output.reasons_page import page
from shared.domain.model import State
from shared.domain.reason_states import STATES
from shared.domain.reasons import Reason

PAGE = Path(__file__).parents[3] / "docs" / "reasons.md"


def test_the_page_is_that_of_this_version() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "python -m cli.output.reasons_page > docs/reasons.md"


def test_every_reason_stands_on_it_once_with_what_is_so_and_what_to_do() -> None:
    rows = re.findall(r"^\| `([A-Z_]+)` \| ([^|]+) \| ([^|]+) \|", page(), re.MULTILINE)
    assert sorted(code for code, *_ in rows if code not in State.__members__) == sorted(each.code for each in Reason)
    assert all(what.strip() and remedy.strip() for _, what, remedy in rows)


def test_each_reason_has_its_states_and_names_none_twice() -> None:
    assert set(STATES) == set(Reason)
    assert all(states and len(set(states)) == len(states) for states in STATES.values())
