"""Words that the translator would read otherwise than Kusto: string literals, and the column `kind`.

Kusto knows more ways to write a string than the translator: measured, it takes `"\\x41"` for `x41` and `h'x'` for
`h'x'` with its quotes. Those are refused by name. Looks at a query's text only.
"""

import re

from simulator.graph.refusal import unsupported

_PIECES = re.compile(
    r"""(?P<comment>//[^\n]*)
    |(?P<hidden>[hH]@?["'])
    |(?P<block>```|~~~)
    |(?P<verbatim>@"(?:[^"]|"")*"|@'(?:[^']|'')*')
    |(?P<plain>"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')
    |(?P<kind>(?<![\w.\[])kind\b(?!["'\]]|\s*=(?![=~])))
    |(?P<word>\w+(?!["']))
    """,
    re.VERBOSE,
)
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_KNOWN = "tnr\\\"'"


def check(kql: str) -> None:
    """Raises Refusal where a literal is of a kind that the translator misreads."""
    for piece in _PIECES.finditer(kql):
        if piece["hidden"]:
            raise unsupported(f"an obfuscated string literal ({piece['hidden']}…)")
        if piece["block"]:
            raise unsupported(f"a multi-line string literal ({piece['block']})")
        if piece["plain"] and (strange := [e for e in _ESCAPE.findall(piece["plain"]) if e not in _KNOWN]):
            raise unsupported(f"the escape \\{strange[0]} in a string literal")


def with_columns_quoted(kql: str) -> str:
    """The query with the column `kind`, a word of the language, as `['kind']`: Kusto reads both, the translator one.

    `kind=` stays as it is: there it is an operator's option, or a name that Kusto too wants in brackets.
    """
    return _PIECES.sub(lambda piece: "['kind']" if piece["kind"] else piece[0], kql)
