"""`$filter` of ARM's own lists: names and values that must be equal. Anything else is refused, never ignored.

A list that answers a filter that it does not understand answers with rows that nobody asked for.
"""

from collections.abc import Mapping

from simulator.core.wire import AzureError, parse_filter


def clauses(text: str, allowed: set[str]) -> dict[str, str]:
    """The filter by lower-cased name. Raises AzureError 400 on another form, and on a name that is not allowed."""
    invalid = AzureError(400, "InvalidFilterInQueryString", f"Invalid $filter '{text}' specified in the query string.")
    try:
        found = parse_filter(text)
    except AzureError:
        raise invalid from None
    if not set(found) <= allowed:
        raise invalid
    return found


def is_tagged(tags: Mapping[str, str] | None, wanted: Mapping[str, str]) -> bool:
    """Whether tags meet `tagname` and `tagvalue` where asked for: names without case, values as they are written."""
    if "tagname" not in wanted and "tagvalue" not in wanted:
        return True
    spelt = {name.lower(): value for name, value in (tags or {}).items()}
    name = wanted.get("tagname", "").lower()
    return name in spelt and wanted.get("tagvalue", spelt[name]) == spelt[name]
