from pathlib import Path

from cli.output.troubles_page import page
from shared.domain.troubleshooting import TABLE

PAGE = Path(__file__).parents[3] / "docs" / "troubleshooting.md"


def test_the_page_is_that_of_this_version() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "python -m cli.output.troubles_page > docs/troubleshooting.md"


def test_every_code_stands_on_it_once() -> None:
    cells = [line.split(" | ")[0].removeprefix("| ") for line in page().splitlines() if line.startswith("| `")]
    codes = [code for cell in cells for code in cell.split("<br>")]
    entries = [entry for entries in TABLE.values() for entry in entries]
    for entry in entries:
        for code in [f"`{name}`" for name in entry.names] + [str(number) for number in entry.numbers]:
            assert codes.count(code) == 1, code
