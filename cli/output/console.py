"""The two consoles, and the one way in which a verb gives its result to a machine.

Standard output holds results only, so that `--json` gives one JSON object and nothing else. Texts that come from
Azure (names, tags, messages) are data: they are printed without markup and without control characters.
"""

import json
import sys
from functools import cache

from rich.console import Console
from rich.text import Text

from shared.reporting.text import visible

_PIPE_WIDTH = 140


@cache
def out() -> Console:
    """Standard output, for results; wide where it goes to a file or a pipe, whose reader wants whole names."""
    return Console(highlight=False, emoji=False, width=None if sys.stdout.isatty() else _PIPE_WIDTH)


@cache
def err() -> Console:
    """Standard error, for progress, warnings and errors."""
    return Console(stderr=True, highlight=False, emoji=False)


def print_json(data: object) -> None:
    """The verb's result as one JSON object on standard output."""
    sys.stdout.write(json.dumps(data, indent=2, ensure_ascii=True) + "\n")
    sys.stdout.flush()


def plain(text: str, style: str = "") -> Text:
    """A text from outside, as it is: no markup is read in it, and control characters are shown, not obeyed."""
    return Text.assemble((visible(text), style))  # a span, so that what is added behind it keeps its own style
