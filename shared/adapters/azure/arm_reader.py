"""Plain reads of ARM where no client of Azure's SDK is at hand: an object, and a list to its last page."""

from typing import Any

from azure.core.rest import HttpRequest

from shared.adapters.azure.connection import Connection
from shared.adapters.azure.wire import Wire, text_at

_MOST_PAGES = 1_000  # a list that leads on forever is an error, not a wait


async def arm_object(connection: Connection, path: str, api_version: str) -> Wire:
    """The resource at this path. Raises what the SDK raises; use inside `arm_errors.translated`."""
    found = await _json(connection, f"{connection.endpoint}{path}?api-version={api_version}")
    if not isinstance(found, dict):
        raise ValueError("the answer is not an object")
    return found


async def arm_list(connection: Connection, path: str, api_version: str, chosen: str = "") -> list[Wire]:
    """Every row of a list, all pages. `chosen` is a quoted `$filter`. Raises as above."""
    found: list[Wire] = []
    url = f"{connection.endpoint}{path}?api-version={api_version}" + (f"&$filter={chosen}" if chosen else "")
    for _ in range(_MOST_PAGES):
        page = await _json(connection, url)
        rows = page.get("value") if isinstance(page, dict) else None
        if not isinstance(rows, list) or not all(isinstance(each, dict) for each in rows):
            raise ValueError("a list was asked for, and the answer has no `value`")
        found += rows
        url = text_at(page, "nextLink")
        if not url:
            return found
    raise ValueError("the list does not end")


async def _json(connection: Connection, url: str) -> Any:
    return (await connection.send(HttpRequest("GET", url))).json()
