"""The page of operations says what the routes say."""

from tests.contract.spec.contract import served
from tests.contract.spec.page import PAGE, text
from tests.reference import reference_path


def test_the_page_of_operations_is_what_the_routes_say() -> None:
    reference_path("spec")
    assert PAGE.read_text(encoding="utf-8") == text(), "write it anew: python -m tests.contract.spec.page"


def test_the_page_names_every_route_once() -> None:
    reference_path("spec")
    rows = [line for line in text().splitlines() if line.startswith("| ") and "`" in line]
    assert len(rows) == len(set(rows)) == len(served())
