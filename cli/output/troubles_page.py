"""docs/troubleshooting.md, from the one table of codes: `python -m cli.output.troubles_page > docs/troubleshooting.md`.

A test compares the page with what is generated, so that neither says what the other does not.
"""

import sys

from shared.domain.troubles.entry import Entry, Known
from shared.domain.troubleshooting import TABLE

_HEAD = """\
# Troubleshooting

<!-- Generated: python -m cli.output.troubles_page > docs/troubleshooting.md -->

Azure's error codes, as findings, jobs and the log show them: what each means, whether it passes, and what to do. A code
is looked up without case, by its name, by the number that jobs carry, or by the family that its name belongs to (`*`
stands for any text; exact names and numbers go first).

| class | Backstop |
|---|---|
| `RETRY_LATER` | looks again later: when the service asks, after the time in the table, else after growing waits |
| `MEND` | reports it with the remedy; it tries again with the next sweep |
| `NO_TROUBLE` | nothing |
| `UNKNOWN` | reports a code that is not in the table whole, with the service's own text, and says where to look |

An answer's HTTP status goes first: 408, 429 and 5xx are always tried again, whatever the code; 409 and the other 4xx go
by the code where it is known. A first backup whose job failed is started again after
`initialBackup.again` (a day), whatever its code, until there is a recovery point.

How well a code is known:

- `guide`: {guide}
- `seen`: {seen}
- `presumed`: {presumed}
"""
_KNOWN = {
    Known.GUIDE: "in Microsoft's troubleshooting guides or support articles",
    Known.SEEN: "in recorded traffic, a published example or a public report",
    Known.PRESUMED: "what it says is documented and its name is not; the simulator calls it so",
}


def page() -> str:
    """The whole page, a section for each place where things go wrong."""
    text = _HEAD.format(**{known.value: _KNOWN[known] for known in Known})
    for title, entries in TABLE.items():
        text += f"\n## {title}\n\n| code | class | what it means | what to do | known |\n|---|---|---|---|---|\n"
        text += "".join(map(_row, entries))
    return text


def _row(entry: Entry) -> str:
    codes = [f"`{name}`" for name in entry.names] + [str(number) for number in entry.numbers]
    wait = f" (after {entry.wait.total_seconds() / 3600:g} h)" if entry.wait is not None else ""
    cells = ("<br>".join(codes), f"`{entry.kind}`{wait}", _cell(entry.sentence), _steps(entry.steps), entry.known)
    return f"| {' | '.join(cells)} |\n"


def _steps(steps: tuple[str, ...]) -> str:
    if len(steps) < 2:
        return _cell("".join(steps) or "nothing")
    return "<br>".join(f"{number}. {_cell(step)}" for number, step in enumerate(steps, start=1))


def _cell(text: str) -> str:
    return text.replace("\\", "\\\\").replace("|", "\\|").replace("<", "&lt;").replace("*", "\\*")


if __name__ == "__main__":
    sys.stdout.write(page())
